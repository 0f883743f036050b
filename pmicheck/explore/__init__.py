"""From a `TransitionSystem` to its reachable states, witnesses, shortest paths, coverage and graph."""
