"""The numbers of many rows, by name: a row's step and time are held once, a number as itself and the row it is in."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from pluto_migration.model import POINTS_AT_ONCE, Points

_ROWS: Final = 1 << 17
_NUMBERS: Final = 1 << 19
"""Most rows, and numbers, that are held."""
_LOOK: Final = 1 << 10
"""The numbers are counted once in so many rows."""

Column = tuple[Callable[[float], object], Callable[[int], object]]
"""Takes a number, and the row it is in: both have to be called."""


class Columns:
    """Filled from outside, in the hot loop of `history`: `steps` and `times` have a place for each finished row."""

    def __init__(self) -> None:
        self.steps: array[float] = array("d")
        self.times: array[int] = array("q")
        self.last: dict[str, float] = {}
        """The last number of each name, as far as it was drained."""
        self._values: dict[str, array[float]] = {}
        self._rows: dict[str, array[int]] = {}
        self._look_at = _LOOK

    def of(self, name: str) -> Column:
        """The column of a name. It stays the same one for good."""
        if name not in self._values:
            self._values[name], self._rows[name] = array("d"), array("i")
        return self._values[name].append, self._rows[name].append

    def __contains__(self, name: object) -> bool:
        return name in self._values

    @property
    def full(self) -> bool:
        """Whether it is time to drain."""
        held = len(self.steps)
        if held < self._look_at:
            return False
        self._look_at = held + _LOOK
        return held >= _ROWS or sum(map(len, self._rows.values())) >= _NUMBERS

    def drain(self) -> Iterator[Points]:
        """All of them, by name; nothing is held afterwards. Rows have to be finished."""
        steps, times = np.array(self.steps), np.array(self.times, np.int64)
        for name, rows in self._rows.items():
            if not rows:
                continue
            where: npt.NDArray[np.int32] = np.array(rows, np.int32)
            values = np.array(self._values[name])
            self.last[name] = self._values[name][-1]
            del rows[:], self._values[name][:]
            for start in range(0, len(where), POINTS_AT_ONCE):
                part = where[start : start + POINTS_AT_ONCE]
                yield Points(name, steps[part], times[part], values[start : start + POINTS_AT_ONCE])
        del self.steps[:], self.times[:]
        self._look_at = _LOOK
