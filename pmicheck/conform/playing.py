"""Plays traces on the packet nodes with a node under test beside the correspondent, and gathers what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any

from pmicheck.bench.cast import STAGES, UNNAMED, powers_of, staged
from pmicheck.bench.flows import of_one_flow
from pmicheck.bench.local import LocalStage
from pmicheck.bench.type1 import PlainStage
from pmicheck.conform.answers import Lean
from pmicheck.conform.beside import Beside, Found, Parted
from pmicheck.conform.node import Factory, OutOfTime
from pmicheck.nodes.policy import READINGS, Policy
from pmicheck.replay.records import Divergence
from pmicheck.replay.run import Run
from pmicheck.symbolic.schedule import schedule
from pmicheck.trace import Trace


@dataclass(frozen=True)
class Difference:
    """A difference, and the step of a trace at which it was found.

    Attributes:
        trace: as "scenario / attacker / property"; step: counted from 1, 0 before the first.
    """

    trace: str
    step: int
    found: Found


@dataclass(frozen=True)
class Played:
    """What became of one trace.

    Attributes:
        packets: how many both correspondents got.
        in_time: the clock of the node under test allowed all of it.
        followed: the other nodes follow it to its end, if not because of the answers of the node under test.
    """

    differences: tuple[Difference, ...]
    packets: int
    in_time: bool
    followed: bool


def is_playable(trace: Trace) -> bool:
    """Whether the correspondent of a trace is a node of its own, which does all that it is asked to.

    With a mechanism switched off or under another reading a correspondent that conforms would differ.
    """
    usual = all(READINGS[name][0] == value for name, value in _readings(trace).items() if name in READINGS)
    return has_correspondent(trace.course()) and usual and not trace.without


def has_correspondent(course: str) -> bool:
    """Whether the correspondent of a course is a node of its own."""
    stage = STAGES.get(course)
    return stage is not None and issubclass(stage, PlainStage) and not issubclass(stage, LocalStage)


def _readings(trace: Trace) -> Mapping[str, str]:
    return {**UNNAMED, **trace.readings}


def play(trace: Trace, factory: Factory) -> Played:
    """Plays one trace until the two correspondents part.

    Where they part at a damaged packet, the trace is played once more without that damage, with another node.

    Raises:
        ImpossibleTiming: no times fit its steps.
        UsageError: the trace names what does not exist.
    """
    times = schedule(trace)
    differences: dict[Difference, None] = {}
    packets, spared = 0, frozenset[str]()
    while True:
        test = _Test(trace, times, spared)
        test.play(factory)
        differences.update(dict.fromkeys(test.differences))
        packets += test.packets
        if not test.parted_at:
            return Played(tuple(differences), packets, test.in_time, test.followed)
        spared |= {test.parted_at}


class _Test:
    """One trace that is being played.

    Attributes:
        parted_at: the damage of the packet at which the two parted, "" if they did not or it was not damaged.
        in_time, followed: as of `Played`.
    """

    def __init__(self, trace: Trace, times: Sequence[float], spared: frozenset[str]) -> None:
        self._trace, self._times, self._spared = trace, times, spared
        self.parted_at, self.in_time, self.followed = "", True, True
        self._run: Run[PlainStage] | None = None
        self._beside: Beside | None = None
        self.differences: list[Difference] = []
        self.packets = 0

    def met(self) -> None:
        """See `Watch`."""
        self.packets += 1

    def found(self, difference: Found) -> None:
        """See `Watch`."""
        trace = self._trace
        name = f"{trace.scenario} / {trace.attacker} / {trace.property}"
        self.differences.append(Difference(name, self._step, difference))

    def renewed(self, index: int) -> None:
        """See `Watch`; the number that the trace has for the current nonce means the new one."""
        if self._run is not None:
            nonces = self._run.bench.nonces
            nonces[max(nonces)] = index

    def play(self, factory: Factory) -> None:
        """Plays until the two part, or the other nodes do not follow the answers."""
        trace = self._trace
        policy = Policy(_readings(trace), frozenset(trace.without))
        try:
            stage = self._stage(factory)(policy)
            self._run = Run(of_one_flow(trace), self._times, stage, powers_of(trace.attacker, policy))
            self._run.run()
            if self._beside is not None:
                self._beside.conclude(self._run.now)
        except Parted:
            self.parted_at = self.differences[-1].found.damage
        except OutOfTime:
            self.in_time = False
        except Divergence as error:
            repeats = self._beside is not None and self._beside.repeats_nonces
            self.followed = not repeats and not self._parts_without(self._step)
            if self.followed:
                self.found(Found("", "", "", None, Lean.OTHER, "the other nodes follow the trace", str(error)))

    @property
    def _step(self) -> int:
        """The step that is played, counted from 1; 0 before the first."""
        return 0 if self._run is None else self._run.step + 1

    def _parts_without(self, step: int) -> bool:
        """Whether the nodes do not follow the trace at this step either if the packet node is their correspondent."""
        run = staged(self._trace, self._times, True)
        try:
            run.run()
        except Divergence:
            return run.step + 1 == step
        return False

    def _stage(self, factory: Factory) -> type[PlainStage]:
        """The bench of the course, with the node under test beside its correspondent."""

        def correspondent(address: IPv6Address, policy: Policy, seed: bytes, **given: Any) -> Beside:
            try:
                foreign = factory(address)
            except Exception as error:
                fails = f"cannot be made: {type(error).__name__}: {error}"
                self.found(Found("", "", "", None, Lean.BROKEN, "is made", fails))
                raise Parted from error
            self._beside = Beside(address, policy, seed, foreign=foreign, watch=self, spared=self._spared, **given)
            return self._beside

        usual = STAGES[self._trace.course()]
        return type(usual.__name__, (usual,), {"correspondent": staticmethod(correspondent)})
