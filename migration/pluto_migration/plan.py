"""What would come over: the runs of a source, counted by reading all of them, and nothing written anywhere."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pluto_migration.model import (
    Alert,
    Artifact,
    Console,
    Data,
    Facts,
    File,
    Item,
    ModelGraph,
    Points,
    Texts,
)  # fmt: skip
from pluto_migration.report import Counts, Noted
from pluto_migration.source import Options, Problems, Source, SourceError, SourceRun


@dataclass(slots=True)
class RunPlan:
    """What of one run would come over."""

    project: str
    id: str
    path: str
    """The folder or file it would be read from."""
    name: str | None = None
    created: int | None = None
    """When it began, microseconds."""
    status: str | None = None
    """In the source's word, where it has been read."""
    size: int = 0
    """Bytes it takes in the source."""
    series: int = 0
    """Names that points, texts and data lie under."""
    counts: Counts = field(default_factory=Counts)
    problems: list[Noted] = field(default_factory=list)
    """What of it can't be read."""
    extras: list[str] = field(default_factory=list)
    """Names of what has no place of its own."""
    failed: str = ""
    """Why nothing of it can be read."""

    @property
    def label(self) -> str:
        """How the run is called in messages."""
        return f"{self.project}/{self.id}"


@dataclass(slots=True)
class Plan:
    """What would come over, run by run."""

    source: str
    runs: list[RunPlan] = field(default_factory=list)
    problems: list[Noted] = field(default_factory=list)
    """What was found and is no run that can be read."""
    read: bool = True
    """Whether the runs were read; otherwise nothing is counted."""
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether there are runs, and something can be read of each."""
        return bool(self.runs) and not any(run.failed for run in self.runs)

    @property
    def totals(self) -> Counts:
        """The counts of all runs."""
        total = Counts()
        for run in self.runs:
            total.add(run.counts)
        return total

    def to_json(self) -> dict[str, Any]:
        """The plan as dicts, lists, texts and numbers."""
        return {**asdict(self), "totals": asdict(self.totals), "whole": self.whole}


Heard = Callable[[RunPlan, int, int], None]
"""Told of each run that is counted, how many are, and how many there are."""


def plan(
    source: Source,
    paths: Sequence[str],
    options: Options | None = None,
    *,
    quick: bool = False,
    progress: Heard | None = None,
) -> Plan:
    """The runs below `paths` with what each of them has. With `quick` they are listed, and not read.

    Raises `SourceError` for paths in which there is nothing of the kind.
    """
    began = time.monotonic()
    problems = Problems()
    runs = list(source.find(paths, options or Options(), problems))
    found = Plan(source.NAME, read=not quick)
    for run in runs:
        found.runs.append(_listed(run) if quick else plan_run(run))
        if progress is not None:
            progress(found.runs[-1], len(found.runs), len(runs))
    found.problems = _noted(problems)
    found.seconds = time.monotonic() - began
    return found


def plan_run(run: SourceRun) -> RunPlan:
    """One run, read and counted; one that can't be read says why."""
    found = _listed(run)
    problems = Problems()
    names: set[tuple[type, str]] = set()
    try:
        with tempfile.TemporaryDirectory(prefix="pluto-") as scratch:
            for item in run.read(Path(scratch), problems):
                _count(found, item, names)
    except (SourceError, OSError) as error:
        found.failed = str(error)
    except Exception as error:  # noqa: BLE001  a mistake in one source's reader stops no other run
        found.failed = f"{type(error).__name__}: {error}"
    found.series = len(names)
    found.problems = _noted(problems)
    return found


def _listed(run: SourceRun) -> RunPlan:
    return RunPlan(run.project, run.id, str(run.path), run.name, run.created, size=run.size)


def _count(found: RunPlan, item: Item, names: set[tuple[type, str]]) -> None:
    counts = found.counts
    if isinstance(item, (Points, Texts, Data)):
        names.add((type(item), item.name))
    if isinstance(item, Points):
        counts.points += len(item.values)
    elif isinstance(item, Texts):
        counts.texts += len(item.values)
    elif isinstance(item, (Data, ModelGraph)):
        counts.data += 1
    elif isinstance(item, Console):
        counts.lines += len(item.lines)
    elif isinstance(item, Alert):
        counts.alerts += 1
    elif isinstance(item, File):
        counts.files += 1
        counts.bytes += _size(item.content)
    elif isinstance(item, Artifact):
        counts.artifacts += 1
        counts.bytes += sum(_size(entry.content) for entry in item.entries if entry.content is not None)
    elif isinstance(item, Facts):
        found.name = item.name or found.name
        found.status = item.status or found.status
        found.extras += [str(name) for name in item.extras if str(name) not in found.extras]
        counts.values += sum(1 for _ in _values(item.config))


def _values(config: Mapping[str, Any]) -> Iterator[Any]:
    for value in config.values():
        if isinstance(value, Mapping):
            yield from _values(value)
        else:
            yield value


def _size(content: Path | bytes) -> int:
    try:
        return len(content) if isinstance(content, bytes) else content.stat().st_size
    except OSError:
        return 0


def _noted(problems: Problems) -> list[Noted]:
    return [Noted(one.where, one.what, count) for one, count in problems]
