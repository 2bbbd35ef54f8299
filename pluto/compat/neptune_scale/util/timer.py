"""A time limit."""

from __future__ import annotations

import math
import time


class Timer:
    """How much is left of `timeout` seconds; None is no limit."""

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self.start_time = time.monotonic()

    def remaining_time(self) -> float | None:
        """Seconds left, 0 when there are none, None without a limit."""
        return None if self.timeout is None else max(0.0, self.start_time + self.timeout - time.monotonic())

    def remaining_time_or_inf(self) -> float:
        """Seconds left, infinite without a limit."""
        left = self.remaining_time()
        return math.inf if left is None else left

    def is_expired(self) -> bool:
        """Whether the limit is reached."""
        return self.remaining_time_or_inf() <= 0

    def is_finite(self) -> bool:
        """Whether there is a limit."""
        return self.timeout is not None
