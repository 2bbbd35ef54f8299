"""Rows of a run, laid down as the door of W&B lays them down: numbers, texts, and JSON values with their files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pluto_migration.gather import Gather
from pluto_migration.model import Data, Item
from pluto_migration.source import Problems
from pluto_migration.sources.wandb_local import media
from pluto_migration.sources.wandb_local.columns import Columns

JSON: Final = "JSON"
STEP: Final = "_step"
RUNTIME: Final = "_runtime"
STAMP: Final = "_timestamp"
WORDS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""How the service, and writers until 0.17, have numbers that JSON has no form for: as texts."""
LATEST: Final = 253_402_300_800
"""Seconds: the year 10,000, which no date has."""
_DEEPEST: Final = 100

NamePath = tuple[str, ...]


class Rows:
    """Takes rows and gives items. Columns are drained when much is held: ask `full` after each row, or use `add`."""

    def __init__(self, files: Callable[[str], Path | None], problems: Problems, where: str) -> None:
        """`files` gives a file of the run's folder by its path there. `where` is named with problems."""
        self.columns = Columns()
        self.texts = Gather()
        self.where = where
        self.words = False
        """Whether a text that is one of `WORDS` is a number under any name, and not only under those of numbers."""
        self.problems = problems
        self.bools: dict[str, bool] = {}
        self.nested: dict[str, list[str]] = {}
        self.last: dict[str, Any] = {}
        """The last value of each name that is no number."""
        self.last_step = -math.inf
        self.labels: Callable[[str], Any] = lambda _: None
        """The names of a mask's classes, as the config has them, by key and layer."""
        self._files = files
        self._names: dict[NamePath, str] = {}
        self.later: list[tuple[str, Any]] = []
        """What of the last row is no number."""

    # row by row

    def add(self, step: float, time: int, row: Mapping[str, Any]) -> Iterator[Item]:
        """One row: values by name, dicts nested or joined with dots; `time` in microseconds."""
        empty = True
        for name, value in row.items():
            empty = not self.put((name,), value) and empty
        self.end(step, time, empty)
        if self.later:
            yield from self.drain_later()
        if self.full:
            yield from self.flush()

    @property
    def full(self) -> bool:
        """Whether so much is held that it should be flushed."""
        return self.columns.full or self.texts.full

    def flush(self) -> Iterator[Item]:
        """All that is held."""
        yield from self.columns.drain()
        yield from self.texts.drain()

    def own(self) -> dict[str, Any]:
        """What the config's key `_wandb` has to say of the names."""
        found: dict[str, Any] = {}
        if self.bools:
            found["bools"] = dict(self.bools)
        if self.nested:
            found["nested"] = dict(self.nested)
        return found

    def last_of(self, name: str) -> Any:
        """The last value of a name, once all is flushed; None without one."""
        if name in self.last:
            return self.last[name]
        value = self.columns.last.get(name)
        return bool(value) if value in (0.0, 1.0) and name in self.bools else value

    # the open row

    def put(self, path: NamePath, value: Any, depth: int = 0) -> bool:
        """A value of the row that is open. Whether anything of it is kept."""
        kind = type(value)
        if kind is float or kind is int:
            self.number(path, as_float(value))
        elif kind is bool:
            self.bools[self.number(path, float(value))] = True
        elif kind is str:
            self._text(path, value)
        elif kind is dict and "_type" not in value and value and depth < _DEEPEST:
            kept = [self.put((*path, str(key)), inner, depth + 1) for key, inner in value.items()]
            return any(kept)
        else:
            self.later.append((self.name(path), value))
        return True

    def number(self, path: NamePath, value: float) -> str:
        """A number of the row that is open; gives the name."""
        name = self.name(path)
        add_value, add_row = self.columns.of(name)
        add_value(value)
        add_row(len(self.columns.steps))
        return name

    def name(self, path: NamePath) -> str:
        """The name of the values at a path; noted where it is nested."""
        name = self._names.get(path)
        if name is None:
            name = self._names[path] = ".".join(path) or "_"
            if not any(path):
                self.problems.note(self.where, "values without a name are kept as '_'")
            if len(path) > 1:
                self.nested.setdefault(name, list(path))
        return name

    def end(self, step: float, time: int, empty: bool) -> None:
        """The row that is open is over. One that is `empty` leaves its time."""
        if empty:
            self.number((STAMP,), time / 1e6)
        self.columns.steps.append(step)
        self.columns.times.append(time)
        if step > self.last_step:
            self.last_step = step

    def drain_later(self) -> Iterator[Item]:
        """What of the last row is no number and no text: to be called after `end`."""
        later, self.later = self.later, []
        step, time = self.columns.steps[-1], self.columns.times[-1]
        for name, value in later:
            if isinstance(value, str):
                self.texts.text(name, step, time, value)
                self.last[name] = value
                continue
            self.last[name] = value if not isinstance(value, list) or len(value) < 1000 else None
            yield Data(name, JSON, step, time, value)
            if isinstance(value, dict):
                place = media.Place(name, step, time, self._files, self.problems, self.where, self.labels)
                yield from media.items(place, value)

    def _text(self, path: NamePath, value: str) -> None:
        if value in WORDS and (self.words or self.name(path) in self.columns):
            self.number(path, WORDS[value])
        else:
            self.later.append((self.name(path), value))


def as_float(value: float) -> float:
    """A number as a metric has it: whole ones beyond all floats are infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def microseconds(seconds: float) -> int | None:
    """A time in whole microseconds; None for one that is no date since 1970."""
    return round(seconds * 1e6) if 0 <= seconds < LATEST else None
