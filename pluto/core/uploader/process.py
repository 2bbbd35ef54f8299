"""The uploader process: elected, awake while there is somebody to serve, gone when there is not."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from pluto.core.bell import Bell, ring

LOG_BYTES: Final = 1 << 20
"""The log starts anew at this size; the last one is kept."""
TICK_S: Final = 0.5
"""How often to look for dead processes and new runs when nobody rings."""
ELECTION_S: Final = 10.0
"""How long a lock that is held by somebody who does not answer the bell is waited for: it is about to leave."""
NICE: Final = 5
"""The training goes first."""

_logger = logging.getLogger("pluto")


def main(sync: str) -> None:
    """Runs the uploader of a sync folder until it is not needed any more."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # They are meant for the job, not for its delivery.
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.umask(0o077)
    # Arrays are small here: a pool of threads would cost more than it gives.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    # httpx brings a command line, and rich with it: 5 MB. Without them it does as where rich is not installed.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    folder = Path(sync)
    try:
        os.nice(NICE)
    except OSError:
        _logger.debug("this system does not let priorities be lowered")
    _log_to(folder / "uploader.log")
    try:
        _serve_if_elected(folder)
    except Exception:
        _logger.exception("the uploader ends: what is left waits for the next one")


def _serve_if_elected(sync: Path) -> None:
    from filelock import FileLock, Timeout

    lock = FileLock(sync / "uploader.lock", mode=0o600, thread_local=False)
    deadline = time.monotonic() + ELECTION_S
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except Timeout:
            if ring(sync) or time.monotonic() > deadline:
                return
            time.sleep(0.02)
    try:
        _serve(sync)
    finally:
        lock.release()


def _serve(sync: Path) -> None:
    ear = _Ear(sync)
    # Only now: whoever rings is heard while this loads.
    from pluto.core.uploader.loop import Loop

    loop = Loop(sync)
    try:
        while True:
            loop.scan()
            if loop.processes.any() or not loop.stuck():
                if ear.wait(TICK_S):
                    loop.wake(again=ear.urgent)
            elif ear.listens:
                # Whoever comes now finds nobody and starts the next uploader. Whoever came before is found by one
                # more look.
                ear.close()
            else:
                break
    finally:
        ear.close()
        loop.close()


class _Ear:
    """The bell, as long as it is needed; where there can be none, just the time that passes."""

    def __init__(self, sync: Path) -> None:
        self._sync = sync
        self._bell: Bell | None = None
        self.listens = False
        self._open()

    def _open(self) -> None:
        try:
            self._bell = Bell(self._sync)
        except OSError as error:
            _logger.warning("no bell here (%s): looking every %g s instead", error, TICK_S)
        self.listens = True

    def wait(self, seconds: float) -> bool:
        """Whether somebody rang before the time was up."""
        if not self.listens:
            self._open()
        if self._bell is not None:
            return self._bell.wait(seconds)
        time.sleep(seconds)
        return True

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for what is left."""
        return self._bell is not None and self._bell.urgent

    def close(self) -> None:
        """Hears nothing any more, until the next `wait`."""
        self.listens = False
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.close()


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    _logger.setLevel(logging.INFO)
