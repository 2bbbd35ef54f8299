"""How metrics went, roughly, for a few lines at the end: some rows, evenly taken, however many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ROWS: Final = 80
_NAMES: Final = 20
"""Of how many metrics, where a row has many: the first by name, which are the ones shown."""


class Sketch:
    """Keeps every row, then every second one, then every fourth."""

    def __init__(self) -> None:
        self._every = 1
        self._count = 0
        self._rows: list[dict[str, Any]] = []
        self._width = 0
        self._names: list[str] = []
        """The names taken of rows of this width: sorting thousands costs more than logging them."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes a row."""
        if self._count % self._every == 0:
            if len(row) > _NAMES and (len(row) != self._width or not row.keys() >= set(self._names)):
                self._width, self._names = len(row), sorted(row)[:_NAMES]
            names = self._names if len(row) > _NAMES else row
            self._rows.append({name: row[name] for name in names})
            if len(self._rows) >= _ROWS:
                self._rows = self._rows[::2]
                self._every *= 2
        self._count += 1

    def curves(self) -> dict[str, list[float]]:
        """The values of each metric, in order."""
        found: dict[str, list[float]] = {}
        for row in self._rows:
            for name, value in row.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool) and not name.startswith("_"):
                    found.setdefault(name, []).append(value)
        return found
