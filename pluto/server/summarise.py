"""Metric summaries brought from the series store to the metadata, where runs are sorted and filtered by them."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
from collections.abc import Collection, Mapping, Sequence

from pluto.server.answers import number_name
from pluto.server.context import Context
from pluto.server.metadata.contract import LastValue, MetricSummary
from pluto.server.series.contract import Damaged, Summary

log = logging.getLogger("pluto.server")

LINE = "LINE"
FILE = "FILE"
OF_FILES = frozenset({"IMAGE", "VIDEO", "AUDIO", "FILE", "TEXT", "ARTIFACT"})
WITH_LAST = frozenset({"DATA", "HISTOGRAM"})
"""Types of names, besides metrics, whose last value is worth keeping: texts and histograms, not tables and graphs."""


def mean_and_variance(summary: Summary) -> tuple[float | None, float | None]:
    """Mean and variance (of the population) over the finite values."""
    if not summary.finite:
        return None, None
    mean = summary.sum / summary.finite
    return _none(mean), _none(max(0.0, summary.sum_squares / summary.finite - mean * mean))


def kept(summaries: Mapping[str, Summary]) -> list[MetricSummary]:
    rows = []
    for name, summary in summaries.items():
        mean, variance = mean_and_variance(summary)
        low, high = (summary.min, summary.max) if summary.finite else (math.nan, math.nan)
        last, last_step = _none(summary.last), _none(summary.last_step)
        odd = None if math.isfinite(summary.last) else number_name(summary.last)
        rows.append(MetricSummary(name, summary.finite, _none(low), _none(high), mean, variance, last, last_step, odd))
    return rows


def refresh(app: Context, run: int) -> None:
    """Keeps all summaries and log names of a run that has ended."""
    names, known = app.series.names(run), app.metadata.runs.names(run)
    other = {name for name in names.keys() | known.keys() if names.get(name) != known.get(name)}
    if other:
        with app.metadata.runs.edit(run) as editor:
            editor.forget_names(other)
            editor.add_names({name: type for name, type in names.items() if name in other})
    with_last = [name for name, type in names.items() if type in WITH_LAST]
    files = [name for name, type in names.items() if type in OF_FILES]
    app.metadata.summaries.put_lasts(run, last_values(app, run, with_last, files, lines=True))
    app.metadata.summaries.put(run, kept(app.series.summaries(run)), complete=True)


def last_values(
    app: Context, run: int, names: Sequence[str], files: Sequence[str] = (), *, lines: bool
) -> list[LastValue]:
    """Out of the series: the last text or histogram of names, the last of files, with `lines` those of the console."""
    found = [
        LastValue(name, "", row.type, row.step, row.time, row.body)
        for name, row in (app.series.last_data(run, names) if names else {}).items()
    ]
    found += [
        LastValue(name, "", FILE, row.step, row.time, json.dumps(dataclasses.asdict(row)))
        for name, row in (app.series.last_files(run, files) if files else {}).items()
    ]
    if lines:
        found += [
            LastValue(line.stream, line.source, LINE, float(line.line), line.time, line.message)
            for line in app.series.last_lines(run)
        ]
    return found


def refresh_project(
    app: Context, project: str, metrics: Sequence[str] | None, runs: Collection[int] | None = None
) -> None:
    """Brings the summaries of some metrics, or all, up to date for every run of the project that may have moved on.

    `runs`: only for these.
    """
    for run, has_ended in app.metadata.summaries.stale(project) if runs is None or runs else ():
        if runs is not None and run not in runs:
            continue
        try:
            if has_ended:
                refresh(app, run)
            elif (metrics is None or metrics) and (fresh := app.series.summaries(run, metrics)):
                app.metadata.summaries.put(run, kept(fresh), complete=False)
        except Damaged as error:  # the other runs of the project are well
            log.warning("%s", error)


def _none(value: float) -> float | None:
    return value if math.isfinite(value) else None
