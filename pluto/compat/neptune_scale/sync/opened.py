"""A run from its opening to its end: the recording, and all that goes on beside it."""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes import AttributeWriter
from pluto.compat.neptune_scale.exceptions import NeptuneConnectionLostError, NeptuneUnableToLogData
from pluto.compat.neptune_scale.sync.errors_tracking import Callback, ErrorsMonitor
from pluto.compat.neptune_scale.sync.folder import LogFolder, Pointer
from pluto.compat.neptune_scale.sync.history import History
from pluto.compat.neptune_scale.sync.parameters import OPERATION_REPOSITORY_POLL_SLEEP_TIME
from pluto.compat.neptune_scale.sync.recording import Recording
from pluto.compat.neptune_scale.util import get_logger
from pluto.compat.neptune_scale.util.logger import ThrottledLogger
from pluto.compat.neptune_scale.util.timer import Timer
from pluto.core import fork, shutdown
from pluto.core.leftovers import redirect
from pluto.core.settings import resolve

if TYPE_CHECKING:
    from pluto.compat.neptune_scale.sync.lag_tracking import LagTracker
    from pluto.core.op import Op

_IDLE_S: Final = 10.0
"""How long waiting bears that delivery does not get on."""
_AGAIN_S: Final = 10.0
"""After how long a problem that lasts is told again."""
_ASIDE_S: Final = 2.0
"""What the end of a run grants to the facts about the code, and to callbacks."""
_LAST_WORD_S: Final = 0.5
"""What the end of the process grants to callbacks."""


class OpenRun:
    """One open run. `callbacks` are those of `ErrorsMonitor`; `tracking` gives what is logged about the code."""

    def __init__(
        self,
        op: Op,
        run_id: str,
        base: Path,
        *,
        shared: bool,
        fork_step: float | None,
        callbacks: dict[str, Callback | None],
        lag: LagTracker | None,
        tracking: Callable[[], dict[str, Any]] | None,
    ) -> None:
        self.op = op
        self.run_id = run_id
        self.writer = AttributeWriter(op, flat=True)
        # An offline run calls nobody back: what is wrong with it shows where it is delivered.
        self.monitor = ErrorsMonitor(self._look, **callbacks) if op.online else ErrorsMonitor(None)
        history = History(op, run_id, self.monitor.tell, shared=shared, forks=fork_step is not None)
        self.recording = Recording(self.writer, self.monitor, history, fork_step)
        folder = self.writer.folder
        if folder is not None and not op.online:
            # Its journals lie beside the script; it still goes where other runs go.
            redirect(folder, resolve())
        self.folder = None if folder is None else LogFolder(base, Pointer(folder, op.project, run_id))
        self._lag = lag
        self._rejected = 0
        self._told = -_AGAIN_S
        self._tracking: threading.Thread | None = None
        self._closing = threading.Lock()
        fork.tell(self)
        _open.append(self)
        _end_with_worker()
        self.monitor.start()
        history.listen()
        if tracking is not None:
            self._tracking = threading.Thread(target=self._track, args=(tracking,), name="neptune-source", daemon=True)
            self._tracking.start()

    def close(self, seconds: float | None, status: str = "COMPLETED") -> None:
        """Ends the run and waits until everything is delivered, or does not get on; what is left the uploader takes.

        Harmless when repeated.
        """
        if not self._closing.acquire(blocking=False):
            return
        timer = Timer(seconds)
        self._finish_aside(min(_ASIDE_S, timer.remaining_time_or_inf()))
        self.recording.closed = True
        waiting = ThrottledLogger(get_logger())
        try:
            self.writer.stop(
                status,
                seconds=timer.remaining_time(),
                idle=_IDLE_S,
                tell=lambda count: waiting.info("Waiting for %d records to be delivered", count),
            )
        finally:
            self._settle()
        self.leave()

    def leave(self) -> None:
        """Takes the folder of the run away, or says how to go on, where something is left."""
        if self.folder is None or self._child:
            return
        delivered, written = self.writer.progress()
        left = written - delivered
        if left == 0:
            self.folder.remove()
        elif self.folder.made:
            get_logger().warning(
                "%d records of run %s are not delivered yet. They are safe on this disk; what is left of them when this"
                " process ends is delivered by: pluto neptune sync %s",
                left, self.run_id, self.folder.file,
            )  # fmt: skip

    def wait(self, timeout: float | None, verbose: bool) -> bool:
        """Waits until everything logged so far is delivered. False when it is not, or on Ctrl-C."""
        tell = get_logger().info if verbose else get_logger().debug
        waiting = ThrottledLogger(get_logger(), enabled=verbose)
        if not self.op.online:
            get_logger().warning("Run %s is offline: it is delivered by `pluto neptune sync`", self.run_id)
            return self.writer.progress()[1] == 0
        timer = Timer(timeout)
        moved, known = time.monotonic(), -1
        try:
            while not self.writer.flush(min(OPERATION_REPOSITORY_POLL_SLEEP_TIME, timer.remaining_time_or_inf())):
                delivered, written = self.writer.progress()
                now = time.monotonic()
                if delivered != known:
                    known, moved = delivered, now
                if timer.is_expired():
                    tell("%d records were not delivered in time", written - delivered)
                    return False
                if now - moved > _IDLE_S and self.op.problem is not None:
                    get_logger().warning("Waiting is of no use just now: %s", self.op.problem)
                    return False
                waiting.info("Waiting for %d records to be delivered", written - delivered)
        except KeyboardInterrupt:
            get_logger().warning("Waiting was interrupted")
            return False
        tell("All records are delivered")
        return True

    def end_with_process(self) -> None:
        """Before the runs of this process end: what is still to be logged is, and takes its share of the time."""
        timer = Timer(self.op.policy.exit_s)
        self._finish_aside(min(_ASIDE_S, timer.remaining_time_or_inf()))
        self.recording.closed = True
        self.op.policy = dataclasses.replace(self.op.policy, exit_s=timer.remaining_time_or_inf())

    def forked(self) -> None:
        """In a forked child: the folder is the parent's, and so are the threads."""
        self._child = True
        self._tracking = None
        self._closing = threading.Lock()

    _child = False

    def _settle(self) -> None:
        self.monitor.stop(_ASIDE_S)
        with contextlib.suppress(ValueError):
            _open.remove(self)

    def _finish_aside(self, seconds: float) -> None:
        tracking, self._tracking = self._tracking, None
        if tracking is not None and tracking is not threading.current_thread():
            tracking.join(seconds)

    def _track(self, tracking: Callable[[], dict[str, Any]]) -> None:
        try:
            self.recording.log(tracking())
        except NeptuneUnableToLogData as error:  # NEPTUNE_LOG_FAILURE_ACTION=raise: there is nobody here to raise to
            get_logger().warning("%s", error)
        except Exception:  # noqa: BLE001  the training does not need it
            get_logger().debug("facts about the code were not logged", exc_info=True)

    def _look(self) -> Iterator[BaseException]:
        problem, rejected = self.op.problem, self.op.rejected
        if problem is None:
            self._told = -_AGAIN_S
        elif time.monotonic() - self._told >= _AGAIN_S:
            self._told = time.monotonic()
            yield NeptuneConnectionLostError(because=f" ({problem})")
        if rejected > self._rejected:
            yield NeptuneUnableToLogData(f"the server refused {rejected - self._rejected} records for good")
            self._rejected = rejected
        if self._lag is not None:
            self._lag.look(*self.writer.progress())


_open: Final[list[OpenRun]] = []
_told_worker = 0
"""The worker of multiprocessing that knows of `_at_exit`."""


@atexit.register
def _at_exit() -> None:
    """The runs that are open end with the process, all together within the policy's time."""
    runs = list(_open)
    for run in runs:
        run.end_with_process()
    if runs:
        shutdown.at_exit()
    for run in runs:
        run.monitor.stop(_LAST_WORD_S)
        run.leave()


def _end_with_worker() -> None:
    """A worker of multiprocessing ends without `atexit`, but for functions it is told of."""
    global _told_worker
    workers = sys.modules.get("multiprocessing.process")
    if workers is not None and workers.parent_process() is not None and _told_worker != os.getpid():
        from multiprocessing.util import Finalize

        _told_worker = os.getpid()
        Finalize(None, _at_exit, exitpriority=-90)
