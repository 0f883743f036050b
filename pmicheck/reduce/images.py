"""What a projection or goal looks at in a state, when it is to be about an image of that state."""

from __future__ import annotations

from pmicheck.grounding.system import Goal, Projection, Symmetry, TransitionSystem
from pmicheck.reduce.symmetry import mask_image


def projection_before(system: TransitionSystem, symmetry: Symmetry, projection: Projection) -> Projection:
    """The projection that shows of a state what the given one shows of its image."""
    mask = sum(f.mask for f in system.fields if mask_image(symmetry, f.mask) & projection.mask)
    return Projection(projection.name, mask, _facts_before(symmetry, projection.facts))


def goal_before(system: TransitionSystem, symmetry: Symmetry, goal: Goal) -> Goal:
    """The goal that a state meets if and only if its image meets the given one."""
    mask = value = 0
    for field in system.fields:
        target = mask_image(symmetry, field.mask)
        if target & goal.mask:
            mask |= field.mask
            numbers = (number << field.shift for number in range(1 << field.width))
            value |= next(n for n in numbers if symmetry.apply(n, 0)[0] & target == goal.value & target)
    return Goal(goal.name, mask, value, _facts_before(symmetry, goal.facts))


def _facts_before(symmetry: Symmetry, facts: int) -> int:
    return sum(1 << bit for bit, target in enumerate(symmetry.facts) if facts >> target & 1)
