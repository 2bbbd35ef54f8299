"""The uploader process: elected, awake while there is somebody to serve, gone when there is not."""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import time
from pathlib import Path
from typing import Final

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

    from pluto.core import bell

    lock = FileLock(sync / "uploader.lock", mode=0o600, thread_local=False)
    deadline = time.monotonic() + ELECTION_S
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except Timeout:
            if bell.ring(sync) or time.monotonic() > deadline:
                return
            time.sleep(0.02)
    try:
        _serve(sync)
    finally:
        lock.release()


def _serve(sync: Path) -> None:
    from pluto.core.bell import Bell

    bell = Bell(sync)
    # Only now: whoever rings is heard while this loads.
    from pluto.core.uploader.loop import Loop

    loop = Loop(sync)
    listening = True
    try:
        while True:
            loop.scan()
            if loop.processes.any() or not loop.stuck():
                if not listening:
                    bell, listening = Bell(sync), True
                bell.wait(TICK_S)
            elif listening:
                # Whoever comes now finds nobody and starts the next uploader. Whoever came before is found by one
                # more look.
                bell.close()
                listening = False
            else:
                break
    finally:
        if listening:
            bell.close()
        loop.close()


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    _logger.setLevel(logging.INFO)
