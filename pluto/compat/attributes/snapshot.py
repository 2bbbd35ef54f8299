"""The attributes of one run as they were when it was read."""

from __future__ import annotations

import functools
import json
import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes import atoms, layout, monitoring
from pluto.compat.attributes.containers import Container, owner_of
from pluto.compat.attributes.derived import own_values, source_files, source_values
from pluto.compat.attributes.kinds import Atom, AttributeKind
from pluto.compat.attributes.stored import file_of, made_of, name_of
from pluto.compat.attributes.values import HistogramValue, StoredFile, histogram_of

if TYPE_CHECKING:
    from pluto.query import MetricFacts, RunOverview

_BY_TYPE: Final = {
    "METRIC": AttributeKind.FLOAT_SERIES,
    "DATA": AttributeKind.STRING_SERIES,
    "HISTOGRAM": AttributeKind.HISTOGRAM_SERIES,
    "IMAGE": AttributeKind.FILE_SERIES,
    "VIDEO": AttributeKind.FILE_SERIES,
    "AUDIO": AttributeKind.FILE_SERIES,
    "FILE": AttributeKind.FILE,
    "TEXT": AttributeKind.FILE,
    "ARTIFACT": AttributeKind.FILE_SET,
}
"""What names are that were logged, where nothing says otherwise. Tables and graphs are no attributes."""
_DECLARED: Final = frozenset({
    AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES, AttributeKind.HISTOGRAM_SERIES, AttributeKind.FILE_SERIES,
    AttributeKind.FILE, AttributeKind.FILE_SET,
})  # fmt: skip
_OF_FILES: Final = frozenset({AttributeKind.FILE, AttributeKind.FILE_SET, AttributeKind.FILE_SERIES})


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """A series in a few values. Of a string or histogram series there is `last` and `last_step` alone."""

    last: float | str | HistogramValue | None
    last_step: float | None = None
    count: int | None = None
    min: float | None = None
    max: float | None = None
    average: float | None = None
    variance: float | None = None


class RunAttributes:
    """One run. What it holds is there; series and files are read by `AttributeReader`.

    Made of what `pluto.query` tells of a run. `asked`: the series whose summaries came along, None for all.
    """

    def __init__(self, overview: RunOverview, asked: Collection[str] | None) -> None:
        self.overview = overview
        self._asked = None if asked is None else frozenset(asked)
        self.id = overview.id
        """The server's number of the run, over all projects."""
        self.number = overview.number
        """Its number within the project."""
        self.container: Container
        self.project, self.container = owner_of(overview.project)
        """The Neptune project, and what the run is there."""
        self.display_id = overview.display_id
        self.external_id = overview.external_id
        self.name = overview.name
        self.status = overview.status
        """`RUNNING`, `COMPLETED`, `FAILED`, `TERMINATED`, `CANCELLED`."""
        self.created = _at(overview.created)
        self.modified = _at(max(overview.updated, overview.status_updated, overview.heartbeat or 0))
        self.parent = overview.forked_from
        """`id` of the run it was forked from."""
        self.fork_step = overview.fork_step

    def __repr__(self) -> str:
        return f"<attributes of {self.sys_id} of {self.project}>"

    @property
    def sys_id(self) -> str:
        """Neptune's id: of a run the one it was brought over with, else the display id; of others the external id."""
        if self.container == "run":
            return self.old_id or self.display_id
        return self.external_id or self.display_id

    @property
    def old_id(self) -> str | None:
        """The short id that a run had in the tracker it was brought over from; None for all others."""
        found = layout.part_of(self.notes, layout.SYS).get("id") if self.container == "run" else None
        return found if isinstance(found, str) and found else None

    @property
    def trashed(self) -> bool:
        """Whether the run is in the trash."""
        return self.atom("sys/trashed") is True

    @property
    def definitions(self) -> Mapping[str, AttributeKind]:
        """Every attribute and its kind: what was written, and what is derived (`sys/…`, `monitoring/…`, …)."""
        return self._definitions

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of an attribute, None where there is none."""
        return self._definitions.get(path)

    def atom(self, path: str) -> Atom:
        """The value of an attribute that holds one (of a RUN_STATE: `running` or `idle`). Raises `KeyError`."""
        return self._atoms[path]

    def summary(self, path: str) -> SeriesSummary | None:
        """A float, string or histogram series in a few values, None for one without points.

        Raises `KeyError` for what is no such series, or was not asked for in `AttributeReader.runs`.
        """
        kind = self._definitions.get(path)
        if kind not in (AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES, AttributeKind.HISTOGRAM_SERIES):
            raise KeyError(path)
        if self._asked is not None and path not in self._asked:
            raise KeyError(f"{path}: its last values were not asked for")
        if path in self.streams:
            return self._last_line(self.streams[path])
        if path in self.gauges:
            return self._gauge(self.gauges[path])
        if kind is AttributeKind.FLOAT_SERIES:
            return self._floats(self.names.get(path, path))
        row = self.overview.data.get(self.names.get(path, path))
        if row is None:
            return None
        last = row["body"] if kind is AttributeKind.STRING_SERIES else histogram_of(json.loads(row["body"]))
        return SeriesSummary(last, row["step"])

    def last(self, path: str) -> float | str | HistogramValue | None:
        """The last value of a series, as `summary`."""
        found = self.summary(path)
        return None if found is None else found.last

    def file(self, path: str) -> StoredFile | None:
        """The file of a File, or the last one of a file series; None where there is none yet.

        Raises `KeyError` for what is neither, or was not asked for in `AttributeReader.runs`.
        """
        if self._definitions.get(path) not in (AttributeKind.FILE, AttributeKind.FILE_SERIES):
            raise KeyError(path)
        if self._asked is not None and path not in self._asked:
            raise KeyError(f"{path}: its last file was not asked for")
        if path not in self.names:
            return made_of(self.overview, path)
        row = self.overview.files.get(self.names[path])
        return None if row is None else file_of(path, row, name_of(row))

    # what readers of series have to know

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """The names under which attributes were logged, by path."""
        found: dict[str, str] = {}
        for name in self.overview.names:
            base = name.removesuffix(layout.COMPLETION).removesuffix(layout.PREVIEW)
            if not name.startswith(monitoring.SYSTEM) and (path := layout.normal(base)):
                found.setdefault(path, base)
        return found

    @functools.cached_property
    def gauges(self) -> dict[str, monitoring.Gauge]:
        """The float series that system metrics make."""
        return monitoring.gauges(self.overview.names)

    @functools.cached_property
    def streams(self) -> dict[str, monitoring.Stream]:
        """The string series that console lines make."""
        return monitoring.streams(self.notes, self.overview.settings)

    @property
    def notes(self) -> dict[str, Any]:
        """What lies beside the values in the config."""
        return layout.notes_of(self.overview.config)

    # ------------------------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _types(self) -> dict[str, Any]:
        return {path: kind for path, kind in layout.leaves(layout.part_of(self.notes, layout.TYPES)).items() if kind}

    @functools.cached_property
    def _atoms(self) -> dict[str, Atom]:
        types = self._types
        whole = {path: kind for path, kind in types.items() if kind in atoms.WHOLE}
        found: dict[str, Atom] = dict(source_values(self.overview))
        for path, value in layout.leaves(self.overview.config, whole).items():
            atom = atoms.read(value, types.get(path))
            if atom is not None:
                found[path] = atom
        found |= own_values(self)
        for path, value in layout.leaves(layout.part_of(self.notes, layout.SYS)).items():
            atom = atoms.read(value, types.get(f"sys/{path}"))
            if atom is not None:
                found[f"sys/{path}"] = atom
        return found

    @functools.cached_property
    def _definitions(self) -> dict[str, AttributeKind]:
        found = dict.fromkeys(source_files(self.overview), AttributeKind.FILE)
        found |= {path: atoms.kind_of(value) for path, value in self._atoms.items()}
        if "sys/state" in found:
            found["sys/state"] = AttributeKind.RUN_STATE
        types = self._types
        for path, name in self.names.items():
            logged = _BY_TYPE.get(self.overview.names.get(name, "METRIC"))
            noted = _kind(types.get(path))
            if noted is AttributeKind.ARTIFACT and path in self._atoms:
                continue
            # What is said of files does not make numbers files.
            kind = noted if noted in _OF_FILES and logged in _OF_FILES else logged
            if kind is not None:
                found[path] = kind
        for path, value in types.items():
            noted = _kind(value)
            if noted in _DECLARED and path not in found:
                found[path] = noted
        found |= dict.fromkeys(self.gauges, AttributeKind.FLOAT_SERIES)
        found |= dict.fromkeys(self.streams, AttributeKind.STRING_SERIES)
        return found

    def _floats(self, name: str) -> SeriesSummary | None:
        facts = self.overview.metrics.get(name)
        preview = self.overview.metrics.get(name + layout.PREVIEW)
        if facts is None and preview is None:
            return None
        if facts is None or (preview is not None and (preview.last_step or 0) > (facts.last_step or 0)):
            assert preview is not None
            count = facts.count if facts is not None else 0
            return SeriesSummary(preview.last, preview.last_step, count, *_rest(facts))
        return SeriesSummary(facts.last, facts.last_step, facts.count, *_rest(facts))

    def _gauge(self, gauge: monitoring.Gauge) -> SeriesSummary | None:
        facts = [self.overview.metrics[name] for name in gauge.metrics if name in self.overview.metrics]
        if not facts:
            return None
        lasts = [one.last for one in facts if one.last is not None]
        means = [one.mean for one in facts if one.mean is not None]
        last = statistics.fmean(lasts) / gauge.divisor if lasts else None
        average = statistics.fmean(means) / gauge.divisor if means else None
        if len(facts) > 1:
            return SeriesSummary(last, facts[0].last_step, facts[0].count, average=average)
        low, high, _, variance = _rest(facts[0])
        return SeriesSummary(
            last, facts[0].last_step, facts[0].count, _part(low, gauge.divisor), _part(high, gauge.divisor), average,
            _part(variance, gauge.divisor**2),
        )  # fmt: skip

    def _last_line(self, stream: monitoring.Stream) -> SeriesSummary | None:
        lines = [
            line
            for line in self.overview.lines
            if line["stream"] == stream.stream and stream.source in (None, line["source"] or stream.source)
        ]
        if not lines:
            return None
        last = max(lines, key=lambda line: line["time"])
        return SeriesSummary(last["message"], stream.step(last["line"] - 1, self.fork_step))


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)


def _kind(note: object) -> AttributeKind | None:
    try:
        return AttributeKind(note)
    except ValueError:
        return None


def _rest(facts: MetricFacts | None) -> tuple[float | None, float | None, float | None, float | None]:
    return (None, None, None, None) if facts is None else (facts.min, facts.max, facts.mean, facts.variance)


def _part(value: float | None, divisor: float) -> float | None:
    return None if value is None else value / divisor
