"""Who reads runs: this process, or several others, each of which reads one run at a time."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pluto_migration import processes
from pluto_migration.bringing import Bringer, Brought
from pluto_migration.processes import receive, send
from pluto_migration.report import Counts, RunReport
from pluto_migration.source import SourceRun

if TYPE_CHECKING:
    from pluto.core.settings import Settings


@dataclass(slots=True)
class Reading:
    """How far a run is read."""

    run: SourceRun
    read: Counts


@dataclass(slots=True)
class Done:
    """A run is read, or can't be; `error` is what ends it all."""

    run: SourceRun
    brought: Brought | None
    error: BaseException | None = None


Tell = Callable[[Reading | Done], None]


class Crew(Protocol):
    """Who reads runs. What becomes of them is told, from any thread."""

    def free(self) -> bool:
        """Whether another run can be given."""
        ...

    def give(self, run: SourceRun) -> None:
        """Has a run read."""
        ...

    def close(self, *, kill: bool = False) -> None:
        """Ends it; with `kill` at once, and what is half done is thrown away later."""
        ...


class Here:
    """This process: a run is read within `give`."""

    def __init__(
        self, settings: Settings, source: str, tell: Tell, reading: Callable[[Reading], None], *, dry_run: bool
    ) -> None:
        """`reading` is told at once how far a run is read."""
        self._tell = tell
        self._told = reading
        self._run: SourceRun | None = None
        self._bringer = Bringer(settings, source, dry_run=dry_run, tell=self._reading)

    def free(self) -> bool:
        """Always."""
        return True

    def give(self, run: SourceRun) -> None:
        """Reads it."""
        from pluto.query import QueryError

        self._run = run
        try:
            done = Done(run, self._bringer.bring(run))
        except QueryError as error:
            done = Done(run, None, error)
        self._tell(done)

    def close(self, *, kill: bool = False) -> None:  # noqa: ARG002
        """Ends the connection to the store."""
        self._bringer.close()

    def _reading(self, read: Counts) -> None:
        assert self._run is not None
        self._told(Reading(self._run, read))


class Workers:
    """Processes of their own, which end with this one. One that dies takes only its run with it."""

    def __init__(
        self, count: int, settings: Settings, source: str, tell: Tell, *, dry_run: bool, inherited: tuple[int, ...] = ()
    ) -> None:
        """`inherited`: descriptors that stay open as long as one of them lives."""
        self._tell = tell
        self._first = (settings, source, dry_run)
        self._inherited = inherited
        self._lock = threading.Lock()
        self._closed = False
        self._busy: dict[int, SourceRun] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._count = count

    def free(self) -> bool:
        """Whether one of them has nothing to do."""
        return len(self._busy) < self._count

    def give(self, run: SourceRun) -> None:
        """Sends a run to one that has nothing to do, and starts it where there is none."""
        try:
            packed = pickle.dumps(run)
        except Exception as error:  # noqa: BLE001 (objects say in any way that they can't be sent)
            report = RunReport.of(run, "failed", f"the source's run can't be sent to a process ({error}): workers=1")
            self._tell(Done(run, Brought(report)))
            return
        with self._lock:
            process = next((one for one in self._processes if one.pid not in self._busy), None) or self._start()
            self._busy[process.pid] = run
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # its death is seen where its answer is awaited
            send(process.stdin, packed)

    def close(self, *, kill: bool = False) -> None:
        """Ends them."""
        self._closed = True
        for process in self._processes:
            if kill:
                process.kill()
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
        for process in self._processes:
            process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        process = processes.start("pluto_migration.workers", self._first, inherited=self._inherited)
        self._processes.append(process)
        threading.Thread(target=self._listen, args=(process,), name="pluto-worker", daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        while True:
            try:
                answer = receive(process.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                break
            run = self._busy[process.pid]
            if isinstance(answer, Counts):
                self._tell(Reading(run, answer))
                continue
            with self._lock:
                del self._busy[process.pid]
            if isinstance(answer, BaseException):
                self._tell(Done(run, None, answer))
            else:
                self._tell(Done(run, answer))
        with self._lock:
            lost = self._busy.pop(process.pid, None)
            if process in self._processes and not self._closed:
                self._processes.remove(process)
        code = processes.end(process)
        if lost is not None and not self._closed:
            why = f"the process that read it was killed by signal {-code}" if code < 0 else f"it ended with code {code}"
            self._tell(Done(lost, Brought(RunReport.of(lost, "failed", why))))


def work() -> None:
    """What a worker does: reads runs until nobody sends more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source_pipe = sys.stdin.buffer
    answers = processes.answers()
    settings, source, dry_run = receive(source_pipe)
    jobs: list[SourceRun] = []
    there = threading.Semaphore(0)

    def listen() -> None:
        while True:
            try:
                jobs.append(receive(source_pipe))
            except (OSError, EOFError):
                # The end of who sends: what is half done now is thrown away by whoever comes next.
                os._exit(0)
            there.release()

    bringer = Bringer(settings, source, dry_run=dry_run, tell=lambda read: send(answers, pickle.dumps(read)))
    threading.Thread(target=listen, daemon=True).start()
    while True:
        there.acquire()
        answer: object
        try:
            answer = bringer.bring(jobs.pop())
        except Exception as error:  # noqa: BLE001 (the other side raises it)
            answer = error
        send(answers, _packed(answer))


def _packed(answer: object) -> bytes:
    try:
        return pickle.dumps(answer)
    except Exception:  # noqa: BLE001
        return pickle.dumps(RuntimeError(str(answer)))
