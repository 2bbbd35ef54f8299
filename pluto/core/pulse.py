"""A thread that looks after open runs every two seconds: is somebody delivering, was the run cancelled."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Final

from pluto.core import fork
from pluto.core.say import logger

BEAT_S: Final = 2.0


class _Pulse:
    """One thread per process, started with the first run that is delivered; it stays, asleep."""

    def __init__(self) -> None:
        self._runs: weakref.WeakSet[Any] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._beat = threading.Event()

    def add(self, run: Any) -> None:
        self._runs.add(run)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pluto-pulse", daemon=True)
            self._thread.start()

    def remove(self, run: Any) -> None:
        self._runs.discard(run)

    def forked(self) -> None:
        """In a forked child: the thread is the parent's."""
        self._runs = weakref.WeakSet()
        self._thread = None
        self._beat = threading.Event()

    def _run(self) -> None:
        while True:
            self._beat.wait(BEAT_S)
            for run in list(self._runs):
                try:
                    run.beat()
                except Exception:  # noqa: BLE001  the others want looking after, too
                    logger.debug("looking after %r failed", run, exc_info=True)


_pulse: Final = _Pulse()
fork.tell(_pulse)
add = _pulse.add
remove = _pulse.remove
