"""What versions of artifacts have to do with runs, and with collections that they are linked to."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import SUCCESS, ext_response
from pluto.server.bodies import clean_name, read_json, required, run_number, whole
from pluto.server.context import Context, context
from pluto.server.errors import ApiError, not_found
from pluto.server.metadata.artifacts.contract import Conflict
from pluto.server.routes.artifacts import ONE, PAGE_MAX, answer, number, page, version_object


class Link(msgspec.Struct, rename="camel"):
    """Where a version is to be linked to."""

    project: str
    collection: str
    aliases: list[str] = []


class Use(msgspec.Struct, rename="camel"):
    """The run that uses a version."""

    run_id: int


async def of_run(request: Request) -> Response:
    """Versions that a run logged (`role=logged`) or used (`role=used`), oldest first, a page at a time."""
    app, run = context(request), run_number(request)
    app.run(run)
    role = required(request, "role")
    limit = whole(request, "limit", 50, 1, PAGE_MAX)
    found = app.metadata.artifacts.of_run(
        run,
        "used" if _one_of(role, "role", "logged", "used") == "used" else "logged",
        after=whole(request, "cursor", 0, 0, 1 << 62),
        limit=limit,
    )
    return page(request, found, limit, found[-1].id if found else None)


async def runs(request: Request) -> Response:
    """Who made a version, who logged it, and who used it."""
    app, artifact = context(request), number(request)
    version = app.metadata.artifacts.get(artifact)
    if version is None:
        raise not_found("Artifact")
    return ext_response(
        request,
        {
            "madeBy": None if version.run is None else _run(app, version.run),
            "loggedBy": _runs(app, app.metadata.artifacts.runs(artifact, "logged")),
            "usedBy": _runs(app, app.metadata.artifacts.runs(artifact, "used")),
        },
    )


async def links(request: Request) -> Response:
    """The version in the collections it is linked to."""
    app, artifact = context(request), number(request)
    if app.metadata.artifacts.get(artifact) is None:
        raise not_found("Artifact")
    return ext_response(request, {"rows": [version_object(one) for one in app.metadata.artifacts.links(artifact)]})


async def link(request: Request) -> Response:
    """Links a version to a collection, which is made if need be; gives the version there."""
    app, artifact = context(request), number(request)
    body = await read_json(request, Link)
    try:
        found = app.metadata.artifacts.link(
            artifact, clean_name(request, body.project, "project"), body.collection, body.aliases
        )
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    return answer(request, found)


async def unlink(request: Request) -> Response:
    """Takes a version out of a collection it is linked to."""
    app = context(request)
    try:
        found = app.metadata.artifacts.unlink(number(request), number(request, "collectionId"))
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    if not found:
        raise not_found("Artifact")
    return ext_response(request, SUCCESS)


async def use(request: Request) -> Response:
    """Notes that a run uses a version."""
    app, artifact = context(request), number(request)
    body = await read_json(request, Use)
    try:
        found = app.metadata.artifacts.use(body.run_id, artifact)
    except LookupError:
        raise not_found() from None
    if not found:
        raise not_found("Artifact")
    return ext_response(request, SUCCESS)


def _one_of(value: str, name: str, *known: str) -> str:
    if value not in known:
        raise ApiError(400, f"{name} has to be {' or '.join(known)}")
    return value


def _runs(app: Context, numbers: list[int]) -> list[dict[str, Any]]:
    return [found for found in (_run(app, run) for run in numbers) if found is not None]


def _run(app: Context, number: int) -> dict[str, Any] | None:
    run = app.metadata.runs.get(number)
    if run is None:
        return None
    return {"id": run.id, "externalId": run.external_id, "name": run.name, "projectName": run.project}


ROUTES = [
    Route(f"{PREFIX}/runs/{{runId}}/artifacts", of_run, methods=["GET"]),
    Route(f"{ONE}/runs", runs, methods=["GET"]),
    Route(f"{ONE}/links", links, methods=["GET"]),
    Route(f"{ONE}/links", link, methods=["POST"]),
    Route(f"{ONE}/links/{{collectionId:int}}", unlink, methods=["DELETE"]),
    Route(f"{ONE}/uses", use, methods=["POST"]),
]
