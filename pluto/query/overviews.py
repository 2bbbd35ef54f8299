"""Many runs with what is known of each, in few requests."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pluto.query.contents import Contents
from pluto.query.files import Files
from pluto.query.metrics import Metrics
from pluto.query.readable import FILE_TYPES, Readable
from pluto.query.values import microseconds, whole

_PAGE: Final = 500
_STATISTICS: Final = 100
_STOCK_PAGE: Final = 200
FACTS: Final = ("os_info.hostname", "source.entry", "git.commit", "git.branch", "git.url", "git.dirty")
SIZES: Final = ("git.diff.head", "requirements")
"""Keys of the system metadata of which the size alone comes along."""


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """One metric in a few numbers, of its finite values; None where there is none, or the server does not tell.

    `last` is as it was logged, finite or not; a stock server tells the last finite value.
    """

    count: int
    min: float | None
    max: float | None
    mean: float | None
    variance: float | None
    last: float | None
    last_step: float | None


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A run with what is known of it. Times are milliseconds since the epoch."""

    id: int
    number: int
    project: str
    display_id: str
    external_id: str | None
    name: str
    status: str
    tags: list[str]
    notes: str | None
    """None on a stock server, too, which does not tell."""
    config: dict[str, Any]
    settings: dict[str, Any]
    """The settings the run was opened with."""
    facts: dict[str, str | None]
    """A few facts about machine and code, by their keys in the system metadata joined with dots."""
    created: int
    updated: int
    status_updated: int
    heartbeat: int | None
    forked_from: int | None
    fork_step: float | None
    sizes: dict[str, int]
    """Bytes of longer ones: of `git.diff.head`, and of `requirements` with a line for each."""
    names: dict[str, str]
    """Names that were logged, and their types: `METRIC`, `DATA` (texts), `HISTOGRAM`, `IMAGE`, …"""
    metrics: dict[str, MetricFacts] = field(default_factory=dict)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The last text or histogram of names: `type`, `step`, `time` (microseconds), `body`."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The file with the highest step of names, as `iter_files` lists it."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    """The last console line of each source and stream: `source`, `stream`, `line`, `time`, `message`."""
    readable: Readable | None = None
    """What names are called on a stock server; None on Pluto's own."""


class Overviews(Metrics, Contents, Files):
    """Reads of many runs."""

    def iter_overviews(
        self,
        project: str,
        *,
        ids: Collection[int] | None = None,
        external_id: str | None = None,
        display_id: str | None = None,
        metrics: Collection[str] | None = (),
        data: Collection[str] | None = (),
        files: Collection[str] | None = (),
        console: bool = False,
        fresh: bool = True,
    ) -> Iterator[RunOverview]:
        """The runs of a project, newest first: all, or those named by `ids`, an external id or a display id.

        `metrics`, `data` and `files` are names of metrics, of texts and histograms, and of files, whose last ones come
        along; None for all. `console`: so do the last lines. With `fresh`, what this process logged is waited for. A
        stock server is asked for one run after the other.
        """
        if not self._connection.extended:
            yield from self._stock_overviews(project, ids, external_id, display_id, metrics, data, files, console)
            return
        body: dict[str, Any] = {
            "projectName": project,
            "limit": _PAGE,
            "runIds": None if ids is None else list(ids),
            "externalId": external_id,
            "displayId": display_id,
            "metrics": None if metrics is None else list(metrics),
            "data": None if data is None else list(data),
            "files": None if files is None else list(files),
            "console": console,
            "facts": list(FACTS),
            "sizes": list(SIZES),
        }
        cursor: Any = None
        while True:
            page = self._connection.ask("/overviews", {**body, "cursor": cursor}, fresh=fresh and cursor is None)
            for row in page["runs"]:
                yield _of_row(row)
            cursor = page["next"]
            if cursor is None:
                return

    def _stock_overviews(
        self,
        project: str,
        ids: Collection[int] | None,
        external_id: str | None,
        display_id: str | None,
        metrics: Collection[str] | None,
        data: Collection[str] | None,
        files: Collection[str] | None,
        console: bool,
    ) -> Iterator[RunOverview]:
        for run in self._stock_runs(project, ids, external_id, display_id):
            if run["projectName"] != project:
                continue
            names = {row["logName"]: row["logType"] for row in run.get("logNames", [])}
            readable = Readable(run.get("config") or {}, names)
            found = self._stock_metrics(project, run["id"], metrics, readable)
            wanted = readable.names()
            rows: dict[str, dict[str, Any]] = {}
            if (data is None or data) and any(kind in ("DATA", "HISTOGRAM") for kind in wanted.values()):
                for row in self._readable_rows(project, run["id"], readable):
                    if (data is None or row["name"] in data) and row["step"] >= rows.get(row["name"], row)["step"]:
                        rows[row["name"]] = row
            last_files: dict[str, dict[str, Any]] = {}
            for name, kind in wanted.items():
                if kind in FILE_TYPES and (files is None or name in files):
                    there = list(self.iter_files_of(project, run["id"], name, readable))
                    if there:
                        last_files[name] = max(there, key=lambda row: (row["step"], row["at"]))
            lines: dict[str, dict[str, Any]] = {}
            if console:
                lines = {line["stream"]: line for line in self.iter_lines(project, run["id"])}
            yield _of_details(run, wanted, found, rows, last_files, list(lines.values()), readable)

    def _stock_runs(
        self, project: str, ids: Collection[int] | None, external_id: str | None, display_id: str | None
    ) -> Iterator[dict[str, Any]]:
        if ids is not None:
            for number in ids:
                found = self._or_none(lambda number=number: self.get_run(project, number))  # type: ignore[misc]
                if found is not None:
                    yield found
        elif display_id is not None:
            # Some projects have display ids that a stock server does not understand as such.
            for run in self.list_runs(project, search=display_id, limit=_STOCK_PAGE):
                if run["displayId"].upper() == display_id.upper():
                    yield self.get_run(project, int(run["id"]))
                    return
        elif external_id is not None:
            asked = {"config._attributes.id": external_id}
            for run in self.list_runs(project, filters=asked, limit=1):
                yield self.get_run(project, int(run["id"]))
                return
            for run in self.iter_runs(project, details=True):
                if run.get("externalId") == external_id:
                    yield run
                    return
        else:
            yield from self.iter_runs(project, details=True)

    def _stock_metrics(
        self, project: str, run: int, metrics: Collection[str] | None, readable: Readable
    ) -> dict[str, MetricFacts]:
        there = [name for name, kind in readable.names().items() if kind == "METRIC"]
        wanted = [name for name in there if metrics is None or name in metrics]
        if not wanted:
            return {}
        names = {readable.sent(name): name for name in wanted}
        rows = {row["logName"]: row for row in self.get_statistics(project, run)["metrics"]}
        missing = [sent for sent in names if sent not in rows] if len(rows) >= _STATISTICS else []
        if missing:
            rows |= {row["logName"]: row for row in self.get_statistics(project, run, missing)["metrics"]}
        return {names[sent]: _of_statistics(row) for sent, row in rows.items() if sent in names}


def _of_row(row: Mapping[str, Any]) -> RunOverview:
    return RunOverview(
        id=row["id"],
        number=row["number"],
        project=row["projectName"],
        display_id=row["displayId"],
        external_id=row["externalId"],
        name=row["name"],
        status=row["status"],
        tags=row["tags"],
        notes=row["notes"],
        config=json.loads(row["config"]),
        settings=json.loads(row["loggerSettings"]),
        facts=row["facts"],
        sizes=row["sizes"],
        created=row["createdAt"],
        updated=row["updatedAt"],
        status_updated=row["statusUpdated"],
        heartbeat=row["heartbeat"],
        forked_from=row["forkedFromRunId"],
        fork_step=row["forkStep"],
        names=row["names"],
        metrics={name: MetricFacts(*facts) for name, facts in row["summaries"].items()},
        data=row["data"],
        files=row["files"],
        lines=row["lines"],
    )


def _of_details(
    run: Mapping[str, Any],
    names: dict[str, str],
    metrics: dict[str, MetricFacts],
    data: dict[str, dict[str, Any]],
    files: dict[str, dict[str, Any]],
    lines: list[dict[str, Any]],
    readable: Readable,
) -> RunOverview:
    return RunOverview(
        id=int(run["id"]),
        number=int(run["number"]),
        project=run["projectName"],
        display_id=run["displayId"],
        external_id=run.get("externalId"),
        name=str(readable.notes.get("name") or run["name"]),
        status=run["status"],
        tags=[str(tag) for tag in run.get("tags") or ()],
        notes=readable.notes.get("description"),
        config=run.get("config") or {},
        settings=run.get("loggerSettings") or {},
        facts={key: value for key in FACTS if (value := _within(run.get("systemMetadata"), key)) is not None},
        sizes=_sizes(run.get("systemMetadata") or {}),
        created=microseconds(run["createdAt"]) // 1000,
        updated=microseconds(run["updatedAt"]) // 1000,
        status_updated=microseconds(run["statusUpdated"]) // 1000,
        heartbeat=None,
        forked_from=run.get("forkedFromRunId"),
        fork_step=whole(run.get("forkStep")),
        names=names,
        metrics=metrics,
        data=data,
        files=files,
        lines=lines,
        readable=readable,
    )


def _of_statistics(row: Mapping[str, Any]) -> MetricFacts:
    last, deviation = row.get("last") or {}, row.get("stddev")
    return MetricFacts(
        int(whole(row["count"])), row["min"], row["max"], row["mean"],
        None if deviation is None else deviation**2, last.get("value"), whole(last.get("step")),
    )  # fmt: skip


def _sizes(facts: Mapping[str, Any]) -> dict[str, int]:
    diff, packages = _within(facts, "git.diff.head"), facts.get("requirements")
    found = {} if diff is None else {"git.diff.head": len(diff.encode())}
    if isinstance(packages, list):
        found["requirements"] = sum(len(str(package).encode()) + 1 for package in packages)
    return found


def _within(value: Any, key: str) -> str | None:
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else value if isinstance(value, str) else json.dumps(value)
