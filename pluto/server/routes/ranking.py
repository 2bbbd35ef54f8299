"""Metrics in a few numbers: of one run, of several side by side, and of a project's runs in order."""

from __future__ import annotations

import math
from typing import Any, Final, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.server.answers import iso, json_response, step
from pluto.server.bodies import invalid, required, run_number, run_numbers, whole
from pluto.server.context import context
from pluto.server.errors import ApiError
from pluto.server.routes.files import group
from pluto.server.routes.metrics import metric_names
from pluto.server.series.contract import Summary
from pluto.server.summarise import mean_and_variance, refresh_project

STATISTICS_MAX = 100
COMPARE_MAX = 100
LEADERBOARD_MAX = 100

Column = Literal["min", "max", "mean", "last", "variance"]
_COLUMNS: Final[dict[str, Column]] = {
    "MIN": "min", "MAX": "max", "AVG": "mean", "LAST": "last", "VARIANCE": "variance",
}  # fmt: skip


def _numbers(summary: Summary) -> dict[str, Any]:
    mean, variance = mean_and_variance(summary)
    return {
        "count": summary.finite,
        "min": summary.min if summary.finite else None,
        "max": summary.max if summary.finite else None,
        "mean": mean,
        "stddev": None if variance is None else math.sqrt(variance),
    }


def _last(summary: Summary) -> float | None:
    return summary.last if math.isfinite(summary.last) else None


async def statistics(request: Request) -> Response:
    """Count, min, max, mean, stddev and last of up to 100 metrics of a run; finite values only."""
    app, number = context(request), run_number(request)
    required(request, "projectName")
    run = app.run(number)
    names = metric_names(app, request, number)[:STATISTICS_MAX]
    summaries = app.series.summaries(number, names)
    metrics = [
        {
            "logName": name,
            "logGroup": group(name),
            **_numbers(summaries[name]),
            "last": {"step": step(summaries[name].last_step), "value": _last(summaries[name])},
        }
        for name in names
        if name in summaries
    ]
    url = app.run_url(request, run.project, run.id)
    return json_response(
        {"runId": number, "runName": run.name, "projectName": run.project, "url": url, "metrics": metrics}
    )


async def compare(request: Request) -> Response:
    """One metric of up to 100 runs."""
    app = context(request)
    project, name = required(request, "projectName"), required(request, "logName")
    numbers = run_numbers(request, "runIds", COMPARE_MAX)
    if not numbers:
        raise ApiError(400, "runIds is required")
    rows = []
    for run in filter(None, map(app.metadata.runs.get, dict.fromkeys(numbers))):
        if run.project != project:
            continue
        summary = app.series.summaries(run.id, [name]).get(name)
        stats = None
        if summary is not None:
            stats = {key: value for key, value in _numbers(summary).items() if key != "stddev"}
            stats["final"] = _last(summary)
        rows.append(
            {
                "runId": run.id,
                "runName": run.name,
                "url": app.run_url(request, run.project, run.id),
                "status": run.status,
                "config": run.config,
                "stats": stats,
            }
        )
    url = app.project_url(request, project)
    return json_response({"projectName": project, "logName": name, "comparisonUrl": url, "runs": rows})


async def leaderboard(request: Request) -> Response:
    """The project's runs ranked by a metric; runs without a finite value are left out."""
    app, query = context(request), request.query_params
    project, name = required(request, "projectName"), required(request, "logName")
    aggregation, direction = query.get("aggregation", "LAST"), query.get("direction", "ASC")
    if aggregation not in _COLUMNS:
        raise invalid(request, f"aggregation has to be one of {', '.join(_COLUMNS)}", "aggregation")
    if direction not in ("ASC", "DESC"):
        raise invalid(request, "direction has to be ASC or DESC", "direction")
    limit, offset = whole(request, "limit", 20, 1, LEADERBOARD_MAX), whole(request, "offset", 0, 0, 1 << 62)
    refresh_project(app, project, [name])
    ranked, total = app.metadata.search.leaderboard(
        project, name, _COLUMNS[aggregation], descending=direction == "DESC", limit=limit, offset=offset
    )
    rows = []
    for rank, (number, value) in enumerate(ranked, offset + 1):
        run = app.metadata.runs.get(number)
        if run is not None:
            rows.append(
                {
                    "rank": rank,
                    "runId": run.id,
                    "runName": run.name,
                    "status": run.status,
                    "url": app.run_url(request, run.project, run.id),
                    "value": value,
                    "config": run.config,
                    "tags": run.tags,
                    "createdAt": iso(run.created_at),
                }
            )
    return json_response(
        {
            "projectName": project,
            "logName": name,
            "aggregation": aggregation,
            "direction": direction,
            "runs": rows,
            "total": total,
        }
    )


ROUTES = [
    Route("/api/runs/statistics", statistics, methods=["GET"]),
    Route("/api/runs/compare", compare, methods=["GET"]),
    Route("/api/runs/leaderboard", leaderboard, methods=["GET"]),
]
