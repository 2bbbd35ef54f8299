"""Lists: projects, and runs found by filter and order."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.server.answers import iso, json_response
from pluto.server.bodies import required, whole
from pluto.server.context import context
from pluto.server.metadata.contract import RunQuery, Sort
from pluto.server.metadata.filters import (
    Condition,
    Either,
    Every,
    FilterError,
    Leaf,
    Not,
    parse,
    parse_field_filters,
    status_of,
    time_of,
)
from pluto.server.summarise import refresh_project

PROJECTS_MAX = 1_000
LIST_MAX = 200
OFFSET_MAX = 100_000

_SORTS = {
    "createdAt": "createdAt",
    "created_at": "createdAt",
    "updatedAt": "updatedAt",
    "updated_at": "updatedAt",
    "name": "name",
    "status": "status",
    "heartbeat_at": "heartbeat",
    "heartbeatAt": "heartbeat",
}
_SORT_PREFIXES = {
    "config.": "config",
    "systemMetadata.": "systemMetadata",
    "summary_metrics.": "metric",
    "summaryMetrics.": "metric",
}


async def projects(request: Request) -> Response:
    """The newest 1,000 projects."""
    found = [
        {
            "id": project.id,
            "name": project.name,
            "createdAt": iso(project.created_at),
            "updatedAt": iso(project.updated_at),
            "runCount": project.runs,
        }
        for project in context(request).metadata.runs.projects(PROJECTS_MAX)
    ]
    return json_response({"projects": found})


async def runs(request: Request) -> Response:
    """A page of a project's runs; with `konduktorJobPrefix` those of any project whose job's name begins so."""
    app, query = context(request), request.query_params
    request.app.state.watch.look()
    prefix = query.get("konduktorJobPrefix")
    project = query.get("projectName") if prefix else required(request, "projectName")
    wanted = RunQuery(
        project=project,
        search=query.get("search"),
        tags=[tag for tag in query.get("tags", "").split(",") if tag],
        statuses=[status_of(status.strip()) for status in query.get("status", "").split(",") if status.strip()],
        condition=_condition(request, project, prefix),
        sort=_sort(query.get("sort"), project),
        limit=whole(request, "limit", 50, 1, LIST_MAX),
        offset=whole(request, "offset", 0, 0, OFFSET_MAX),
    )
    metrics = sorted(_metrics(wanted.condition) | ({wanted.sort.key} if wanted.sort.by == "metric" else set()))
    if metrics and project is not None:
        refresh_project(app, project, metrics)
    found, total = app.metadata.search.find(wanted)
    items: list[dict[str, Any]] = [
        {
            "id": item.id,
            "name": item.name,
            "number": item.number,
            "displayId": item.display_id,
            "projectName": item.project,
            "status": item.status,
            "tags": item.tags,
            "createdAt": iso(item.created_at),
        }
        for item in found
    ]
    visible = {column for column in query.get("visibleColumns", "").split(",") if column}
    if query.get("includeFieldValues", "").lower() in ("true", "1") or visible:
        ids = [item.id for item in found]
        for name, source in (("_flatConfig", "config"), ("_flatSystemMetadata", "systemMetadata")):
            fields = app.metadata.search.fields(ids, source)
            for item in items:
                values = fields[item["id"]]
                item[name] = {key: value for key, value in values.items() if not visible or key in visible}
    return json_response({"runs": items, "total": total})


def _condition(request: Request, project: str | None, prefix: str | None) -> Condition | None:
    query, parts = request.query_params, []
    if text := query.get("filter"):
        parts.append(parse(text))
    if text := query.get("fieldFilters"):
        parts.append(parse_field_filters(text))
    if prefix:
        parts.append(Leaf("systemMetadata", "konduktor.job_name", "prefix", (prefix,)))
    for name, op in (("heartbeatAfter", "gte"), ("heartbeatBefore", "lte")):
        if text := query.get(name):
            if project is None:
                raise FilterError(f"{name} needs projectName")
            parts.append(Leaf("heartbeat", "", op, (time_of(text),)))
    return Every(tuple(parts)) if parts else None


def _sort(text: str | None, project: str | None) -> Sort:
    if not text:
        return Sort("createdAt", descending=True)
    descending, path = text.startswith("-"), text.lstrip("+- ")
    if by := _SORTS.get(path):
        return Sort(by, descending=descending)
    for prefix, by in _SORT_PREFIXES.items():
        if path.startswith(prefix) and len(path) > len(prefix):
            if by == "metric" and project is None:
                raise FilterError("Sorting by a metric needs projectName")
            key = path[len(prefix) :]
            return Sort(by, key if by == "metric" else key.removesuffix(".value"), descending)
    raise FilterError(f"Can't sort by {text!r}")


def _metrics(condition: Condition | None) -> set[str]:
    """The metrics a condition compares."""
    if isinstance(condition, (Every, Either)):
        return set().union(*(_metrics(part) for part in condition.parts))
    if isinstance(condition, Not):
        return _metrics(condition.part)
    return {condition.key} if isinstance(condition, Leaf) and condition.kind == "metric" else set()


ROUTES = [
    Route("/api/runs/projects", projects, methods=["GET"]),
    Route("/api/runs/list", runs, methods=["GET"]),
]
