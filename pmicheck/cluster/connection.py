"""Dask: connects to a cluster, gives it work, and notices when a worker is lost."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from distributed import Client, KilledWorker, get_worker
from distributed.security import Security

from pmicheck.cluster.own import processes
from pmicheck.cluster.partition import Partition
from pmicheck.cluster.place import Place
from pmicheck.cluster.search import Crew, Limits, Search
from pmicheck.errors import LimitReached, UsageError
from pmicheck.explore.result import Enough, Exploration, Progress
from pmicheck.grounding.system import TransitionSystem

P = ParamSpec("P")
T = TypeVar("T")

ANSWER = 10.0
"""Seconds for a scheduler to answer."""

ARRIVAL = 30.0
"""Seconds for a first worker to be there."""

LOOK = 1.0
"""Seconds between two looks at who is still there."""

ATTEMPTS = 3
"""So many times a search is begun, if workers are lost."""


class Lost(LimitReached):
    """A worker is gone, and with it its part of a search."""

    def __init__(self) -> None:
        super().__init__("a worker was lost, and with it part of the states")


@contextlib.contextmanager
def connect(place: Place) -> Iterator[Connection]:
    """A connection to a cluster; processes of our own end with it.

    Raises UsageError if nobody answers, if there is no worker, or if one has another pmicheck; in the block,
    LimitReached once the scheduler is gone, or a task has taken several workers down.
    """
    with _quiet(), contextlib.ExitStack() as stack:
        address = place.address if place.own is None else stack.enter_context(processes(place.own, place.security))
        try:
            client = stack.enter_context(Client(address, security=Security(**place.security), timeout=ANSWER))
        except (OSError, ValueError) as error:
            raise UsageError(f"--cluster {place.address}: no Dask scheduler answers there") from error
        _check(client, place)
        try:
            yield Connection(client)
        except KilledWorker as error:
            raise LimitReached("one cell took several workers down: they may have too little memory") from error
        except (Exception, asyncio.CancelledError) as error:
            if client.status == "running" or isinstance(error, LimitReached):
                raise
            raise LimitReached(f"--cluster {place.address}: the scheduler is gone") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nobody reads Dask's log: what matters of it is said in one sentence."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def _check(client: Client, place: Place) -> None:
    """Somebody is there, and all are of one mind."""
    try:
        client.wait_for_workers(1, timeout=ARRIVAL)
    except TimeoutError as error:
        raise UsageError(f"--cluster {place.address}: the scheduler has no worker") from error
    mine = _digest()
    for worker, theirs in client.run(_digest, on_error="return").items():
        if theirs != mine:
            raise UsageError(f"--cluster {place.address}: the worker {worker} has another pmicheck, or none")


def _digest() -> str:
    """What this pmicheck is made of, in one number: its modules and scenarios."""
    import pmicheck

    root = Path(str(pmicheck.__file__)).parent
    files = sorted(file for kind in ("py", "toml") for file in root.rglob(f"*.{kind}") if file.name != "_kernel.py")
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()


class Connection:
    """A cluster that answers."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._executor = client.get_executor(pure=False)

    @property
    def workers(self) -> int:
        """How many tasks it does at a time."""
        return sum(self.client.nthreads().values())

    def submit(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Has a worker do something; if it is lost, another one does it."""
        future: Future[T] = self._executor.submit(work, *arguments, **named)
        return future

    @contextlib.contextmanager
    def search(self, tell: Callable[[str], None]) -> Iterator[Partitioned]:
        """Explores with all workers together. What it found can be asked for states and paths within this block."""
        searching = Partitioned(self.client, tell)
        try:
            yield searching
        finally:
            searching.end()


class Partitioned:
    """Searches one space with all workers of a cluster."""

    def __init__(self, client: Client, tell: Callable[[str], None]) -> None:
        self.client, self.tell = client, tell
        self.seats: list[Any] = []
        self.last: Search | None = None

    def explore(
        self,
        system: TransitionSystem,
        *,
        max_states: int | None = None,
        max_seconds: float | None = None,
        progress: Progress | None = None,
        enough: Enough | None = None,
    ) -> Exploration:
        """Every reachable state of a system; arguments and result as for `explorer.explore`.

        A search that loses a worker is begun again with those that are there then. Raises LimitReached if that
        happens too often, and when a state or path is asked for that a worker took with it.
        """
        began, known = time.monotonic(), ""
        for attempt in range(1, ATTEMPTS + 1):
            self.end()
            self.last, known = None, ""
            left = None if max_seconds is None else max(0.0, began + max_seconds - time.monotonic())
            try:
                self.last = search = Search(system, self._crew(system), Limits(max_states, left))
                search.run(progress, enough)
                return search.result(time.monotonic() - began)
            except Lost:
                if self.last and self.last.levels:
                    known = f" with {self.last.states:,} states to depth {len(self.last.levels) - 1}"
                self.tell(f"{system.name}: search {attempt} of {ATTEMPTS} has lost a worker{known}")
            except OSError as error:
                raise LimitReached(f"{system.name}: the scheduler is gone") from error
        raise LimitReached(f"{system.name}: {ATTEMPTS} searches have lost a worker, the last one{known}")

    def end(self) -> None:
        """Give back the memory that the last search took."""
        for seat in self.seats:
            with contextlib.suppress(OSError, RuntimeError):
                seat.leave()
        self.seats = []

    def _crew(self, system: TransitionSystem) -> Crew:
        """A partition on each worker that answers. Raises LimitReached if none does any more."""
        with contextlib.suppress(TimeoutError):
            self.client.wait_for_workers(1, timeout=ARRIVAL)
        answers = self.client.run(os.getpid, on_error="return")
        addresses = sorted(worker for worker, answer in answers.items() if isinstance(answer, int))
        if not addresses:
            raise LimitReached(f"{system.name}: the cluster has no worker any more")
        given = self.client.scatter(system, broadcast=True, hash=False)
        futures = [
            self.client.submit(Seat, given, me, len(addresses), workers=[address], actor=True, pure=False)
            for me, address in enumerate(addresses)
        ]
        crew = _Crew(self.client, addresses)
        self.seats = crew.wait([future.result for future in futures])
        crew.seats = self.seats
        crew("know", [Peer(address, future.key) for address, future in zip(addresses, futures, strict=True)])
        return crew


class _Crew:
    """See `search.Crew`; raises Lost."""

    def __init__(self, client: Client, addresses: Sequence[str]) -> None:
        self.client, self.addresses = client, set(addresses)
        self.seats: Sequence[Any] = ()

    def __call__(self, name: str, *arguments: Any) -> list[Any]:
        try:
            return self.wait([getattr(seat, name)(*arguments).result for seat in self.seats])
        except RuntimeError as error:  # Dask's word for an actor whose worker is known to be gone
            raise Lost from error

    def wait(self, results: Sequence[Callable[..., Any]]) -> list[Any]:
        """The results, while all workers are there: one that never comes is not waited for."""
        return [self._wait(result) for result in results]

    def _wait(self, result: Callable[..., Any]) -> Any:
        while True:
            try:
                return result(timeout=LOOK)
            except TimeoutError:
                if not self.addresses <= set(self.client.nthreads()):
                    raise Lost from None
            except OSError as error:
                raise Lost from error


class Peer(NamedTuple):
    """A partition as its peers see it.

    Dask's own handle of an actor is of no use here: called on a worker, it waits for ever for one that is lost.
    """

    address: str
    key: str

    def take(self, kind: str, other: int) -> Future[Any]:
        """See `Partition.take`; the result raises OSError if the worker is gone."""
        worker = get_worker()

        async def ask() -> Any:
            answer = await worker.rpc(self.address).actor_execute(actor=self.key, function="take", args=(kind, other))
            return answer["result"]

        return asyncio.run_coroutine_threadsafe(ask(), worker.loop.asyncio_loop)


class Seat(Partition):
    """A partition in its place on a worker."""

    def leave(self) -> None:
        """Keep nothing any more, though Dask may keep this object."""
        self.__dict__.clear()
