"""How old the oldest record is that is not delivered yet."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pluto.compat.neptune_scale.util import get_logger

__all__ = ("LagTracker",)


class LagTracker:
    """Calls back once when delivery is more than so many seconds behind, and again only after it has caught up."""

    def __init__(self, threshold_s: float, on_async_lag: Callable[[], Any]) -> None:
        self._threshold_s = threshold_s
        self._on_async_lag = on_async_lag
        self._marks: deque[tuple[int, float]] = deque()
        self._told = False

    def look(self, delivered: int, written: int) -> None:
        """Notes how many records were written and delivered by now; to be called about once a second."""
        now = time.monotonic()
        if written > (self._marks[-1][0] if self._marks else delivered):
            self._marks.append((written, now))
        while self._marks and self._marks[0][0] <= delivered:
            self._marks.popleft()
        behind = bool(self._marks) and now - self._marks[0][1] > self._threshold_s
        if behind and not self._told:
            try:
                self._on_async_lag()
            except Exception:  # noqa: BLE001  a callback is the script's, and must not end its caller
                get_logger().error("A callback of the run failed", exc_info=True)
        self._told = behind
