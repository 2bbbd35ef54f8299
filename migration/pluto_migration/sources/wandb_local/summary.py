"""What somebody set in a run's summary, in the place of what its rows give: as the door keeps it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

NamePath = tuple[str, ...]

OWN: Final = frozenset({"_wandb", "_runtime", "_step", "_timestamp"})
"""Keys of a summary that follow from the rows."""


class Summary:
    """Collects what was set and what was deleted; each with the row that came next then."""

    def __init__(self) -> None:
        self._said: dict[NamePath, list[Any]] = {}

    def set(self, path: NamePath, value: Any, row: int) -> None:
        """A value that was set when `row` was the next row. A dict that says no `_type` goes value by value."""
        if path[0] in OWN:
            return
        self._forget(path)
        self._said[path] = [row, value]

    def delete(self, path: NamePath, row: int) -> None:
        """A value that was taken away."""
        if path[0] not in OWN:
            self._forget(path)
            self._said[path] = [row]

    def take(self, summary: Mapping[str, Any], row: int) -> None:
        """A whole summary, as a server has it."""
        for name, value in summary.items():
            self.set((name,), value, row)

    def own(self, last_of: Callable[[str], Any]) -> dict[str, list[Any]]:
        """For the config's `_wandb.summary`: what differs from the last value that rows have of the name."""
        found: dict[str, list[Any]] = {}
        for path, said in self._said.items():
            if len(said) > 1 and _equal(said[1], last_of, path):
                continue
            found[".".join(part.replace(".", "\\.") for part in path)] = said
        return found

    def _forget(self, path: NamePath) -> None:
        """What was set before at the path, or below it, counts no more."""
        for other in [other for other in self._said if other[: len(path)] == path]:
            del self._said[other]


def _equal(value: Any, last_of: Callable[[str], Any], path: NamePath) -> bool:
    """Whether a value is what the rows give, number for number."""
    if isinstance(value, dict) and value and "_type" not in value:
        return all(_equal(inner, last_of, (*path, str(name))) for name, inner in value.items())
    last = last_of(".".join(path))
    if isinstance(value, bool) or isinstance(last, bool) or last is None:
        return value is last if isinstance(value, bool) and isinstance(last, bool) else False
    if isinstance(value, float) and isinstance(last, float) and math.isnan(value):
        return math.isnan(last)
    return bool(value == last)
