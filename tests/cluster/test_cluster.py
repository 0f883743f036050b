"""On real processes: the search of one machine, whatever becomes of a worker; errors in one sentence."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import pytest
from cluster_searches import same
from explore_naive import random_description

from pmicheck.cluster import connection as connections
from pmicheck.cluster.connection import ATTEMPTS, Connection, connect
from pmicheck.cluster.own import processes
from pmicheck.cluster.partition import Partition
from pmicheck.cluster.place import Place
from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.explorer import explore
from pmicheck.grounding.run import prepare
from pmicheck.grounding.system import TransitionSystem
from pmicheck.properties.catalogue import INVARIANTS
from pmicheck.verify.matrix import Request, plan

cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module", params=[2, 3, 4])
def cluster(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with connect(Place(f"local:{request.param}")) as connection:
        assert connection.workers == request.param
        yield connection


two = pytest.mark.parametrize("cluster", [2], indirect=True)


@pytest.fixture(scope="module")
def real() -> TransitionSystem:
    """`type1-initial` under `home-path`: 6,539 states."""
    (cell,) = plan(Request(scenarios=("type1-initial",), attackers=("home-path",)))
    properties = tuple(INVARIANTS[name] for name in cell.invariants)
    return prepare(cell.scenario, cell.policy, cell.attacker, properties).grounded.system


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies(calls: int) -> None:
    """To be run on a worker: it is killed in the middle of a level, when others wait for what it has for them."""
    before, left = Partition.absorb, [calls]

    def absorb(self: Partition) -> None:
        left[0] -= 1
        if not left[0]:
            kill()
        before(self)

    Partition.absorb = absorb  # type: ignore[method-assign]


def first_of(cluster: Connection) -> str:
    """The address of one worker; waits for one if all are just being restarted."""
    cluster.client.wait_for_workers(1, timeout=60)
    return str(min(cluster.client.nthreads()))


def doomed(cluster: Connection, calls: int) -> None:
    """Lets one worker die. For a moment the scheduler still names one that is dead already."""
    until = time.monotonic() + 60
    while True:
        try:
            cluster.client.run(dies, calls, workers=[first_of(cluster)])
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return


def test_everything_is_as_on_one_machine(cluster: Connection, real: TransitionSystem) -> None:
    for system in (real, random_description(random.Random(1), 9).build()):
        local = explore(system)
        with cluster.search(pytest.fail) as search:
            same(search.explore(system), local, [0, local.states // 2, local.states - 1])


def test_a_killed_worker_changes_nothing(cluster: Connection, real: TransitionSystem) -> None:
    doomed(cluster, 9)
    told: list[str] = []
    with cluster.search(told.append) as search:
        same(search.explore(real), explore(real), [6000])
    assert told == [f"{real.name}: search 1 of 3 has lost a worker with 1,790 states to depth 8"]


def test_what_a_killed_worker_was_to_do_is_done_by_another(cluster: Connection, tmp_path: Path) -> None:
    began = tmp_path / "began"

    def work() -> str:
        if not began.exists():
            began.touch()
            kill()
        return "done"

    assert cluster.submit(work).result(timeout=60) == "done"


@two
def test_a_limit_cuts_as_on_one_machine(cluster: Connection, real: TransitionSystem) -> None:
    with cluster.search(pytest.fail) as search:
        same(search.explore(real, max_states=1000), explore(real, max_states=1000), [999])


@two
def test_a_worker_lost_in_each_search_ends_it_with_what_is_known(cluster: Connection, real: TransitionSystem) -> None:
    told: list[str] = []

    def tell(words: str) -> None:
        told.append(words)
        if len(told) < ATTEMPTS:
            doomed(cluster, 5)

    doomed(cluster, 5)
    with cluster.search(tell) as search, pytest.raises(LimitReached, match=r"the last one with \d+ states to depth \d"):
        search.explore(real)
    assert len(told) == ATTEMPTS


@two
def test_a_path_that_a_worker_took_with_it_is_said_to_be_lost(cluster: Connection, real: TransitionSystem) -> None:
    with cluster.search(pytest.fail) as search:
        found = search.explore(real, max_states=500)
        cluster.client.run(kill, on_error="ignore")
        with pytest.raises(LimitReached, match="a worker was lost"):
            found.path(499)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER", 0.5)
    with pytest.raises(UsageError, match=r"^--cluster tcp://127\.0\.0\.1:9: no Dask scheduler answers there$"):
        connect(Place("tcp://127.0.0.1:9")).__enter__()


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    with processes(0, {}) as address, monkeypatch.context() as patched:
        patched.setattr(connections, "ARRIVAL", 1.0)
        with pytest.raises(UsageError, match="the scheduler has no worker"):
            connect(Place(address)).__enter__()


@two
def test_workers_with_another_pmicheck_are_refused(cluster: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    first_of(cluster)
    monkeypatch.setattr(connections, "_digest", os.getpid)
    address = cluster.client.scheduler.address
    with pytest.raises(UsageError, match=f"--cluster {address}: the worker tcp://.* has another pmicheck, or none"):
        connect(Place(address)).__enter__()
