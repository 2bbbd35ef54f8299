"""DataFrames of what was read: shapes, types, names and order as neptune-query's."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.neptune_query.exceptions import ConflictingAttributeTypes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pandas import DataFrame

HINT: Final = "pip install 'pluto-ml[pandas]'"
VALUE, TIME, PREVIEW, COMPLETION = "value", "absolute_time", "is_preview", "preview_completion"


def pandas() -> Any:
    """The pandas module. Raises ImportError that says how to get it."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(f"this function gives a DataFrame, which takes pandas: {HINT}") from error
    return pd


@dataclass(frozen=True, slots=True)
class Row:
    """A run's or experiment's line of a table: values by attribute and type."""

    label: str
    values: Mapping[tuple[str, str], Any]
    project: str = ""


def table(rows: Sequence[Row], container: str, *, type_suffix: bool, projects: bool = False) -> DataFrame:
    """A line for each row, a column for each attribute, sorted by name.

    With `projects`, the project is the first level of the index. Raises `ConflictingAttributeTypes` where an attribute
    would need two columns, unless names have a `type_suffix`.
    """
    pd = pandas()
    if projects:
        names = ["project", container]
        index = pd.MultiIndex.from_tuples([(row.project, row.label) for row in rows], names=names)
    else:
        index = pd.Index([row.label for row in rows], name=container, dtype=None if rows else object)
    found = {key for row in rows for key in row.values}
    if not type_suffix:
        names = sorted(name for name, _ in found)
        twice = {name for name, other in itertools.pairwise(names) if name == other}
        if twice:
            raise ConflictingAttributeTypes(sorted(twice))
    columns = {f"{name}:{type_name}" if type_suffix else name: (name, type_name) for name, type_name in found}
    missing = float("nan")
    made = {
        column: pd.Series([row.values.get(columns[column], missing) for row in rows], index=index)
        for column in sorted(columns)
    }
    head = pd.Index(list(made), name="attribute", dtype=str if rows else object)
    frame: DataFrame = pd.DataFrame(made, index=index, columns=head)
    return frame


@dataclass(frozen=True, slots=True)
class Part:
    """A series of one run or experiment: arrays of equal length. Times are microseconds."""

    label: str
    path: str
    steps: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[Any]
    previews: npt.NDArray[np.bool_] | None = None
    completions: npt.NDArray[np.float64] | None = None


def by_step(parts: Sequence[Part], container: str, *, suffix: str = "", time: bool, previews: bool) -> DataFrame:
    """A line for each run or experiment and step, a column for each series, sorted; of equal steps the later one.

    With `time` or `previews`, columns of two levels.
    """
    import numpy as np

    pd = pandas()
    parts = [part for part in parts if len(part.steps)]
    of_label: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        of_label[part.label].append(part)
    labels = sorted(of_label)
    steps = [np.unique(np.concatenate([part.steps for part in of_label[label]])) for label in labels]
    starts = dict(zip(labels, np.cumsum([0, *map(len, steps)]).tolist(), strict=False))
    places = dict(zip(labels, steps, strict=True))
    length = sum(map(len, steps))
    columns: dict[tuple[str, str], Any] = {}
    of_path: dict[str, list[tuple[Part, npt.NDArray[np.int64]]]] = defaultdict(list)
    for part in parts:
        of_path[part.path].append((part, starts[part.label] + np.searchsorted(places[part.label], part.steps)))
    for path in sorted(of_path):
        name = path + suffix
        placed = of_path[path]
        kind = object if placed[0][0].values.dtype == object else np.float64
        columns[name, VALUE] = _filled(length, placed, kind, np.nan, lambda part: part.values)
        if time:
            columns[name, TIME] = _moments(_filled(length, placed, np.int64, _NO_TIME, lambda part: part.times // 1000))
        if previews:
            columns[name, PREVIEW] = _filled(length, placed, object, np.nan, lambda part: part.previews)
            columns[name, COMPLETION] = _filled(length, placed, np.float64, np.nan, lambda part: part.completions)
    # One gap anywhere, and the flags of all series are objects.
    if previews and not any(np.isnan(one).any() for (_, what), one in columns.items() if what == COMPLETION):
        columns |= {key: one.astype(bool) for key, one in columns.items() if key[1] == PREVIEW}
    index = pd.MultiIndex.from_arrays(
        [
            pd.Index(np.repeat(np.array(labels, object), [len(one) for one in steps]), dtype=str),
            np.concatenate(steps) if steps else np.array([], np.float64),
        ],
        names=[container, "step"],
    )
    # Texts make columns of texts where there is nothing else.
    mixed = any(not isinstance(one, str) for part in parts if part.values.dtype == object for one in part.values)
    if mixed:
        columns |= {key: pd.Series(one, index, object) for key, one in columns.items() if key[1] == VALUE}
    frame: DataFrame = pd.DataFrame(columns, index=index)
    names, kinds = ([key[n] for key in columns] for n in (0, 1))
    head = [pd.Index(names, dtype=str), pd.Index(kinds, dtype=str)]
    frame.columns = pd.MultiIndex.from_arrays(head, names=[None, None]) if time or previews else head[0]
    return frame


_NO_TIME: Final = -(2**63)


def _filled(
    length: int,
    placed: Sequence[tuple[Part, npt.NDArray[np.int64]]],
    kind: Any,
    missing: Any,
    column: Callable[[Part], Any],
) -> npt.NDArray[Any]:
    import numpy as np

    found = np.full(length, missing, kind)
    for part, at in placed:
        found[at] = column(part)
    return found


def _moments(milliseconds: npt.NDArray[np.int64]) -> Any:
    """Times in UTC; of whichever resolution this pandas gives to milliseconds."""
    pd = pandas()
    resolution = pd.to_datetime([0], unit="ms", utc=True).dtype
    return pd.DatetimeIndex(milliseconds.view("M8[ms]")).tz_localize("UTC").astype(resolution)


@dataclass(frozen=True, slots=True)
class Bucketed:
    """A series of one run or experiment in ranges of steps: rising numbers of ranges, and a point of each (or NaN).

    Range 0 is the first step of all, range n what lies above `edges[n - 1]`, up to and with `edges[n]`.
    """

    label: str
    path: str
    numbers: npt.NDArray[np.int64]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]


def buckets(parts: Sequence[Bucketed], edges: Sequence[float], container: str) -> DataFrame:
    """A line for each range, columns of three levels: run or experiment, metric, and `x` and `y` of the point.

    The first step of all belongs to the first range, whose interval is closed on both sides; its point is that of range
    0 where there is one.
    """
    import numpy as np

    pd = pandas()
    there = [part.numbers[~(np.isnan(part.x) & np.isnan(part.y))] for part in parts]
    filled = np.unique(np.concatenate(there)) if there else np.array([], np.int64)
    lines = np.unique(np.maximum(filled, 1))
    joined = len(edges) > 1 and len(filled) > 0 and filled[0] == 0
    intervals = []
    for line in lines.tolist():
        if len(edges) == 1:
            intervals.append(pd.Interval(edges[0], edges[0], closed="both"))
        else:
            closed = "both" if line == 1 and joined else "right"
            intervals.append(pd.Interval(edges[line - 1], edges[line], closed=closed))
    # The original makes the joined range anew, and its index with it; otherwise the index stays one of objects.
    index = pd.Index(intervals) if joined else pd.Index(intervals, dtype=object)
    columns = {}
    for part in sorted(parts, key=lambda part: (part.label, part.path)):
        # Backwards, so that range 0 has the last word.
        places = np.searchsorted(lines, np.maximum(part.numbers, 1))[::-1]
        for axis, values in (("x", part.x[::-1]), ("y", part.y[::-1])):
            known = ~np.isnan(values)
            column = columns[part.label, part.path, axis] = np.full(len(lines), np.nan)
            column[places[known]] = values[known]
    names = [container, "metric", "bucket"]
    head = (
        pd.MultiIndex.from_tuples(list(columns), names=names)
        if columns
        else pd.MultiIndex.from_arrays([[], [], pd.Index([], dtype=str)], names=names)
    )
    cells = np.column_stack(list(columns.values())) if columns else None
    frame: DataFrame = pd.DataFrame(cells, index=index, columns=head)
    return frame


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file on this machine; `target` is None where the store has lost it."""

    label: str
    path: str
    step: float | None
    target: str | None


def downloads(files: Sequence[Downloaded], container: str) -> DataFrame:
    """A line for each run or experiment and step, a column for each attribute, sorted; the cells are paths."""
    pd = pandas()
    if not files:
        index = pd.MultiIndex.from_arrays([pd.Index([], dtype=object)] * 2, names=[container, "step"])
        empty: DataFrame = pd.DataFrame(index=index, columns=pd.Index([], name="attribute", dtype=object))
        return empty
    rows = {(file.label, file.step, file.path): file.target for file in files}
    labels, steps, paths = zip(*rows, strict=True)
    long = pd.DataFrame({container: labels, "step": steps, "attribute": paths, "target": list(rows.values())})
    wide = long.pivot(index=[container, "step"], columns="attribute", values="target").sort_index()
    frame: DataFrame = wide.reindex(columns=sorted(wide.columns)).rename_axis(columns="attribute")
    return frame
