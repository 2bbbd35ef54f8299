"""Reading metrics: names, sampled points, raw points; and console lines."""

from __future__ import annotations

import difflib
import math
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.server.answers import clock, json_response, rows_response, step
from pluto.server.bodies import bound, invalid, required, run_number, run_numbers, whole
from pluto.server.context import Context, context
from pluto.server.routes.files import group
from pluto.server.series.contract import Points

NAMES_MAX = 500
SAMPLES_MAX, SAMPLES = 10_000, 2_000
RAW_MAX = 50_000
LINES_MAX, LINES = 10_000, 1_000
STREAMS = ("INFO", "ERROR", "WARNING", "DEBUG", "PRINT")


async def names(request: Request) -> Response:
    """Names of the project's metrics; a search takes parts of a name, and near misses when there is no such part."""
    app, project = context(request), required(request, "projectName")
    runs = run_numbers(request, "runIds", 1_000)
    found = app.metadata.runs.project_names(project, runs, "METRIC")
    search = request.query_params.get("search", "").strip().lower()
    if search:
        hits = [name for name in found if search in name.lower()]
        lower = {name.lower(): name for name in found}
        near = [] if hits else difflib.get_close_matches(search, lower, n=20, cutoff=0.75)
        found = hits or [lower[name] for name in near]
    limit = whole(request, "limit", NAMES_MAX, 1, NAMES_MAX)
    return json_response({"projectName": project, "metricNames": found[:limit]})


async def sampled(request: Request) -> Response:
    """Points by name and step, the latest at each step; of more than `limit` every n-th and the last."""
    app, run = context(request), run_number(request)
    required(request, "projectName")
    limit = whole(request, "limit", SAMPLES, 1, SAMPLES_MAX)
    low, high = bound(request, "stepMin"), bound(request, "stepMax")
    rows: list[dict[str, Any]] = []
    for name in metric_names(app, request, run):
        points = latest(app.series.points(run, name, step_min=low, step_max=high))
        count = len(points.steps)
        stride = math.ceil(count / limit) if count > limit else 1
        chosen = list(range(0, count, stride))
        if chosen and chosen[-1] != count - 1:
            chosen.append(count - 1)
        log_group = group(name)
        columns = (column[chosen].tolist() for column in (points.steps, points.times, points.values))
        for at, time, value in zip(*columns, strict=True):
            rows.append(
                {
                    "logName": name,
                    "logGroup": log_group,
                    "time": clock(time),
                    "step": step(at),
                    "value": value if math.isfinite(value) else 0,
                    "valueFlag": _flag(value),
                }
            )
    return rows_response({"metrics": rows})


def metric_names(app: Context, request: Request, run: int) -> list[str]:
    """The metrics a request asks for by `logName`, `logGroup`, both or neither, in order."""
    name, wanted = request.query_params.get("logName"), request.query_params.get("logGroup")
    found = [name] if name else sorted(key for key, type in app.series.names(run).items() if type == "METRIC")
    return [key for key in found if wanted is None or group(key) == wanted]


def latest(points: Points) -> Points:
    """The points with the latest of each step alone (the one logged last among equals)."""
    order = np.lexsort((np.arange(len(points.steps)), points.times, points.steps))
    steps = points.steps[order]
    last = np.append(steps[1:] != steps[:-1], True) if len(steps) else np.zeros(0, bool)
    return Points(steps[last], points.times[order][last], points.values[order][last])


async def raw(request: Request) -> Response:
    """Every point of one metric, repeats included."""
    app, run = context(request), run_number(request)
    required(request, "projectName")
    name = required(request, "logName")
    limit = whole(request, "limit", RAW_MAX, 1, RAW_MAX)
    points = app.series.points(
        run, name, step_min=bound(request, "stepMin"), step_max=bound(request, "stepMax"), limit=limit + 1
    )
    log_group = group(name)
    rows = [
        {
            "logGroup": log_group,
            "step": step(at),
            "time": clock(time),
            "value": value if math.isfinite(value) else 0,
            "nonFiniteFlags": _flags(value),
        }
        for at, time, value in zip(
            points.steps[:limit].tolist(), points.times[:limit].tolist(), points.values[:limit].tolist(), strict=True
        )
    ]
    return rows_response({"rows": rows, "truncated": len(points.steps) > limit})


def _flag(value: float) -> str:
    if math.isfinite(value):
        return ""
    return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"


def _flags(value: float) -> int:
    if math.isfinite(value):
        return 0
    return 1 if math.isnan(value) else 2 if value > 0 else 4


async def logs(request: Request) -> Response:
    """Console lines by their numbers."""
    app, run = context(request), run_number(request)
    required(request, "projectName")
    stream = request.query_params.get("logType") or None
    if stream is not None and stream not in STREAMS:
        raise invalid(request, f"logType has to be one of {', '.join(STREAMS)}", "logType")
    limit = whole(request, "limit", LINES, 1, LINES_MAX)
    lines, total = app.series.logs(run, stream=stream, limit=limit, offset=whole(request, "offset", 0, 0, 1 << 62))
    rows = [
        {
            "time": clock(line.time),
            "logType": line.stream,
            "lineNumber": line.line,
            "message": line.message,
            "step": 0,
        }
        for line in lines
    ]
    return rows_response({"logs": rows, "total": total})


ROUTES = [
    Route("/api/runs/metric-names", names, methods=["GET"]),
    Route("/api/runs/metrics", sampled, methods=["GET"]),
    Route("/api/runs/metrics/raw", raw, methods=["GET"]),
    Route("/api/runs/logs", logs, methods=["GET"]),
]
