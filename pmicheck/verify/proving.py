"""The proof of a cell beside its search: what holds becomes proved, and the two must not contradict each other."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from pmicheck.errors import Disagreement
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.prove.prover import ASSUMES, Proofs, prove
from pmicheck.report.record.record import Result
from pmicheck.symbolic.decide import Decider
from pmicheck.verdict import Verdict
from pmicheck.verify.deciding import Stopwatch
from pmicheck.verify.matrix import Cell
from pmicheck.verify.recording import Decided


def with_proofs(cell: Cell, decided: Decided, decider: Decider) -> Decided:
    """The cell with `proved` in the place of `holds` where there is a proof. Every other verdict stays.

    Raises:
        Disagreement: what is violated is proved.
        ScenarioError: the prologue cannot be played.
    """
    asked = [result for result in decided.results if result.verdict in (Verdict.HOLDS, Verdict.VIOLATED)]
    if not asked:
        return decided
    clock = Stopwatch()
    properties = [INVARIANTS[result.property] for result in asked]
    proofs = prove(cell.scenario, cell.policy, cell.attacker, properties, decider)
    results = tuple(_proved(result, proofs) for result in decided.results)
    clock.lap("proof")
    seen = decided.exploration
    if seen is not None:
        seen = structs.replace(seen, stages={**seen.stages, **clock.stages})
    share = clock.stages["proof"] / len(results)
    results = tuple(structs.replace(result, seconds=result.seconds + share) for result in results)
    return replace(decided, results=results, exploration=seen)


def _proved(result: Result, proofs: Proofs) -> Result:
    """The result, proved if it holds and there is a proof. Raises Disagreement if it is violated and there is one."""
    if result.property not in proofs.proved:
        return result
    if result.verdict is Verdict.VIOLATED:
        names = " / ".join(result.names())
        raise Disagreement(f"{names}: the search found a violation of what is proved; one of the two is wrong")
    secrets = proofs.missing[result.property]
    return structs.replace(result, verdict=Verdict.PROVED, bounds=ASSUMES, never_known=secrets)
