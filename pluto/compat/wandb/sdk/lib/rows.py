"""The rows of a run: which one a call of `log` belongs to, and what it adds. Each call is one record."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.definitions import Definition, Definitions, Path, read
from pluto.compat.wandb.sdk.lib.row_values import clean, flat
from pluto.compat.wandb.sdk.lib.sketch import Sketch
from pluto.compat.wandb.sdk.lib.tally import Tally
from pluto.core.fork import sqlite_lock
from pluto.protocol.records import Kind

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_metric import Metric
    from pluto.compat.wandb.sdk.wandb_run import Run

_ROW: Final = int(Kind.ROW)
_PLAIN: Final = frozenset({int, float, str})
_OWN: Final = frozenset({"_step", "_runtime"})
"""Names a script can't log under: they follow from the row."""
_now: Final = time.time_ns
_pack: Final[Callable[[Any], bytes]] = msgspec.msgpack.Encoder().encode


class Rows:
    """Counts rows as `log` says: one is open, and the next begins when it is flushed or a later step is named."""

    def __init__(self, run: Run, append: Callable[[int, bytes], object], definitions: Definitions) -> None:
        """`append` writes a record of the kind given."""
        self._run = run
        self._append = append
        self.definitions = definitions
        self.paths: dict[str, Path] = {}
        """The nested names of each name that rows have."""
        self.tally = Tally(definitions, self.paths)
        self.sketch = Sketch()
        """How metrics went, roughly."""
        self.number = 0
        """The row that is open, or comes next."""
        self.open = False
        self.relative = False
        """Whether the numbers are counted here, and mean nothing to others: the deliverer finds the real ones."""
        self._values: dict[str, Any] = {}
        """What the open row has so far."""
        self._opened_us = 0
        self._known: set[str] = set()
        """Names that need no second look."""
        self._names: list[str] = []
        """The names of the last call, where all of them were known: rows are mostly alike, and this is quickly seen."""
        self._needed: set[str] = set()
        """Step metrics without which a row of known names is not complete."""
        self._dependents: set[str] = set()
        """Known names that need one of them."""
        self._step_names: set[str] = set()
        self._steps: dict[str, Any] = {}
        """The last value of each step metric."""
        self._bools: set[str] = set()

    def log(self, data: Mapping[str, Any], step: Any = None, commit: Any = None) -> None:
        """Adds to a row. On disk when it returns.

        Raises `TypeError` and `ValueError` for what can't be logged; nothing of the call is kept then.
        """
        values: Mapping[str, Any] | None = None
        items: list[tuple[Path, Any]] = []
        same, names = False, list[str]()
        if (
            type(data) is dict
            and data
            and ((same := (names := list(data)) == self._names) or data.keys() <= self._known)
            and _PLAIN.issuperset(map(type, data.values()))
            and (not self._needed or self._needed <= data.keys() or data.keys().isdisjoint(self._dependents))
        ):
            values = data
        else:
            if not isinstance(data, Mapping):
                raise TypeError("wandb.log must be passed a dictionary")
            if not all(isinstance(key, str) for key in data):
                raise TypeError("Key values passed to `wandb.log` must be strings.")
            items = list(flat(data, self._run, self.number, self.number if step is None else self._step(step)))
        now = _now() // 1000
        with sqlite_lock():
            number = self.number
            if step is None:
                flush = commit is None or bool(commit)
            else:
                number = self._step(step)
                flush = commit is not None and bool(commit)
                if number < self.number:
                    termwarn(
                        f"Tried to log to step {number} that is less than the current step {self.number}. Steps must be"
                        " monotonically increasing, so this data will be ignored. Use define_metric to log data out of"
                        " order."
                    )
                    return
            try:
                if values is None:
                    values = self._look(items, number)
                body = self._part(now, number, values, flush)
            except (OverflowError, UnicodeEncodeError):
                values = self._look(list(flat(data, self._run, self.number, number)), number)
                body = self._part(now, number, values, flush)
            if number > self.number:
                if self.open:
                    self._finish()
                self.number = number
            self._append(_ROW, body)
            for name in self._step_names:
                if name in values:
                    self._steps[name] = values[name]
            self._take(now, values, flush, same and values is data)
            self._names = names if values is data else []

    def define(self, metric: Metric) -> Definition:
        """Takes a definition over. Metrics that are known are looked at anew."""
        with sqlite_lock():
            definition = self.definitions.define(metric)
            if definition.step_metric:
                self._step_names.add(".".join(read(definition.step_metric)))
            self.look_anew()
            return definition

    def look_anew(self) -> None:
        """Definitions have changed: every name is looked at again."""
        self._known.clear()
        self._names = []
        self._needed.clear()
        self._dependents.clear()
        self.tally.defined()

    def remember_step(self, path: Path, summary: Mapping[str, Any]) -> None:
        """Takes the last value of a step metric over from the summary of an earlier part of the run."""
        name = ".".join(path)
        self._step_names.add(name)
        found: Any = summary
        for part in path:
            found = found.get(part) if isinstance(found, Mapping) else None
        if isinstance(found, (int, float)):
            self._steps[name] = found

    def flush(self) -> None:
        """Finishes the row that is open: at the end of the run."""
        with sqlite_lock():
            if self.open:
                self._append(_ROW, self._part(self._opened_us, self.number, {}, True))
                self._finish()
                self.number += 1

    def forked(self) -> None:
        """In a forked child: the open row is the parent's, and the child's begin behind it."""
        self.number += self.open
        self.open, self._values = False, {}

    def joined(self) -> None:
        """In a process that joins the run: the open row is another's, and so are the numbers."""
        self.relative, self.number, self.open, self._values = True, 0, False, {}

    def _part(self, now: int, number: int, values: Mapping[str, Any], flush: bool) -> bytes:
        return _pack((now, [number + 1] if self.relative else number, values, flush))

    def _take(self, now: int, values: Mapping[str, Any], flush: bool, same: bool) -> None:
        """The row that is open has got a part; `same` if its names are those of the part before."""
        self._opened_us = now
        if flush and not self.open:
            self._values = values  # type: ignore[assignment]  # it is only read until the row is finished, just below
            self._finish(same)
            self.number += 1
            return
        self._values = {**self._values, **values} if self.open else dict(values)
        self.open = True
        if flush:
            self._finish()
            self.number += 1

    def _finish(self, same: bool = False) -> None:
        self.tally.add(self._values, self.number, self._opened_us, same)
        self.sketch.add(self._values)
        self.open, self._values = False, {}

    def _look(self, items: list[tuple[Path, Any]], number: int) -> dict[str, Any]:
        """The values of a call as its record has them, with the step metrics that have to be there."""
        values: dict[str, Any] = {}
        news: dict[str, dict[str, Any]] = {}
        wanted: dict[str, Path] = {}
        already: Mapping[str, Any] = self._values if number == self.number else {}
        for path, value in items:
            name = path[0] if len(path) == 1 else ".".join(path)
            if path[0] in _OWN:
                continue
            if not name:
                termwarn("a value without a name was not logged", repeat=False)
                continue
            if not name.isascii():
                name = clean(name)
            values[name] = value
            self._register(name, path, value, news)
            definition = self.definitions.of(path) if self.definitions else None
            known = len(path) == 1 and type(value) in _PLAIN and name[0] != "_" and name not in self.tally.aggregated
            if known:
                self._known.add(name)
            if definition is not None and definition.step_sync and definition.step_metric:
                step_path = read(definition.step_metric)
                wanted[".".join(step_path)] = step_path
                if known:
                    self._dependents.add(name)
        for name, path in wanted.items():
            self._needed.add(name)
            if name not in values and name not in already:
                values[name] = self._steps.get(name, 0)
                self._register(name, path, values[name], news)
        if news:
            self._run._set_config_wandb((), news)
        return values

    def _register(self, name: str, path: Path, value: Any, news: dict[str, dict[str, Any]]) -> None:
        """Notes what a reader has to know of a name that comes for the first time, or with a boolean."""
        if name not in self.paths or self.paths[name] != path:
            if len(path) > 1 and name not in self.paths:
                news.setdefault("nested", {})[name] = list(path)
            self.paths[name] = path
            self.tally.look_at(name)
        if value is True or value is False:
            if name not in self._bools:
                self._bools.add(name)
                news.setdefault("bools", {})[name] = True

    @staticmethod
    def _step(step: Any) -> int:
        if isinstance(step, bool):
            raise TypeError("step is a whole number, not a boolean")
        number = operator.index(step)
        if not -(2**63) <= number < 2**63:
            raise ValueError(f"step {number} is out of range")
        return number
