"""Making runs and joining them."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.server.answers import json_response, step
from pluto.server.bodies import clean_name, invalid, json_object, read_json
from pluto.server.context import SLUG, Context, context
from pluto.server.errors import ApiError, not_found
from pluto.server.identity import parse_display_id
from pluto.server.lifecycle import GROUP_ERROR, GROUP_PREFIX, RESUME, RUNNING
from pluto.server.metadata.contract import NewRun, Run

ANCESTORS_MAX = 10
EPOCH_MS_MAX = 8_640_000_000_000_000


class Create(msgspec.Struct):
    runName: str
    projectName: str
    externalId: str | None = None
    tags: list[str] | None = None
    config: str | None = None
    loggerSettings: str | None = None
    systemMetadata: str | None = None
    createdAt: int | None = None
    updatedAt: int | None = None
    forkRunId: int | None = None
    forkStep: float | None = None
    inheritConfig: bool | None = None
    inheritTags: bool | None = None
    forkBeyond: bool = False


class Resume(msgspec.Struct):
    runId: int | None = None
    displayId: str | None = None
    externalId: str | None = None
    projectName: str | None = None


async def auth_slug(request: Request) -> Response:
    """The organization a key belongs to."""
    return json_response({"organization": {"slug": SLUG}})


async def auth_validate(request: Request) -> Response:
    """Whose key it is; 401 for one that is not valid."""
    return json_response({"valid": True, "organization": {"id": SLUG, "slug": SLUG}, "user": {"id": SLUG}})


async def create(request: Request) -> Response:
    """Makes a run, or attaches to the one with this external id."""
    app, body = context(request), await read_json(request, Create)
    clean_name(request, body.runName, "runName")
    clean_name(request, body.projectName, "projectName")
    if body.externalId is not None:
        clean_name(request, body.externalId, "externalId")
    for name, value in (("createdAt", body.createdAt), ("updatedAt", body.updatedAt)):
        if value is not None and not 0 <= value <= EPOCH_MS_MAX:
            raise invalid(request, f"{name} has to be milliseconds since the epoch", name)
    config, tags = json_object(body.config), [clean_name(request, tag, "tags") for tag in body.tags or ()]
    new = NewRun(
        project=body.projectName,
        name=body.runName,
        external_id=body.externalId,
        tags=tags,
        config=config,
        system_metadata=json_object(body.systemMetadata),
        logger_settings=json_object(body.loggerSettings),
        created_at=body.createdAt,
        updated_at=body.updatedAt,
    )
    if sum(tag.startswith(GROUP_PREFIX) for tag in dict.fromkeys(tags)) > 1:
        raise ApiError(400, GROUP_ERROR)
    attaching = body.externalId is not None and app.metadata.runs.by_external_id(body.projectName, body.externalId)
    if body.forkRunId is not None and not attaching:
        new = _forked(app, body, new)
    run, resumed = app.metadata.runs.create(new)
    answer = _answer(app, request, run, resumed)
    answer["forkedFromRunId"] = run.forked_from
    answer["forkStep"] = None if run.fork_step is None else step(run.fork_step)
    return json_response(answer)


async def resume(request: Request) -> Response:
    """Joins an existing run by its number, display id or external id, and reopens it if it has ended."""
    app, body = context(request), await read_json(request, Resume)
    if sum(value is not None for value in (body.runId, body.displayId, body.externalId)) != 1:
        raise ApiError(400, "Exactly one of runId, displayId or externalId is required")
    if body.runId is not None:
        run = app.metadata.runs.get(body.runId) if 0 <= body.runId < 1 << 63 else None
    elif body.displayId is not None:
        run = by_display_id(app, body.displayId, body.projectName)
    else:
        if body.projectName is None:
            raise ApiError(400, "projectName is required with externalId")
        run = app.metadata.runs.by_external_id(body.projectName, str(body.externalId))
    if run is None:
        raise not_found()
    app.metadata.statuses.set(run.id, RUNNING, source=RESUME)
    return json_response(_answer(app, request, run, True))


def by_display_id(app: Context, text: str, project: str | None) -> Run | None:
    """The run with a display id; 400 for a text that is none, 409 when several runs have it."""
    parsed = parse_display_id(text)
    if parsed is None:
        raise ApiError(400, "Invalid display ID format")
    found = app.metadata.runs.by_display_id(*parsed, project)
    if len(found) > 1:
        raise ApiError(409, f"Display ID {text} is ambiguous: give projectName as well")
    return found[0] if found else None


def _forked(app: Context, body: Create, new: NewRun) -> NewRun:
    """The new run with its parent found and what it inherits."""
    assert body.forkRunId is not None
    if body.forkStep is None:
        raise ApiError(400, "forkStep is required when forkRunId is provided")
    parent = app.metadata.runs.get(body.forkRunId) if 0 <= body.forkRunId < 1 << 63 else None
    if parent is None or parent.project != body.projectName:
        raise ApiError(400, "Fork parent run not found in this project")
    for _ in range(ANCESTORS_MAX):
        # What lies before the parent's own fork belongs to the parent's parent.
        if parent.forked_from is None or parent.fork_step is None or body.forkStep > parent.fork_step:
            break
        ancestor = app.metadata.runs.get(parent.forked_from)
        if ancestor is None:
            break
        parent = ancestor
    last = app.series.last_step(parent.id)
    if last is not None and body.forkStep > last and not body.forkBeyond:
        raise ApiError(400, f"forkStep {step(body.forkStep)} is beyond the parent's last step {step(last)}")
    config: dict[str, Any] = dict(new.config)
    if body.inheritConfig is not False:
        config = {**parent.config, **config}
    tags = list(new.tags)
    if body.inheritTags:
        tags = _last_group([*parent.tags, *tags])
    return dataclasses.replace(new, config=config, tags=tags, forked_from=parent.id, fork_step=body.forkStep)


def _last_group(tags: list[str]) -> list[str]:
    groups = [tag for tag in tags if tag.startswith(GROUP_PREFIX)]
    return [tag for tag in dict.fromkeys(tags) if not tag.startswith(GROUP_PREFIX) or tag == groups[-1]]


def _answer(app: Context, request: Request, run: Run, resumed: bool) -> dict[str, Any]:
    return {
        "runId": run.id,
        "number": run.number,
        "displayId": run.display_id,
        "projectName": run.project,
        "organizationSlug": SLUG,
        "url": app.run_url(request, run.project, run.id),
        "resumed": resumed,
    }


ROUTES = [
    Route("/api/slug", auth_slug, methods=["POST"]),
    Route("/api/runs/auth/validate", auth_validate, methods=["GET"]),
    Route("/api/runs/create", create, methods=["POST"]),
    Route("/api/runs/resume", resume, methods=["POST"]),
]
