"""What of a run lies in rows and files, laid down as the door of W&B does it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pluto_migration.gather import Gather
from pluto_migration.model import Facts, Item
from pluto_migration.source import Problems
from pluto_migration.sources.wandb_live import files
from pluto_migration.sources.wandb_local import machine, stats
from pluto_migration.sources.wandb_local.files import kept
from pluto_migration.sources.wandb_local.rows import RUNTIME, STAMP, STEP, WORDS, Rows, microseconds
from pluto_migration.sources.wandb_local.summary import Summary

METADATA: Final = "wandb-metadata.json"
REQUIREMENTS: Final = "requirements.txt"
_SYSTEM: Final = "system."
_AGGREGATES: Final = frozenset({"min", "max", "mean", "last", "first", "best"})
"""What the service has in a summary of a metric whose definition names them."""
_MOST: Final = 64 << 20
"""Bytes of the biggest file that is looked into."""


class Laid:
    """Turns rows and files that were fetched into items."""

    def __init__(self, where: str, began: int, there: Mapping[str, Path], scratch: Path, problems: Problems) -> None:
        """`there`: where the run's files lie; `began`: the time of what has none."""
        self._taken: set[str] = set()
        self._where, self._began, self._there, self._problems = where, began, there, problems
        self._scratch = scratch
        self._rows = Rows(self._file, problems, where)
        # The service has non-finite numbers as texts, whatever the name.
        self._rows.words = True

    def labels(self, labels: Any) -> None:
        """The names of masks' classes, as the config has them."""
        if isinstance(labels, Mapping):
            self._rows.labels = labels.get

    def about(self) -> Iterator[Item]:
        """What the files say of machine, code and packages."""
        said = self._json(METADATA)
        packages = self._text(REQUIREMENTS)
        known = machine.metadata(said, [line.strip() for line in (packages or "").splitlines() if line.strip()])
        host = said.get("host")
        if known or host:
            yield Facts(metadata=known, wandb={"host": host} if isinstance(host, str) else {})

    def rows(self, rows: Iterable[Mapping[str, Any]], after: float | None, expected: int | None) -> Iterator[Item]:
        """The rows, by step. `after`: rows up to this step are another run's. `expected`: how many there should be."""
        rows_of, time, step = self._rows, self._began, -1.0
        own = inherited = 0
        start: int | None = None
        for row in rows:
            values = dict(row)
            said, stamp, runtime = values.pop(STEP, None), values.pop(STAMP, None), values.pop(RUNTIME, None)
            if isinstance(said, (int, float)):
                step = float(said)
            else:
                self._problems.note(self._where, "rows without a step come at the step before them")
            time = _time(stamp, time)
            if start is None and isinstance(runtime, (int, float)) and isinstance(stamp, (int, float)):
                start = microseconds(stamp - runtime)
            if after is not None and step <= after:
                inherited += 1
                continue
            own += 1
            yield from rows_of.add(step, time, values)
        yield from rows_of.flush()
        if expected is not None and expected not in (own, own + inherited):
            self._problems.note(self._where, f"the service counts {expected} rows, and gave {own + inherited}")
        named = rows_of.own()
        if start is not None:
            named["starts"] = {str(start): 0.0}
        if named:
            yield Facts(wandb=named)

    def events(self, rows: Iterable[Any]) -> Iterator[Item]:
        """What the machine was measured by, each sample a step."""
        gather, time = Gather(), self._began
        for step, row in enumerate(row for row in rows if isinstance(row, Mapping)):
            stamp = row.get(STAMP)
            time = _time(stamp, time)
            for name, value in row.items():
                if name in (STAMP, RUNTIME, STEP, "_wandb"):
                    continue
                number = WORDS.get(value) if isinstance(value, str) else value
                if isinstance(number, (int, float)):
                    label, factor = stats.label(name.removeprefix(_SYSTEM))
                    gather.point(label, float(step), time, float(number) * factor)
                elif value is not None:
                    self._problems.note(self._where, f"system metrics: a value of {name!r} is no number")
            if gather.full:
                yield from gather.drain()
        yield from gather.drain()

    def summary(self, summary: Mapping[str, Any], defined: Mapping[str, Any]) -> Iterator[Item]:
        """What somebody set in the summary. `defined`: what definitions of metrics say, as in `_wandb.m`."""
        found, last = Summary(), self._rows.last_step
        row = int(last) + 1 if math.isfinite(last) else 0
        for name, value in summary.items():
            made = isinstance(value, dict) and bool(value) and value.keys() <= _AGGREGATES
            found.set((str(name),), _numbers(value), row, made=made)
        own = found.own(self._rows.last_of, defined)
        if own:
            yield Facts(wandb={"summary": own})

    def rest(self, but: Iterable[str] = ()) -> Iterator[Item]:
        """The files that belong to no value of a row."""
        for name, path in self._there.items():
            if name not in self._taken and name not in but:
                yield kept(name, files.linked(self._scratch, path), self._began)

    def _file(self, name: str) -> Path | None:
        path = self._there.get(name)
        if path is None:
            return None
        self._taken.add(name)
        return files.linked(self._scratch, path)

    def _text(self, name: str) -> str | None:
        path = self._there.get(name)
        if path is None or path.stat().st_size > _MOST:
            return None
        return path.read_bytes().decode("utf-8", "replace")

    def _json(self, name: str) -> Mapping[str, Any]:
        text = self._text(name)
        try:
            found = json.loads(text or "{}")
        except (ValueError, RecursionError) as error:
            self._problems.note(f"{self._where}/{name}", f"no JSON: {error}")
            return {}
        return found if isinstance(found, dict) else {}


def _time(stamp: Any, before: int) -> int:
    """The time that a row says, or that of the row before it."""
    time = microseconds(stamp) if isinstance(stamp, (int, float)) else None
    return before if time is None else time


def _numbers(value: Any) -> Any:
    """A value of a summary, with the words for non-finite numbers as these."""
    if isinstance(value, str):
        return WORDS.get(value, value)
    if isinstance(value, dict) and "_type" not in value:
        return {name: _numbers(inner) for name, inner in value.items()}
    return value
