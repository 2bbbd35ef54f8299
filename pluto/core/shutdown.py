"""How a run ends: which status the process's end means, and how long who waits for delivery."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, TypeVar

from pluto.core import fork, process
from pluto.core.distributed import Ranks, owner
from pluto.core.say import logger
from pluto.core.settings import Settings
from pluto.core.uploader.places import Processes, writes

if TYPE_CHECKING:
    from pluto.core.recorder import Recorder

COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"
TERMINATED: Final = "TERMINATED"

_POLL_S: Final = 0.01
_SLOW_POLL_S: Final = 0.1
_WAKE_S: Final = 1.0
_TRACE_CHARS: Final = 20_000
_PRESSES: Final = 100
"""How often `insist` begins anew: more often than anybody presses Ctrl-C, lest a step that raises it itself goes on for
ever."""

_SILENCE: Final = 30
"""How many times longer than known trouble it is borne that nothing at all is heard."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class End:
    """What a run's end means."""

    status: str = COMPLETED
    code: int | None = 0
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ShutdownPolicy:
    """How long a door waits for delivery, in seconds, before it leaves the rest to the uploader."""

    finish_s: float
    """In `finish()`."""
    exit_s: float
    """When the process exits, for all its runs together."""
    progress: bool = False
    """Show how much is left while waiting."""
    reports: bool = True
    """Say where the run is, and how delivery ended. A door may have words of its own for it."""
    patience_s: float = math.inf
    """Nobody waits longer than that while delivery is in trouble and gets nowhere."""


def native(settings: Settings, ranks: Ranks) -> ShutdownPolicy:
    """For `pluto.init`: `finish_wait`, or at exit `exit_wait` where the uploader would die with the job.

    In a distributed job `finish` never blocks a rank; the first process of each node waits at exit.
    """
    at_exit = settings.exit_wait if owner() else settings.finish_wait
    if not ranks.distributed:
        return ShutdownPolicy(settings.finish_wait, at_exit)
    return ShutdownPolicy(0, at_exit if ranks.local_rank == 0 else 0)


def wandb() -> ShutdownPolicy:
    """For the W&B door: waits to the end, with a progress line; Ctrl-C detaches, and so does a server that is away."""
    return ShutdownPolicy(math.inf, math.inf, progress=True, patience_s=30)


def neptune() -> ShutdownPolicy:
    """For the Neptune doors: 5 seconds. They say themselves what is to be said."""
    return ShutdownPolicy(5, 5, reports=False)


def of_code(code: int | None) -> End:
    """The end an exit code means: 0 completed; 2, 15, 130 and 143 (SIGINT, SIGTERM) terminated; else failed."""
    if code is None or code == 0:
        return End(COMPLETED, code)
    return End(TERMINATED if code in (2, 15, 130, 143) else FAILED, code, {"reason": "exit code", "code": code})


def of_exception(error: BaseException) -> End:
    """The end that an exception means that nobody caught."""
    if isinstance(error, SystemExit):
        code = error.code
        return of_code(code if isinstance(code, int) or code is None else 1)
    import traceback

    facts = {
        "reason": "exception",
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": str(error)[:_TRACE_CHARS],
        "trace": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-_TRACE_CHARS:],
    }
    if isinstance(error, KeyboardInterrupt):
        return End(TERMINATED, 130, facts)
    return End(FAILED, 1, facts)


class Delivery:
    """What is still to be delivered of one writer."""

    def __init__(self, label: Callable[[], str], recorder: Recorder, policy: ShutdownPolicy) -> None:
        self.label = label
        self.policy = policy
        self.receipts = recorder.receipts
        self.folder = recorder.journal.folder
        self.root = recorder.root
        self.last_seq = recorder.journal.last_seq
        self.wake = recorder.wake
        self.thread = recorder.thread
        self._processes = Processes(recorder.sync)

    def done(self) -> bool:
        """Whether all of it is delivered or refused for good, and the status set.

        The status is not waited for while another process that lives writes the run. One that is gone keeps nobody from
        it: the deliverer will soon have found that out, too.
        """
        receipt = self.receipts.read()
        mine = receipt.writers.get(self.receipts.writer)
        if mine is None and not self.folder.exists():
            return True  # somebody has deleted it all: there is nothing to wait for
        if mine is None or not mine.done:
            return False
        others = [self.folder.with_name(name) for name, facts in receipt.writers.items() if not facts.done]
        # One whose folder somebody has deleted will never be done.
        return receipt.finished or any(writes(self._processes, other) or not other.exists() for other in others)

    def troubled(self) -> bool:
        """Whether delivery is known not to get on."""
        return self.receipts.read().problem is not None

    def left(self) -> int:
        """How many records are not delivered yet."""
        mine = self.receipts.mine()
        return 0 if mine.done else max(1, self.last_seq - min(mine.lines, mine.files))

    def report(self) -> str:
        """One line on how far it got."""
        mine = self.receipts.mine()
        label = self.label()
        if not mine.done:
            why = self.receipts.read().problem
            because = f" ({why})" if why else ""
            left = f"{self.left():,} records left{because}"
            return f"run {label}: {left}, safe on this disk; `pluto sync` delivers them, too"
        parts = [f"{self.last_seq - mine.rejected - mine.lost:,} records delivered"]
        if mine.rejected:
            parts.append(f"{mine.rejected:,} refused by the server")
        if mine.lost:
            parts.append(f"{mine.lost:,} lost to a damaged disk")
        if mine.changed:
            parts.append("changed before they were read: " + ", ".join(mine.changed[:5]))
        return f"run {label}: " + ", ".join(parts)


def wait(
    deliveries: list[Delivery],
    seconds: float,
    *,
    progress: bool = False,
    idle: float = math.inf,
    tell: Callable[[int], None] | None = None,
) -> bool:
    """Waits until everything is delivered. False when the time ran out first, or nothing got on for `idle` seconds, or
    as long as a policy has patience.

    `tell` is called about once a second with the number of records left. Raises `KeyboardInterrupt` as it comes. An
    uploader that is not there is started again.
    """
    started = time.monotonic()
    threads = {delivery.thread for delivery in deliveries if delivery.thread is not None}
    waking = telling = moved = started
    telling += _WAKE_S
    known = 0
    shown = False
    idle = min([idle, *(delivery.policy.patience_s for delivery in deliveries)])
    try:
        while True:
            left = [delivery for delivery in deliveries if not delivery.done()]
            now = time.monotonic()
            if left and now >= waking:
                _wake(left)
                waking = now + _WAKE_S
            if not left or now - started >= seconds:
                return not left
            count = sum(delivery.left() for delivery in left)
            if count != known:
                known, moved = count, now
            # One long upload moves nothing either, and is no trouble.
            if now - moved >= (idle if any(delivery.troubled() for delivery in left) else idle * _SILENCE):
                return False
            if tell is not None and now >= telling:
                telling = now + _WAKE_S
                tell(count)
            remaining = seconds - (now - started)
            drained = [thread.drain(min(_WAKE_S, remaining)) for thread in threads]
            if not all(drained):
                continue
            if progress and now - started > 1 and sys.stderr is not None and sys.stderr.isatty():
                sys.stderr.write(f"\rpluto: {sum(delivery.left() for delivery in left):,} records to go  ")
                sys.stderr.flush()
                shown = True
            time.sleep(min(_POLL_S if now - started < 2 else _SLOW_POLL_S, max(0.0, seconds - (now - started))))
    finally:
        if shown:
            sys.stderr.write("\n")


def _wake(deliveries: list[Delivery]) -> None:
    """Sees to it that somebody delivers: one uploader for all that lies in one place, or each run's thread."""
    for delivery in {one.root if one.thread is None else one.folder: one for one in deliveries}.values():
        delivery.wake()


def insist(step: Callable[[], _T]) -> _T:
    """What `step` gives, however often Ctrl-C comes meanwhile: each time, it begins anew.

    The step is harmless when repeated. Nothing else would see it done for certain: Ctrl-C comes between any two lines.
    """
    for _ in range(_PRESSES):
        try:
            return step()
        except KeyboardInterrupt:
            continue
    return step()


class Ending(Protocol):
    """A run as the end of the process sees it."""

    policy: ShutdownPolicy

    def end(self, end: End) -> Delivery | None:
        """Writes the end. None when nothing is to be delivered. Harmless when repeated."""


class _Exit(SystemExit):
    """What `sys.exit`, `exit` and `quit` raise while a run is open. Its death tells whether it ended the program.

    The interpreter drops it with no Python code running any more; a program that caught it is still in some frame.
    (`raise SystemExit(n)` without them can't be told from success; neither can `os._exit` of a finished run.)
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        _watch.last = weakref.ref(self)

    def __del__(self) -> None:
        try:
            sys._getframe(1)
        except ValueError:
            _watch.end = of_exception(self)

    def __reduce__(self) -> tuple[type[SystemExit], tuple[Any, ...]]:
        return SystemExit, self.args


# Who prints it, or its type, sees what he would without a run.
_Exit.__name__ = _Exit.__qualname__ = SystemExit.__name__
_Exit.__module__ = SystemExit.__module__


class _Watch:
    """Learns how the process ends, without a signal handler and without changing its exit code."""

    def __init__(self) -> None:
        self.end = End()
        self.runs: weakref.WeakSet[Any] = weakref.WeakSet()
        self.detached: list[Delivery] = []
        self.exiting = 0
        """The process that has begun to exit."""
        self._interrupted = False
        self._pid = 0
        self._hook = sys.excepthook
        self._exit = sys.exit
        self._installed: tuple[Any, Any] | None = None
        self.last: weakref.ref[_Exit] | None = None
        """What `_Exit` was raised last, while it is there."""

    def add(self, run: Ending) -> None:
        self.runs.add(run)
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._end_with_worker()
        if self._installed is None:
            self._installed = self._on_exception, self._on_exit
            self._hook, self._exit = sys.excepthook, sys.exit
            sys.excepthook, sys.exit = self._installed
            _name_of_exit(_Exit)

    def remove(self, run: Ending) -> None:
        self.runs.discard(run)
        # Where somebody has wrapped ours meanwhile, it stays in the chain, and is not put in again.
        if not self.runs and self._installed == (sys.excepthook, sys.exit):
            _name_of_exit(None)
            # In one line, since Ctrl-C can come between any two.
            sys.excepthook, sys.exit, self._installed = self._hook, self._exit, None

    def forked(self) -> None:
        """In a forked child: its runs are the parent's, and so is what was left to deliver."""
        self.detached = []

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not _goes_on():
            self.end = of_exception(error)
            self._interrupted = kind is KeyboardInterrupt
        self._hook(kind, error, trace)

    def _on_exit(self, status: Any = None, /) -> NoReturn:
        raise _Exit(status)

    def _end_with_worker(self) -> None:
        """A worker of multiprocessing ends by `os._exit`, but for functions it is told of."""
        workers = sys.modules.get("multiprocessing.process")
        if workers is not None and workers.parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self.at_exit, exitpriority=-100)

    def at_exit(self) -> None:
        """Ends what is open, and waits for delivery."""
        if self.exiting == os.getpid():
            return
        error = sys.exc_info()[1]  # in a worker, on its way to be printed
        try:
            pending = self._end_all(error)
            seconds = max([delivery.policy.exit_s for delivery in pending], default=0.0)
            arrived = wait(pending, seconds, progress=any(delivery.policy.progress for delivery in pending))
        except KeyboardInterrupt:
            pending, arrived = insist(lambda: self._end_all(error)), False
        insist(lambda: self._leave(pending, arrived))
        if self._interrupted:
            # What makes Python end by SIGINT is a mark that any `eval` of a text clears, in whatever thread, and sets.
            with contextlib.suppress(KeyboardInterrupt):
                exec("raise KeyboardInterrupt")  # noqa: S102

    def _end_all(self, error: BaseException | None) -> list[Delivery]:
        """Writes the ends of all open runs; what is left to deliver. Harmless when repeated."""
        self.exiting = os.getpid()
        self._look_for_exit()
        if error is not None:
            self.end = of_exception(error)
        ended = [run.end(self.end) for run in list(self.runs)]
        return [delivery for delivery in (*self.detached, *ended) if delivery is not None and not delivery.done()]

    @staticmethod
    def _leave(pending: list[Delivery], arrived: bool) -> None:
        """Says what became of it. Harmless when repeated."""
        process.stop_threads()
        for delivery in pending:
            if delivery.policy.reports:
                logger.info(delivery.report())
        job = owner()
        if not arrived and job:
            for root in sorted({str(delivery.root) for delivery in pending if not delivery.done()}):
                logger.warning("%s ends the uploader with the job; the rest is for: pluto sync --dir %s", job, root)

    def _look_for_exit(self) -> None:
        """An exception kept alive only by a cycle through its own traceback has not been dropped yet."""
        if self.last is not None and (error := self.last()) is not None:
            end = of_exception(error)
            del error
            gc.collect()
            if self.last() is None:
                self.end = end


def _goes_on() -> bool:
    """Whether the program outlives the exception a hook is called with: at a prompt, or one made with `code`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return hasattr(sys, "ps1")


def _name_of_exit(kind: type[SystemExit] | None) -> None:
    """Sets what the builtins `exit` and `quit` raise: they look for the name in their own module first."""
    home = sys.modules.get("_sitebuiltins")
    if home is not None and kind is not None:
        vars(home)["SystemExit"] = kind
    elif home is not None:
        vars(home).pop("SystemExit", None)


_watch: Final = _Watch()
fork.tell(_watch)
at_exit = _watch.at_exit


def exiting() -> bool:
    """Whether this process has begun to exit, and its runs have ended with it."""
    return _watch.exiting == os.getpid()


def opened(run: Ending) -> None:
    """From now on the process's end is the run's end."""
    _watch.add(run)


def closed(run: Ending, delivery: Delivery | None, *, arrived: bool) -> None:
    """The run has ended. What has not `arrived` is waited for at exit, where it has not been waited for as long yet."""
    _watch.remove(run)
    if delivery is None:
        return
    others = [one for one in _watch.detached if one.folder != delivery.folder and not one.done()]
    waits = not arrived and run.policy.exit_s > run.policy.finish_s
    _watch.detached = [*others, delivery] if waits else others
