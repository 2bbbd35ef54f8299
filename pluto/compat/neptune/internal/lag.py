"""Calling back when what was logged does not reach the store in time."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pluto.compat.neptune.envs import (
    NEPTUNE_ENABLE_DEFAULT_ASYNC_LAG_CALLBACK,
    NEPTUNE_ENABLE_DEFAULT_ASYNC_NO_PROGRESS_CALLBACK,
)
from pluto.compat.neptune.internal.init.parameters import IN_BETWEEN_CALLBACKS_MINIMUM_INTERVAL
from pluto.compat.neptune.utils import stop_synchronization_callback

if TYPE_CHECKING:
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
    from pluto.compat.neptune.typing import NeptuneObjectCallback

__all__ = ["LagWatch", "lag_callback", "no_progress_callback"]

_LONGEST_PERIOD_S: Final = 10.0

Progress = Callable[[], tuple[int, int]]
"""How many records are in the store, and how many there are."""


def lag_callback(given: NeptuneObjectCallback | None) -> NeptuneObjectCallback | None:
    """What is called when data is late: what was given, or what the environment asks for."""
    return given or _of_environment(NEPTUNE_ENABLE_DEFAULT_ASYNC_LAG_CALLBACK)


def no_progress_callback(given: NeptuneObjectCallback | None) -> NeptuneObjectCallback | None:
    """What is called when nothing gets on: what was given, or what the environment asks for."""
    return given or _of_environment(NEPTUNE_ENABLE_DEFAULT_ASYNC_NO_PROGRESS_CALLBACK)


def _of_environment(variable: str) -> NeptuneObjectCallback | None:
    return stop_synchronization_callback if os.environ.get(variable) == "TRUE" else None


class LagWatch:
    """A thread that looks after an object while it is open, and calls back at most every 300 seconds."""

    def __init__(
        self,
        container: MetadataContainer,
        progress: Progress,
        on_lag: tuple[NeptuneObjectCallback | None, float],
        on_no_progress: tuple[NeptuneObjectCallback | None, float],
        *,
        interval: float = IN_BETWEEN_CALLBACKS_MINIMUM_INTERVAL,
    ) -> None:
        self._container = container
        self._progress = progress
        self._on_lag = on_lag
        self._on_no_progress = on_no_progress
        self._interval = interval
        self._called: dict[str, float] = {}
        self._written: deque[tuple[float, int]] = deque()
        """When there were how many records, for those not in the store yet."""
        self._moved: tuple[float, int] | None = None
        """When how many were last seen to have arrived."""
        self._halt = threading.Event()
        wanted = [seconds for callback, seconds in (on_lag, on_no_progress) if callback is not None]
        self._period = min([_LONGEST_PERIOD_S, *(max(0.05, seconds / 4) for seconds in wanted)])
        if wanted:
            threading.Thread(target=self._run, name="pluto-neptune-lag", daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self._halt.set()

    def _run(self) -> None:
        while not self._halt.wait(self._period):
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """Looks how things stand at `now` (seconds of a monotonic clock)."""
        stored, written = self._progress()
        if not self._written or written > self._written[-1][1]:
            self._written.append((now, written))
        while self._written and self._written[0][1] <= stored:
            self._written.popleft()
        if self._moved is None or stored > self._moved[1] or stored >= written:
            self._moved = (now, stored)
        oldest = now - self._written[0][0] if self._written else 0.0
        self._call("lag", self._on_lag, oldest, now)
        self._call("no progress", self._on_no_progress, now - self._moved[0], now)

    def _call(self, why: str, who: tuple[NeptuneObjectCallback | None, float], seconds: float, now: float) -> None:
        callback, threshold = who
        if callback is None or seconds <= threshold:
            return
        if now - self._called.get(why, float("-inf")) > self._interval:
            self._called[why] = now
            threading.Thread(
                target=callback, args=(self._container,), name="pluto-neptune-callback", daemon=True
            ).start()
