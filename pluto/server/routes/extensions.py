"""What Pluto's own clients can ask beyond the stock API."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import SUCCESS, ext_response, json_response
from pluto.server.bodies import bound, required, run_number, run_numbers, whole
from pluto.server.context import Context, context
from pluto.server.errors import ApiError, not_found
from pluto.server.lifecycle import ended
from pluto.server.routes.details import run_object
from pluto.server.routes.files import entry, known
from pluto.server.series.contract import FileRow

POINTS_MAX = 1_000_000
ROWS_MAX = 10_000
BUCKETS_MAX = 20_000
SERIES_MAX = 20_000
"""Most pairs of run and metric in one request for buckets."""


def existing(app: Context, request: Request) -> int:
    number = run_number(request)
    if not app.metadata.runs.exists(number):
        raise not_found()
    return number


async def lookup(request: Request) -> Response:
    """The run with an external id, as it is: asking never reopens it."""
    app = context(request)
    project, external_id = required(request, "projectName"), required(request, "externalId")
    request.app.state.watch.look()
    run = app.metadata.runs.by_external_id(project, external_id)
    if run is None:
        raise not_found()
    return json_response(run_object(app, run))


async def cancel(request: Request) -> Response:
    """Asks the run to stop: the next heartbeat says so. 409 for a run that has ended."""
    app, number = context(request), run_number(request)
    if ended(app.run(number).status):
        raise ApiError(409, "The run has ended")
    app.metadata.statuses.cancel(number)
    return ext_response(request, SUCCESS)


async def set_aside(request: Request) -> Response:
    """Has the run give its external id up to a new run; the answer has the one it has then."""
    app, number = context(request), run_number(request)
    external_id = app.metadata.runs.set_aside(number)
    if external_id is None:
        raise not_found()
    return ext_response(request, {"externalId": external_id})


async def delete(request: Request) -> Response:
    """Deletes a run with all it logged."""
    app, number = context(request), run_number(request)
    app.forget(number)
    return ext_response(request, SUCCESS)


async def names(request: Request) -> Response:
    """Every log name of the run, with its type."""
    app = context(request)
    return ext_response(request, {"names": app.series.names(existing(app, request))})


async def points(request: Request) -> Response:
    """Every point of a metric, a page at a time."""
    app, query = context(request), request.query_params
    number, name = existing(app, request), required(request, "name")
    order = query.get("order") or "step"
    if order not in ("step", "logged"):
        raise ApiError(400, "order has to be step or logged")
    try:
        found = app.series.points(
            number,
            name,
            step_min=bound(request, "stepMin"),
            step_max=bound(request, "stepMax"),
            order="step" if order == "step" else "logged",
            cursor=query.get("cursor") or None,
            limit=whole(request, "limit", POINTS_MAX, 1, POINTS_MAX),
        )
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    return ext_response(
        request, {"steps": found.steps, "times": found.times, "values": found.values, "next": found.next}
    )


async def buckets(request: Request) -> Response:
    """Metrics of runs in buckets; unknown runs and metrics without points are left out."""
    app = context(request)
    runs = run_numbers(request, "runIds", 1_000) or []
    wanted = request.query_params.getlist("names")
    count = whole(request, "buckets", 1_000, 1, BUCKETS_MAX)
    low, high = bound(request, "stepMin"), bound(request, "stepMax")
    if len(runs) * len(wanted) > SERIES_MAX:
        raise ApiError(400, f"At most {SERIES_MAX} pairs of run and name at once")
    series: list[dict[str, Any]] = []
    for run in runs:
        if not app.metadata.runs.exists(run):
            continue
        for name in wanted:
            found = app.series.buckets(run, name, count, step_min=low, step_max=high)
            if len(found.steps):
                columns = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
                series.append({"runId": run, "name": name, **columns})
    return ext_response(request, {"series": series})


async def summaries(request: Request) -> Response:
    """Metrics of a run in a few numbers each."""
    app = context(request)
    wanted = request.query_params.getlist("names") or None
    return ext_response(request, {"summaries": app.series.summaries(existing(app, request), wanted)})


async def data(request: Request) -> Response:
    """Histograms, tables, graphs and texts, a page at a time."""
    app, query = context(request), request.query_params
    try:
        page = app.series.data(
            existing(app, request),
            name=query.get("name") or None,
            type=query.get("type") or None,
            cursor=query.get("cursor") or None,
            limit=whole(request, "limit", 1_000, 1, ROWS_MAX),
        )
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    return ext_response(request, {"rows": page.rows, "next": page.next})


async def files(request: Request) -> Response:
    """Files as the stock list has them, and more: hash, type, metadata, exact time; a page at a time."""
    app, query = context(request), request.query_params
    try:
        page = app.series.files(
            existing(app, request),
            name=query.get("name") or None,
            group=query.get("group"),
            cursor=query.get("cursor") or None,
            limit=whole(request, "limit", 1_000, 1, ROWS_MAX),
        )
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    return ext_response(request, {"rows": [listed(app, request, row) for row in known(page.rows)], "next": page.next})


def listed(app: Context, request: Request, row: FileRow) -> dict[str, Any]:
    """A file as the lists of the extensions carry it."""
    more = {"type": row.type, "sha256": row.sha256, "metadata": row.metadata, "at": row.time}
    return {**entry(app, request, row), **more}


async def graph(request: Request) -> Response:
    """The last model graph."""
    app = context(request)
    text = app.series.model_graph(existing(app, request))
    return ext_response(request, {"graph": None if text is None else json.loads(text)})


async def alerts(request: Request) -> Response:
    """Alerts, as they were sent."""
    app = context(request)
    rows = [
        {"time": row.time, "level": row.level, "title": row.title, "body": row.body, "url": row.url, "email": row.email}
        for row in app.series.alerts(existing(app, request))
    ]
    return ext_response(request, {"alerts": rows})


async def notes(request: Request) -> Response:
    """The notes, whole."""
    app, number = context(request), run_number(request)
    return ext_response(request, {"notes": app.run(number).notes})


_RUN = f"{PREFIX}/runs/{{runId}}"

ROUTES = [
    Route(f"{PREFIX}/runs/lookup", lookup, methods=["GET"]),
    Route(f"{PREFIX}/buckets", buckets, methods=["GET"]),
    Route(_RUN, delete, methods=["DELETE"]),
    Route(f"{_RUN}/cancel", cancel, methods=["POST"]),
    Route(f"{_RUN}/set-aside", set_aside, methods=["POST"]),
    Route(f"{_RUN}/names", names, methods=["GET"]),
    Route(f"{_RUN}/points", points, methods=["GET"]),
    Route(f"{_RUN}/summaries", summaries, methods=["GET"]),
    Route(f"{_RUN}/data", data, methods=["GET"]),
    Route(f"{_RUN}/files", files, methods=["GET"]),
    Route(f"{_RUN}/graph", graph, methods=["GET"]),
    Route(f"{_RUN}/alerts", alerts, methods=["GET"]),
    Route(f"{_RUN}/notes", notes, methods=["GET"]),
]
