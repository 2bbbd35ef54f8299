"""Points and texts that come one by one, of many series at once: gathered into items of a bounded size."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

import numpy as np

from pluto_migration.model import POINTS_AT_ONCE, Item, Points, Texts

_HELD: Final = 4 * POINTS_AT_ONCE
"""Most points of all series together that are held back; a text counts by its length."""
_TEXT_CHARS: Final = 64
"""So many characters weigh as much as a point."""


class Gather:
    """Holds what was added until `drain` is called, which gives it, each series in the order it came in.

    Whoever adds looks whether it is `full`, and drains it then.
    """

    def __init__(self) -> None:
        self._points: dict[str, tuple[array[float], array[int], array[float]]] = {}
        self._texts: dict[str, tuple[list[float], list[int], list[str]]] = {}
        self._held = 0

    @property
    def full(self) -> bool:
        """Whether it is time to drain it."""
        return self._held >= _HELD

    def point(self, name: str, step: float, time: int, value: float) -> None:
        """Adds a point of a metric."""
        columns = self._points.get(name)
        if columns is None:
            columns = self._points[name] = (array("d"), array("q"), array("d"))
        columns[0].append(step)
        columns[1].append(time)
        columns[2].append(value)
        self._held += 1

    def text(self, name: str, step: float, time: int, value: str) -> None:
        """Adds a value of a string series."""
        columns = self._texts.get(name)
        if columns is None:
            columns = self._texts[name] = ([], [], [])
        columns[0].append(step)
        columns[1].append(time)
        columns[2].append(value)
        self._held += 1 + len(value) // _TEXT_CHARS

    def drain(self) -> Iterator[Item]:
        """All of it; nothing is held afterwards."""
        points, texts = self._points, self._texts
        self._points, self._texts, self._held = {}, {}, 0
        for name, (steps, times, values) in points.items():
            whole = np.frombuffer(steps), np.frombuffer(times, np.int64), np.frombuffer(values)
            for start in range(0, len(steps), POINTS_AT_ONCE):
                yield Points(name, *(column[start : start + POINTS_AT_ONCE] for column in whole))  # type: ignore[arg-type]
        for name, (at, moments, said) in texts.items():
            for start in range(0, len(said), POINTS_AT_ONCE):
                part = slice(start, start + POINTS_AT_ONCE)
                yield Texts(name, at[part], moments[part], said[part])
