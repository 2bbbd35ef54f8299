"""Several processes that compare runs with a store, each one run at a time."""

from __future__ import annotations

import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pluto_migration import processes
from pluto_migration.processes import receive, send
from pluto_migration.source import SourceRun

if TYPE_CHECKING:
    from pluto.core.settings import Settings
    from pluto_migration.verify import RunProof


def compared(runs: Sequence[SourceRun], settings: Settings, count: int, *, receipts: bool) -> Iterator[RunProof]:
    """The proofs of the runs, in the order they are ready. A process that dies takes only its run with it."""
    todo: queue.SimpleQueue[SourceRun | None] = queue.SimpleQueue()
    ready: queue.SimpleQueue[RunProof] = queue.SimpleQueue()
    for run in runs:
        todo.put(run)
    crew = [_Comparer(settings, receipts) for _ in range(min(count, len(runs)))]
    threads = [threading.Thread(target=one.go, args=(todo, ready), name="pluto-comparer", daemon=True) for one in crew]
    for thread in threads:
        todo.put(None)
        thread.start()
    try:
        for _ in runs:
            yield ready.get()
    finally:
        for one in crew:
            one.stop()
        for thread in threads:
            thread.join()


class _Comparer:
    """One process, started again where it died."""

    def __init__(self, settings: Settings, receipts: bool) -> None:
        self._first = (settings, receipts)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def go(self, todo: queue.SimpleQueue[SourceRun | None], ready: queue.SimpleQueue[RunProof]) -> None:
        """Has runs compared until there are no more."""
        while (run := todo.get()) is not None and not self._stopped:
            ready.put(self._compare(run))
        self._end()

    def stop(self) -> None:
        """Ends the process at once; may be called from another thread."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def _end(self) -> int | None:
        """Ends the process, and gives its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        return processes.end(process)

    def _compare(self, run: SourceRun) -> RunProof:
        from pluto_migration.verify import RunProof

        try:
            process = self._process or self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            send(process.stdin, pickle.dumps(run))
            proof: RunProof = receive(process.stdout)
        except (OSError, EOFError, pickle.PickleError, TypeError, AttributeError) as error:
            code = self._end()
            why = f"the process that compared it was killed by signal {-code}" if code and code < 0 else repr(error)
            return RunProof(run.project, run.id, str(run.path), "failed", why)
        return proof

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = processes.start("pluto_migration.comparers", self._first)
        return self._process


def work() -> None:
    """What such a process does: compares runs until nobody sends more."""
    from pluto.query import Client
    from pluto_migration.verify import verify_run

    answers = processes.answers()
    settings, receipts = receive(sys.stdin.buffer)
    with Client(settings=settings) as client:
        while True:
            try:
                run = receive(sys.stdin.buffer)
            except EOFError:
                return
            send(answers, pickle.dumps(verify_run(run, client, receipts=receipts)))
