"""Much at once: many runs with what is known of each, many series with all their points."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import ext_response
from pluto.server.bodies import invalid, read_json, whole
from pluto.server.context import Context, context
from pluto.server.identity import parse_display_id
from pluto.server.metadata.contract import LastValue, MetricSummary, Overview, OverviewQuery
from pluto.server.routes.extensions import existing, listed
from pluto.server.routes.metrics import STREAMS
from pluto.server.series.contract import Damaged, FileRow
from pluto.server.summarise import FILE, LINE, OF_FILES, WITH_LAST, last_values, refresh_project

RUNS_MAX = 1_000
PAIRS_MAX = 5_000
LINES_MAX = 10_000
POINTS_MAX = 1_000_000
"""Points after which an answer ends; whoever asked asks for the rest."""


class Asked(msgspec.Struct, rename="camel"):
    project_name: str
    limit: int = 500
    cursor: tuple[int, int] | None = None
    run_ids: list[int] | None = None
    external_id: str | None = None
    display_id: str | None = None
    metrics: list[str] | None = []
    data: list[str] | None = []
    files: list[str] | None = []
    console: bool = False
    facts: list[str] = []
    sizes: list[str] = []


class Series(msgspec.Struct, rename="camel"):
    pairs: list[tuple[int, str]]
    step_min: float | None = None
    step_max: float | None = None
    tail: int | None = None


async def overviews(request: Request) -> Response:
    """Runs of a project, newest first, each with config, names, and what was asked for of its series."""
    app, body = context(request), await read_json(request, Asked)
    if not 1 <= body.limit <= RUNS_MAX:
        raise invalid(request, f"limit has to be from 1 to {RUNS_MAX}", "limit")
    request.app.state.watch.look()
    ids = _asked_for(app, body)
    if body.metrics is None or body.metrics:
        refresh_project(app, body.project_name, body.metrics, ids)
    elif body.data != [] or body.files != [] or body.console:
        refresh_project(app, body.project_name, (), ids)
    query = OverviewQuery(
        project=body.project_name,
        limit=body.limit,
        after=body.cursor,
        runs=ids,
        metrics=body.metrics,
        facts=body.facts,
        sizes=body.sizes,
        lasts=None
        if body.data is None or body.files is None
        else [*body.data, *body.files, *(STREAMS if body.console else ())],
    )
    found = app.metadata.overviews.page(query)
    last = (found[-1].created_at, found[-1].id) if len(found) == body.limit else None
    return ext_response(request, {"runs": [_row(app, request, run, body) for run in found], "next": last})


def _asked_for(app: Context, asked: Asked) -> list[int] | None:
    """The runs that are named; None for all of the project."""
    if asked.external_id is not None:
        run = app.metadata.runs.by_external_id(asked.project_name, asked.external_id)
        return [] if run is None else [run.id]
    if asked.display_id is not None:
        parsed = parse_display_id(asked.display_id)
        found = [] if parsed is None else app.metadata.runs.by_display_id(*parsed, asked.project_name)
        return [run.id for run in found]
    return asked.run_ids


def _row(app: Context, request: Request, run: Overview, asked: Asked) -> dict[str, Any]:
    lasts = _lasts(app, run, asked)
    return {
        "id": run.id,
        "projectName": run.project,
        "number": run.number,
        "displayId": run.display_id,
        "externalId": run.external_id,
        "name": run.name,
        "status": run.status,
        "tags": run.tags,
        "notes": run.notes,
        "config": run.config,
        "loggerSettings": run.logger_settings,
        "facts": run.facts,
        "sizes": run.sizes,
        "createdAt": run.created_at,
        "updatedAt": run.updated_at,
        "statusUpdated": run.status_updated,
        "heartbeat": run.beat,
        "forkedFromRunId": run.forked_from,
        "forkStep": run.fork_step,
        "names": run.names,
        "summaries": {
            one.name: [one.count, one.min, one.max, one.mean, one.variance, _last(one), one.last_step]
            for one in run.summaries
        },
        "data": {
            last.name: {"type": last.type, "step": last.step, "time": last.time, "body": last.body}
            for last in lasts
            if last.type not in (LINE, FILE)
        },
        "files": {
            last.name: listed(app, request, FileRow(**msgspec.json.decode(last.body)))
            for last in lasts
            if last.type == FILE
        },
        "lines": [
            {
                "source": last.source,
                "stream": last.name,
                "line": int(last.step),
                "time": last.time,
                "message": last.body,
            }
            for last in lasts
            if last.type == LINE
        ],
    }


def _last(summary: MetricSummary) -> float | None:
    return summary.last if summary.odd_last is None else float(summary.odd_last)


def _lasts(app: Context, run: Overview, asked: Asked) -> list[LastValue]:
    """The last values: as they are kept, or out of the series of a run that goes on."""
    if run.lasts is not None:
        return run.lasts
    kinds = {name for name, kind in run.names.items() if kind in WITH_LAST}
    wanted = sorted(kinds if asked.data is None else kinds.intersection(asked.data))
    files = {name for name, kind in run.names.items() if kind in OF_FILES}
    files = files if asked.files is None else files.intersection(asked.files)
    if not wanted and not files and not asked.console:
        return []
    try:
        return last_values(app, run.id, wanted, sorted(files), lines=asked.console)
    except Damaged:
        return []


async def points(request: Request) -> Response:
    """Points of many series, in the order asked for: as many series as an answer holds, one at least."""
    app, body = context(request), await read_json(request, Series)
    if len(body.pairs) > PAIRS_MAX:
        raise invalid(request, f"At most {PAIRS_MAX} series at once", "pairs")
    if body.tail is not None and body.tail < 1:
        raise invalid(request, "tail has to be 1 at least", "tail")
    found: list[dict[str, Any]] = []
    total = 0
    for run, name in body.pairs:
        if total > POINTS_MAX:
            break
        one = app.series.points(run, name, step_min=body.step_min, step_max=body.step_max)
        last = slice(None) if body.tail is None else slice(-body.tail, None)
        found.append({"steps": one.steps[last], "times": one.times[last], "values": one.values[last]})
        total += len(one.steps[last])
    return ext_response(request, {"series": found})


async def lines(request: Request) -> Response:
    """Console lines of a run, with who printed them."""
    app, query = context(request), request.query_params
    run = existing(app, request)
    limit, offset = whole(request, "limit", 1_000, 1, LINES_MAX), whole(request, "offset", 0, 0, 1 << 62)
    found, total = app.series.logs(
        run, stream=query.get("stream"), source=query.get("source"), limit=limit, offset=offset
    )
    return ext_response(request, {"rows": found, "total": total})


ROUTES = [
    Route(f"{PREFIX}/overviews", overviews, methods=["POST"]),
    Route(f"{PREFIX}/points", points, methods=["POST"]),
    Route(f"{PREFIX}/runs/{{runId}}/lines", lines, methods=["GET"]),
]
