"""Every point of a metric from a stock server, which has neither pages nor fractions of steps."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict, deque
from typing import Any, Final, Literal

from pluto.query.connection import Connection
from pluto.query.errors import QueryError
from pluto.query.values import Buckets, Points, microseconds, restored, whole

_ROWS: Final = 50_000
STEP_SUFFIX: Final = "/_step"
"""Beside a metric whose steps a stock server can't hold, a metric of this name holds the exact ones."""


def points(
    connection: Connection,
    project: str,
    run: int,
    name: str,
    step_min: float | None,
    step_max: float | None,
    order: Literal["step", "logged"],
) -> Points:
    """What was logged under `name`, as near as a stock server kept it; exact steps where Pluto's client sent them."""
    import numpy as np

    if order != "step":
        raise QueryError(f"{connection.where} is a stock server and does not keep the order of logging")
    rows = _rows(connection, project, run, name)
    exact: dict[tuple[int, int], deque[float]] = defaultdict(deque)
    for step, time, value in _rows(connection, project, run, name + STEP_SUFFIX):
        exact[step, time].append(value)
    found = [
        (exact[step, time].popleft() if exact[step, time] else float(step), time, value) for step, time, value in rows
    ]
    found = [
        row for row in found if (step_min is None or row[0] >= step_min) and (step_max is None or row[0] <= step_max)
    ]
    found.sort(key=lambda row: (row[0], row[1]))
    steps, times, values = zip(*found, strict=True) if found else ((), (), ())
    return Points(np.array(steps, np.float64), np.array(times, np.int64), np.array(values, np.float64))


def _rows(connection: Connection, project: str, run: int, name: str) -> list[tuple[int, int, float]]:
    params = {"runId": run, "projectName": project, "logName": name, "limit": _ROWS}
    rows: list[tuple[int, int, float]] = []
    start: int | None = None
    while True:
        page = connection.get("/api/runs/metrics/raw", {**params, "stepMin": start}, fresh=start is None)
        found = [(int(whole(row["step"])), microseconds(row["time"]), restored(row)) for row in page["rows"]]
        if not page["truncated"]:
            return rows + found
        last = found[-1][0]
        if any(one[0] > other[0] for one, other in itertools.pairwise(found)) or last == found[0][0]:
            raise QueryError(
                f"{connection.where} gives {name!r} in pieces that do not follow each other:"
                " read it by get_metrics with step_min and step_max"
            )
        # The page may end amid the rows of a step: that step is read again with the next page.
        rows += [row for row in found if row[0] < last]
        start = last


def bucketed(run: int, name: str, found: Points, count: int) -> Buckets:
    """Points in ranges of equal width, as Pluto's own server makes them."""
    import numpy as np

    keep = ~np.isnan(found.steps)
    steps, times, values = found.steps[keep], found.times[keep], found.values[keep]
    low, high = (steps[0], steps[-1]) if len(steps) else (0.0, 0.0)
    width = (high - low) / count or 1.0
    place = np.minimum(((steps - low) / width).astype(np.int64), count - 1)
    starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]]) if len(steps) else np.array([], np.int64)
    ends = np.r_[starts[1:], len(steps)].astype(np.int64) if len(steps) else starts
    columns: dict[str, list[Any]] = {column: [] for column in ("min", "max", "mean", "nonfinite")}
    for start, end in zip(starts, ends, strict=True):
        part = values[start:end]
        finite = part[np.isfinite(part)]
        columns["min"].append(finite.min() if len(finite) else math.nan)
        columns["max"].append(finite.max() if len(finite) else math.nan)
        columns["mean"].append(finite.mean() if len(finite) else math.nan)
        flags = int(np.isnan(part).any()) | int((part == np.inf).any()) << 1 | int((part == -np.inf).any()) << 2
        columns["nonfinite"].append(flags)
    lasts = ends - 1
    return Buckets(
        run,
        name,
        steps=steps[starts],
        counts=ends - starts,
        min=np.array(columns["min"], np.float64),
        max=np.array(columns["max"], np.float64),
        mean=np.array(columns["mean"], np.float64),
        last=values[lasts],
        nonfinite=np.array(columns["nonfinite"], np.int64),
        last_steps=steps[lasts],
        times=times[lasts],
    )
