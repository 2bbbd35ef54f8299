"""What somebody set in a run's summary, in the place of what its rows give: as the door keeps it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from pluto.compat.wandb.sdk.lib.definitions import Definitions
from pluto_migration.sources.wandb_local.rows import WORDS, NamePath, as_float

OWN: Final = frozenset({"_wandb", "_runtime", "_step", "_timestamp"})
"""Keys of a summary that follow from the rows."""


class Summary:
    """Collects what was set and what was deleted; each with the row that came next then."""

    def __init__(self) -> None:
        self._said: dict[NamePath, list[Any]] = {}
        self._made: set[NamePath] = set()
        """Paths of values that W&B has made itself."""

    def set(self, path: NamePath, value: Any, row: int, *, made: bool = False) -> None:
        """A value that was set when `row` was the next row; `made`: by W&B itself, of the rows."""
        if path[0] in OWN:
            return
        self._forget(path)
        self._said[path] = [row, value]
        if made:
            self._made.add(path)

    def delete(self, path: NamePath, row: int) -> None:
        """A value that was taken away."""
        if path[0] not in OWN:
            self._forget(path)
            self._said[path] = [row]

    def take(self, summary: Mapping[str, Any], row: int) -> None:
        """A whole summary, as a server has it."""
        for name, value in summary.items():
            self.set((name,), value, row)

    def own(self, last_of: Callable[[str], Any], defined: Mapping[str, Any] | None = None) -> dict[str, list[Any]]:
        """For the config's `_wandb.summary`: what differs from what rows give.

        `last_of` gives the last value of a name; `defined` is what definitions of metrics say, as in `_wandb.m`.
        """
        definitions = Definitions(defined)
        found: dict[str, list[Any]] = {}
        for path, said in self._said.items():
            if len(said) > 1 and _equal(said[1], last_of, path):
                continue
            definition = definitions.of(path)
            if path in self._made and definition is not None and definition.summary:
                continue
            found[".".join(part.replace(".", "\\.") for part in path)] = said
        return found

    def _forget(self, path: NamePath) -> None:
        """What was set before at the path, or below it, counts no more."""
        for other in [other for other in self._said if other[: len(path)] == path]:
            del self._said[other]
            self._made.discard(other)


def _equal(value: Any, last_of: Callable[[str], Any], path: NamePath) -> bool:
    """Whether a value is what the rows give, number for number."""
    if isinstance(value, dict) and value and "_type" not in value:
        return all(_equal(inner, last_of, (*path, str(name))) for name, inner in value.items())
    last = last_of(".".join(path))
    if value is None or last is None:
        return value is last
    if isinstance(value, str) and isinstance(last, float):
        value = WORDS.get(value, value)
    if isinstance(value, bool) or isinstance(last, bool):
        return value is last
    if isinstance(value, (int, float)) and isinstance(last, float):
        value = as_float(value)
        return value == last or (math.isnan(value) and math.isnan(last))
    return bool(value == last)
