"""From a `TransitionSystem` to readable source for other model checkers, as a check on this one's explorer."""
