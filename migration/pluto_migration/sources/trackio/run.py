"""One run of Trackio."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final, Literal

from pluto_migration.gather import Gather
from pluto_migration.model import Alert, Facts, Item
from pluto_migration.source import Problems, SourceRun
from pluto_migration.sources.trackio.artifacts import artifacts
from pluto_migration.sources.trackio.projects import Project, Row
from pluto_migration.sources.trackio.tables import Key, Tables, opened
from pluto_migration.sources.trackio.values import Values, loaded, number, restored

_LEVELS: Final[Mapping[str, Literal["INFO", "WARNING", "ERROR"]]] = {
    "info": "INFO",
    "warn": "WARNING",
    "error": "ERROR",
}
_INTERNAL: Final = {"_Created", "_Group", "_Username"}
_SYSTEM: Final = "sys/"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a run from a look at its project."""

    key: Key
    name: str
    begun: int | None
    state: str
    bytes: int


class TrackioRun(SourceRun):
    """Rows of one run."""

    def __init__(self, project: str, files: Project, about: About) -> None:
        self.project = project
        self.id = about.key.id or about.key.name
        self.path = files.database or next(iter(files.files))
        self._files = files
        self._about = about

    @property
    def name(self) -> str:
        """Its name there, which other runs may have, too."""
        return self._about.name

    @property
    def created(self) -> int | None:
        """When it was made, or its first row."""
        return self._about.begun

    @property
    def fingerprint(self) -> str:
        """Of the numbers and sizes of its rows."""
        return self._about.state

    @property
    def size(self) -> int:
        """Its share of the project's files."""
        return self._about.bytes

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """Facts first, then what was logged."""
        with opened(self._files, scratch, problems) as tables:
            reading = _Reading(self._files, self._about.key, tables, problems, self.path)
            yield from reading.config()
            yield from reading.metrics()
            yield from reading.system()
            yield from reading.alerts()
            yield from reading.traces()
            yield from artifacts(self._files, self._about.key, tables, problems)
            yield Facts(status="unknown", ended=reading.last)


class _Reading:
    def __init__(self, files: Project, key: Key, tables: Tables, problems: Problems, where: Path) -> None:
        self._key = key
        self._tables = tables
        self._problems = problems
        self._where = where
        self._gather = Gather()
        self._values = Values(files.folder / "media", self._gather, problems, where)
        self.last: int | None = None

    def config(self) -> Iterator[Item]:
        for row in self._tables.rows("configs", self._key):
            config = self._unpacked(row, "config", "configs")
            if config is None:
                continue
            config = restored(config)
            group = config.get("_Group")
            extras = {name: config[name] for name in ("_Username", "_Created") if config.get(name) is not None}
            config = {name: value for name, value in config.items() if name not in _INTERNAL}
            tags = [f"group:{group}"] if isinstance(group, str) and group else None
            yield Facts(config=config, tags=tags, extras={"trackio": extras} if extras else {})

    def metrics(self) -> Iterator[Item]:
        step = -1.0
        for row in self._tables.rows("metrics", self._key):
            found = self._unpacked(row, "metrics", "metrics")
            time = self._moment(row, "metrics")
            if found is None:
                continue
            given = number(row.get("step"))
            if given is not None:
                step = given
            elif row.get("step") is None and "kind" in row:  # of the inbox: whoever brings it in gives it the next one
                step += 1
            else:
                self._note("metrics", row, f"its step is {str(row.get('step'))[:100]}")
                continue
            for name, value in found.items():
                yield from self._values.items(name, value, step, time)
            if self._gather.full:
                yield from self._gather.drain()
        yield from self._gather.drain()

    def system(self) -> Iterator[Item]:
        """Samples of the machine, which have no steps: they are counted."""
        counts: dict[str, int] = {}
        for row in self._tables.rows("system_metrics", self._key):
            found = self._unpacked(row, "metrics", "system_metrics")
            time = self._moment(row, "system_metrics")
            for name, value in (found or {}).items():
                step = counts[name] = counts.get(name, -1) + 1
                yield from self._values.items(_SYSTEM + name, value, step, time)
            if self._gather.full:
                yield from self._gather.drain()
        yield from self._gather.drain()

    def alerts(self) -> Iterator[Item]:
        steps = []
        for row in self._tables.rows("alerts", self._key):
            time = self._moment(row, "alerts")
            title, text = (str(row.get(name) or "") for name in ("title", "text"))
            yield Alert(time, title, text, _LEVELS.get(str(row.get("level")), "INFO"))
            if row.get("step") is not None:
                steps.append({"title": title, "step": row["step"]})
        if steps:
            yield Facts(extras={"trackio": {"alerts": steps}})

    def traces(self) -> Iterator[Item]:
        for row in self._tables.rows("traces", self._key):
            time = self._moment(row, "traces")
            try:
                body = {name: loaded(row.get(name)) for name in ("messages", "metadata", "spans")}
            except ValueError as error:
                self._note("traces", row, str(error))
                continue
            value = {"_type": "trackio.trace", **{name: inner for name, inner in body.items() if inner}}
            if row.get("trace_index") is not None:
                value["index"] = row["trace_index"]
            step = number(row.get("step")) or 0.0
            yield from self._values.items(str(row.get("key") or "trace"), value, step, time)
        yield from self._gather.drain()

    def _unpacked(self, row: Row, column: str, table: str) -> dict[str, Any] | None:
        try:
            found = loaded(row.get(column))
        except ValueError as error:
            self._note(table, row, f"its {column} can't be read: {error}")
            return None
        if not isinstance(found, dict):
            self._note(table, row, f"its {column} are no object")
            return None
        return found

    def _moment(self, row: Row, table: str) -> int:
        moment = microseconds(row.get("timestamp"))
        if moment is None:
            self._note(table, row, "its time can't be read: it has that of the row before")
            return self.last or 0
        self.last = moment if self.last is None else max(self.last, moment)
        return moment

    def _note(self, table: str, row: Row, what: str) -> None:
        which = f"row {row['id']}" if isinstance(row.get("id"), (int, str)) else "a row"
        self._problems.note(self._where, f"{table}, {which}: {what}")


def microseconds(text: object) -> int | None:
    """Whole microseconds of a time in ISO form (UTC where it does not say), None for anything else."""
    if isinstance(text, datetime):
        moment = text
    elif isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return None
    else:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    try:
        since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    except OverflowError:
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def fingerprint(*parts: object) -> str:
    """A short text for anything that can be printed."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
