"""Points on their way into a journal: few and big records, whatever the pieces they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from pluto.protocol import records
from pluto_migration.config import clean
from pluto_migration.model import Points

MOST: Final = 20_000
"""Points of one record: a batch to a server is half a megabyte, and a point has 24 bytes."""
ENOUGH: Final = 4_096
"""Points that make a record of their own."""
HELD: Final = 1_000_000
"""Points that wait for more of their metric, all together,"""
PIECES: Final = 50_000
"""and the arrays they wait in: a small one takes more room than what is in it."""

Arrays = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


class Columns:
    """Collects the points of each metric, in their order, and gives them as records."""

    def __init__(self, write: Callable[[records.Columns], None]) -> None:
        self._write = write
        self._waiting: dict[str, list[Arrays]] = {}
        self._sizes: dict[str, int] = {}
        self._held = 0
        self._pieces = 0

    def add(self, name: str, steps: npt.NDArray[np.float64], times: npt.NDArray[np.int64],
            values: npt.NDArray[np.float64]) -> None:  # fmt: skip
        """Takes points, as `columns_of` gives them. They are copied where they have to wait."""
        size = len(steps)
        if not size:
            return
        if name not in self._waiting and size >= ENOUGH:
            self._give(name, (steps, times, values))
            return
        self._waiting.setdefault(name, []).append((steps.copy(), times.copy(), values.copy()))
        self._sizes[name] = self._sizes.get(name, 0) + size
        self._held += size
        self._pieces += 1
        if self._sizes[name] >= MOST:
            self._flush(name)
        elif self._held > HELD:
            self.flush()
        elif self._pieces > PIECES:
            self._join()

    def flush(self) -> None:
        """Gives what waits."""
        for name in list(self._waiting):
            self._flush(name)

    def _join(self) -> None:
        """Makes one array of those of each metric."""
        if len(self._waiting) > PIECES // 2:
            self.flush()
            return
        self._waiting = {name: [_joined(parts)] for name, parts in self._waiting.items()}
        self._pieces = len(self._waiting)

    def _flush(self, name: str) -> None:
        parts = self._waiting.pop(name)
        self._held -= self._sizes.pop(name)
        self._pieces -= len(parts)
        self._give(name, _joined(parts))

    def _give(self, name: str, points: Arrays) -> None:
        size = len(points[0])
        pieces = -(-size // MOST)
        for piece in range(pieces):
            part = slice(size * piece // pieces, size * (piece + 1) // pieces)
            steps, times, values = (column[part].tobytes() for column in points)
            self._write(records.Columns(name, steps, times, values))


def _joined(parts: list[Arrays]) -> Arrays:
    steps, times, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return steps, times, values


def columns_of(points: Points) -> tuple[str, Arrays]:
    """The name and the arrays of points as they are stored. Raises `ValueError` where their lengths differ."""
    steps = np.ascontiguousarray(points.steps, "<f8")
    times = np.ascontiguousarray(points.times, "<i8")
    values = np.ascontiguousarray(points.values, "<f8")
    if not steps.shape == times.shape == values.shape or steps.ndim != 1:
        raise ValueError("steps, times and values are of different lengths")
    return clean(points.name), (steps, times, values)
