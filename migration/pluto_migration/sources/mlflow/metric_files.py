"""Files of MLflow's file store that hold a metric: a line for each point."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from pluto_migration.model import POINTS_AT_ONCE, Points
from pluto_migration.source import Problems
from pluto_migration.sources.mlflow.run import metric_name

_LINE_BYTES: Final = 1 << 16
_FIELDS: Final = 3
_OTHERS: Final = 100
"""Datasets that are named of one metric."""
_TIME_MS: Final = (1 << 62) // 1000
EXACT_STEP: Final = 1 << 53
"""Steps beyond are rounded: a step is a float."""


def points(key: str, path: Path, problems: Problems, more: dict[str, list[str]]) -> Iterator[Points]:
    """The points of a metric in the order they were logged.

    A line has time in milliseconds, value and step; the step is 0 where there is none, as very old files have it.
    What follows says of which dataset a value is: `more` gets it, by metric.
    """
    name = metric_name(key)
    number = 0
    try:
        with path.open("rb") as file:
            lines = iter(lambda: file.readline(_LINE_BYTES), b"")
            while block := list(itertools.islice(lines, POINTS_AT_ONCE)):
                found = _quick(name, block) or _one_by_one(name, block, number, path, problems, more)
                number += len(block)
                if len(found.steps):
                    yield found
    except OSError as error:
        problems.note(path, f"it can't be read: {error.strerror}")


def _quick(name: str, lines: Sequence[bytes]) -> Points | None:
    """All lines at once, where each has three fields and nothing is odd about any of them."""
    if not all(line.count(b" ") == _FIELDS - 1 and line.endswith(b"\n") for line in lines):
        return None
    fields = b"".join(lines).split()
    if len(fields) != _FIELDS * len(lines):
        return None
    try:
        times = np.array(fields[0::3]).astype(np.int64)
        values = np.array(fields[1::3]).astype(np.float64)
        steps = np.array(fields[2::3]).astype(np.int64)
    except (ValueError, OverflowError):
        return None
    if np.abs(times).max() >= _TIME_MS or np.abs(steps).max() > EXACT_STEP or times.min() == np.iinfo(np.int64).min:
        return None
    return Points(name, steps.astype(np.float64), times * 1000, values)


def _one_by_one(
    name: str, lines: Sequence[bytes], before: int, path: Path, problems: Problems, more: dict[str, list[str]]
) -> Points:
    steps: list[float] = []
    times: list[int] = []
    values: list[float] = []
    for number, line in enumerate(lines, before + 1):
        fields = line.split()
        if not fields:
            continue
        try:
            time, value = int(fields[0]), float(fields[1])
            step = int(fields[2]) if len(fields) >= _FIELDS else 0
            if abs(time) >= _TIME_MS:
                raise ValueError("its time is out of range")
            at = float(step)
        except (ValueError, IndexError, OverflowError):
            problems.note(f"{path}, line {number}", "it is no point of a metric, and stays")
            continue
        if abs(step) > EXACT_STEP:
            problems.note(path, "a step beyond 2^53 was rounded")
        if len(fields) > _FIELDS:
            told = b" ".join(fields[_FIELDS:]).decode("utf-8", "backslashreplace")
            others = more.setdefault(name, [])
            if told not in others and len(others) < _OTHERS:
                others.append(told)
        steps.append(at)
        times.append(time * 1000)
        values.append(value)
    return Points(name, np.array(steps, np.float64), np.array(times, np.int64), np.array(values, np.float64))
