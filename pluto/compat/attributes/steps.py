"""The next step of each series: the last one plus 1, from 0, be it this process's or what the store holds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from pluto.core.errors import RunError
from pluto.core.op import Op
from pluto.core.say import logger

_DEAF_S: Final = 60.0
"""How long a store that could not answer is not asked again: every answer may be waited for a while."""


class Steps:
    """Counts for one open run; offline, as if the run was new.

    `next`, `use` and `choose` are called under the lock of SQLite, `begin` is not.
    """

    def __init__(self, op: Op) -> None:
        self._op = op
        self._last: dict[str, float] = {}
        self._begun: set[str] = set()
        self._fresh: bool | None = True if op.brand_new else None
        self._ask_at = 0.0
        self._said = False

    @property
    def fresh(self) -> bool:
        """Whether the store is known to have nothing of the run that this process did not write."""
        return self._fresh is True

    def begin(self, path: str, *, files: bool = False) -> None:
        """Sees to it that what the store holds of a series is known, as far as it can be. Never raises."""
        if self._fresh or path in self._begun or not self._op.online:
            return
        now = time.monotonic()
        if now < self._ask_at:
            return
        try:
            if self._fresh is None:
                self._fresh = not self._op.resumed
            if self._fresh:
                return
            held = self._held(path, files)
        except Exception as error:  # noqa: BLE001  whatever keeps the server from answering, logging goes on
            self._ask_at = time.monotonic() + _DEAF_S
            if not self._said:
                self._said = True
                logger.warning("steps count from 0: what the run holds already is not known (%s)", error)
            return
        if held is not None:
            self._last[path] = max(held, self._last.get(path, held))
        self._begun.add(path)

    def _held(self, path: str, files: bool) -> float | None:
        number = self._op.id
        if number is None:
            raise RunError("the run is not known")
        from pluto.compat.attributes.reading import AttributeReader

        with AttributeReader.of(self._op) as reader:
            return reader.highest_step(self._op.project, number, path, files=files)

    def next(self, path: str) -> float:
        """The next step, used from now on."""
        step = self._last.get(path, -1) + 1
        self._last[path] = step
        return step

    def use(self, path: str, step: float) -> float:
        """A step that was chosen."""
        if step > self._last.get(path, float("-inf")):
            self._last[path] = step
        return step

    def choose(self, path: str, count: int, steps: Sequence[float] | None) -> Sequence[float]:
        """The next steps, or those that were chosen. Raises `ValueError` unless there are `count` of them."""
        if steps is None:
            return [self.next(path) for _ in range(count)]
        if len(steps) != count:
            raise ValueError(f"{len(steps)} steps for {count} values")
        for step in steps:
            self.use(path, step)
        return steps

    def last(self, path: str) -> float | None:
        """The highest step known."""
        return self._last.get(path)

    def restart(self, path: str) -> None:
        """The series is empty from now on."""
        self._last.pop(path, None)
        self._begun.add(path)
