"""Rows of series as items: metrics, texts, histograms. Order of steps is the store's matter, that of rows is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from pluto.compat.attributes.monitoring import label_of
from pluto_migration.model import POINTS_AT_ONCE, Data, Points, Texts
from pluto_migration.source import Problems
from pluto_migration.sources.neptune_exporter.columns import (
    Flags,
    Floats,
    Integers,
    field,
    floats,
    missing,
    numbers,
    steps,
    texts,
    times,
)
from pluto_migration.sources.neptune_exporter.rows import Rows

Columns = tuple[Floats, Integers, Floats]
"""Steps, times and values."""

_HELD: Final = 1 << 20
"""Most points of all metrics together that wait for more of their own."""
_MONITORING: Final = "monitoring/"
_RUNTIME: Final = re.compile(r"runtime/(?:[^/]+/)*(?:cpu|memory|gpu(?:_memory|_power)?(?:_[0-9]+)?)")
_COUNTS: Final = "COUNTING"


def hardware_of(path: str) -> str | None:
    """The namespace of a float series that tells how busy the machine was, None for any other."""
    if path.startswith(_MONITORING) or _RUNTIME.fullmatch(path):
        return path.rpartition("/")[0]
    return None


class Metrics:
    """Float series. A batch has few points of each where there are many: they wait for each other."""

    def __init__(self, began: int) -> None:
        self._began = began
        self._waiting: dict[str, list[Columns]] = {}
        self._counts: dict[str, int] = {}
        self._held = 0
        self.hardware: set[str] = set()
        """Namespaces in which there was hardware."""

    def take(self, rows: Rows, problems: Problems) -> Iterator[Points]:
        """Takes the points of the rows, and gives what has got enough."""
        value = rows.column("float_value")
        moments, timeless = times(rows.column("timestamp"))
        # What has neither moment nor value is an attribute that only other runs have; with a moment it is a NaN.
        there = ~(missing(value) & timeless)
        columns = (
            stepped(steps(rows.column("step")), there, rows.where, problems),
            timed(moments, timeless & there, self._began, rows.where, problems),
            floats(value),
        )
        for path, places in rows.groups():
            kept = there[places]
            part = [column[places] if kept.all() else column[places][kept] for column in columns]
            if len(part[0]):
                yield from self._add(self._name(path), (part[0], part[1], part[2]))  # type: ignore[arg-type]
        if self._held > _HELD:
            yield from self.drain()

    def drain(self) -> Iterator[Points]:
        """All that waits."""
        for name in list(self._waiting):
            yield from self._give(name)

    def _add(self, name: str, columns: Columns) -> Iterator[Points]:
        self._waiting.setdefault(name, []).append(columns)
        count = self._counts[name] = self._counts.get(name, 0) + len(columns[0])
        self._held += len(columns[0])
        if count >= POINTS_AT_ONCE:
            yield from self._give(name)

    def _give(self, name: str) -> Iterator[Points]:
        parts = self._waiting.pop(name)
        self._held -= self._counts.pop(name)
        whole = [np.concatenate(column) if len(parts) > 1 else column[0] for column in zip(*parts, strict=True)]
        for start in range(0, len(whole[0]), POINTS_AT_ONCE):
            at, moments, values = (column[start : start + POINTS_AT_ONCE] for column in whole)
            yield Points(name, at, moments, values)

    def _name(self, path: str) -> str:
        namespace = hardware_of(path)
        if namespace is None:
            return path
        self.hardware.add(namespace)
        return f"{label_of(namespace)}/{path.rpartition('/')[2]}"


def string_rows(rows: Rows, began: int, problems: Problems) -> Iterator[Texts]:
    """String series: each path's rows as one item."""
    values = texts(rows.column("string_value"))
    there = np.asarray([value is not None for value in values], np.bool_)
    at, moments = _placed(rows, there, began, problems)
    for path, places in rows.groups():
        kept = np.arange(len(rows))[places]
        kept = kept[there[kept]]
        if len(kept):
            said = [text for text in (values[place] for place in kept.tolist()) if text is not None]
            yield Texts(path, at[kept].tolist(), moments[kept].tolist(), said)


class Histograms:
    """Histogram series."""

    def __init__(self, began: int) -> None:
        self._began = began
        self.words: dict[str, str] = {}
        """What the server called values that are neither counts nor densities, by path."""

    def take(self, rows: Rows, problems: Problems) -> Iterator[Data]:
        """The histograms of the rows."""
        column = rows.column("histogram_value")
        there = ~missing(column)
        at, moments = _placed(rows, there, self._began, problems)
        words = texts(field(column, "type"))
        both = zip(numbers(field(column, "edges")), numbers(field(column, "values")), strict=True)
        for place, (path, (edges, counts)) in enumerate(zip(rows.paths, both, strict=True)):
            if not there[place]:
                continue
            if edges is None or counts is None or len(edges) != len(counts) + 1:
                problems.note(rows.where, f"{path}: a histogram whose edges and values do not fit each other: left out")
                continue
            word = words[place] or _COUNTS
            if word not in (_COUNTS, "DENSITY"):
                self.words[path] = word
            body = histogram(edges, counts, density=word != _COUNTS)
            yield Data(path, "HISTOGRAM", float(at[place]), int(moments[place]), body)


def histogram(edges: Sequence[float], values: Sequence[float], *, density: bool) -> dict[str, Any]:
    """A histogram in the layout of the stock API, its edges one by one."""
    body: dict[str, Any] = {
        "freq": list(values),
        "maxFreq": max((value for value in values if not math.isnan(value)), default=0),
        "bins": list(edges),
        "shape": "generic",
        "type": "Histogram",
        "v": 1,
    }
    return {**body, "density": True} if density else body


def stepped(found: Floats, there: Flags, where: str, problems: Problems) -> Floats:
    """The steps, 0 for points that have none."""
    gone = np.isnan(found) & there
    if gone.any():
        problems.note(where, f"{int(gone.sum())} points without a step: they stand at step 0")
        found = np.where(gone, 0.0, found)
    return found


def timed(found: Integers, gone: Flags, began: int, where: str, problems: Problems) -> Integers:
    """The times, that of the run's begin for points that have none."""
    if gone.any():
        problems.note(where, f"{int(gone.sum())} points without a time: they stand at the time the run began")
        found = np.where(gone, began, found)
    return found


def _placed(rows: Rows, there: Flags, began: int, problems: Problems) -> tuple[Floats, Integers]:
    moments, timeless = times(rows.column("timestamp"))
    at = stepped(steps(rows.column("step")), there, rows.where, problems)
    return at, timed(moments, timeless & there, began, rows.where, problems)
