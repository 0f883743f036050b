"""Where a scenario starts: after an honest prologue that the attacker has watched from its positions."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pmicheck.attacker.adversary import Adversary
from pmicheck.attacker.profiles import Attacker
from pmicheck.language.message import Message, Term
from pmicheck.model.interpreter import Done, play, values_by_name
from pmicheck.model.messages import visible_terms
from pmicheck.model.world import World


class Start(NamedTuple):
    """The world at the start of the exploration, what the attacker saw before, and what was sent."""

    world: World
    seen: frozenset[Term]
    sent: tuple[Message, ...]
    history: tuple[Done, ...]


def play_prologue(world: World, script: tuple[str, ...], attacker: Attacker | None) -> Start:
    """Play the script in `world`; every position on a path holds from its beginning (DESIGN section 4)."""
    adversary = None if attacker is None else Adversary(attacker, world)
    playing = replace(world, in_prologue=True)
    run = play(playing, script, lambda link: attacker is not None and attacker.saw(link, world.policy))
    seen = set(run.learned)
    if adversary is not None:
        for done in run.history:
            for message in done.sent:
                seen.update(adversary.keeps(message, done.act.actor))
                if adversary.may_have_seen(message):
                    seen.update(visible_terms(message))
    start = replace(world, initial={**world.initial, **values_by_name(run.values)})
    return Start(start, frozenset(seen), tuple(run.sent), tuple(run.history))
