"""Runs as filters and frames see them: with what they inherited, and what they are to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from pluto.compat.attributes.kinds import SERIES, Atom, AttributeKind
from pluto.compat.neptune_query.internal.attribute_types import ALL_TYPES
from pluto.compat.neptune_query.internal.meaning import to_milliseconds

if TYPE_CHECKING:
    from pluto.compat.attributes import (
        AttributeReader,
        FloatPoints,
        HistogramPoints,
        RunAttributes,
        SeriesSummary,
        StoredFile,
        TextPoints,
    )

ContainerType = Literal["experiment", "run"]
"""What functions find: experiments by name, or runs by id. It is also the name of the index of their frames."""

FINDABLE: Final = frozenset(AttributeKind(name) for name in ALL_TYPES)

DERIVED: Final[Mapping[str, AttributeKind]] = {
    "sys/archived": AttributeKind.BOOL,
    "sys/custom_run_id": AttributeKind.STRING,
    "sys/experiment/is_head": AttributeKind.BOOL,
    "sys/experiment/name": AttributeKind.STRING,
    "sys/forking/depth": AttributeKind.INT,
    "sys/running_time_seconds": AttributeKind.FLOAT,
    "sys/size": AttributeKind.INT,
}
"""What runs have besides what was written and what any door reads."""


@dataclass(frozen=True)
class Stretch:
    """What one run contributes to a series: its points up to a step, or all."""

    run: RunAttributes
    until: float | None = None

    def bound(self, step_max: float | None) -> float | None:
        """The highest step to read where the caller wants none above `step_max`."""
        bounds = [bound for bound in (self.until, step_max) if bound is not None]
        return min(bounds, default=None)


class Member:
    """A run, what it was forked from (parent first), and the values of the `DERIVED` attributes it has.

    Series that it did not log itself it has from the runs it was forked from, as they were at the fork.
    """

    __slots__ = ("_reader", "derived", "line", "run")

    def __init__(self, reader: AttributeReader, run: RunAttributes, line: Sequence[Stretch]) -> None:
        self.run = run
        self.line = line
        self.derived: dict[str, Atom] = {}
        self._reader = reader

    @property
    def experiment(self) -> str | None:
        """The name of the experiment it belongs to."""
        return experiment_of(self.run)

    def label(self, container: ContainerType) -> str:
        """What it is called in frames."""
        if container == "experiment":
            return self.experiment or ""
        return id_of(self.run)

    @property
    def definitions(self) -> Iterator[tuple[str, AttributeKind]]:
        """Every attribute and its kind."""
        found = {**self._inherited(), **self.run.definitions, **{name: DERIVED[name] for name in self.derived}}
        yield from found.items()

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of an attribute, None where there is none."""
        return DERIVED[path] if path in self.derived else self.source(path).run.kind(path)

    def atom(self, path: str) -> Atom:
        """The value of an attribute that holds one; times to the millisecond, as Neptune keeps them."""
        value = self.derived[path] if path in self.derived else self.run.atom(path)
        return to_milliseconds(value) if isinstance(value, datetime) else value

    def source(self, path: str) -> Stretch:
        """Which run has the attribute: this one, or for a series one that it was forked from."""
        if self.line and self.run.kind(path) is None:
            for stretch in self.line:
                if stretch.run.kind(path) in SERIES:
                    return stretch
        return Stretch(self.run)

    def summary(self, path: str) -> SeriesSummary | None:
        """A series in a few values; of an inherited one that went on after the fork, the last value before it alone."""
        source = self.source(path)
        found = source.run.summary(path)
        if found is None:
            return None
        whole = source.until is None or (found.last_step or 0) <= source.until
        # A summary holds finite numbers: the last one may be another.
        known = found.last is not None or found.last_step is None
        return found if whole and known else self._last(path, source)

    def file(self, path: str) -> StoredFile | None:
        """The file of an attribute; of a series the last one, of an inherited one the last one before the fork."""
        source = self.source(path)
        found = source.run.file(path)
        if source.until is None or found is None or found.step <= source.until:
            return found
        before = self._reader.files(source.run, path, step_max=source.until, tail=1)
        return before[0] if before else None

    def _last(self, path: str, source: Stretch) -> SeriesSummary | None:
        from pluto.compat.attributes import SeriesSummary

        read: Callable[..., FloatPoints | TextPoints | HistogramPoints] = self._reader.floats
        if source.run.kind(path) is not AttributeKind.FLOAT_SERIES:
            texts = source.run.kind(path) is AttributeKind.STRING_SERIES
            read = self._reader.texts if texts else self._reader.histograms
        points = read(source.run, path, step_max=source.until, tail=1)
        return SeriesSummary(points.values[-1], float(points.steps[-1])) if len(points) else None

    def _inherited(self) -> dict[str, AttributeKind]:
        return {
            name: kind
            for stretch in reversed(self.line)
            for name, kind in stretch.run.definitions.items()
            if kind in SERIES
        }


def id_of(run: RunAttributes) -> str:
    """The id by which this client knows a run, whether somebody chose it or not."""
    return run.external_id or run.display_id


def experiment_of(run: RunAttributes) -> str | None:
    """The name of the experiment a run belongs to."""
    return str(run.atom("sys/name")) if run.kind("sys/name") is AttributeKind.STRING else None
