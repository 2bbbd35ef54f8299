"""How hard delivery may work. In a process of its own: as hard as it can. Beside the training: in small slices."""

from __future__ import annotations

import threading
import time
from typing import Final

SLICE_S: Final = 0.002
"""Python runs at most about this long in one go: no call of the training process waits longer for the interpreter."""
DUTY: Final = 0.05
"""Part of the time that one lane may use the interpreter while the run logs; there are two lanes."""


class Pacer:
    """Full speed."""

    lines: int | None = None
    """Records of a batch, None for as many as the server takes well."""
    files: int | None = None

    def breathe(self) -> None:
        """Called by a lane between two batches."""


class GentlePacer(Pacer):
    """Slices of `SLICE_S` with a duty of `DUTY`, until `hurry`."""

    lines: int | None = 100
    files: int | None = 1

    def __init__(self) -> None:
        self._own = threading.local()
        self._hurry = threading.Event()

    def hurry(self, on: bool = True) -> None:
        """Full speed from now on, or no more."""
        if on:
            self.lines = self.files = None
            self._hurry.set()
        else:
            self.lines, self.files = GentlePacer.lines, GentlePacer.files
            self._hurry.clear()

    def breathe(self) -> None:
        """Sleeps as much longer than this thread has worked as the duty demands."""
        now = time.thread_time()
        worked = now - getattr(self._own, "since", now)
        if not self._hurry.is_set():
            if worked > SLICE_S and self.lines is not None:
                self.lines = max(10, int(self.lines * SLICE_S / worked))
            elif worked < SLICE_S / 2 and self.lines is not None:
                self.lines = min(1000, self.lines + 10)
            self._hurry.wait(worked * (1 / DUTY - 1))
        self._own.since = time.thread_time()
