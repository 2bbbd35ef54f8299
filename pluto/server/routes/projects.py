"""Projects beyond what the stock API knows of them: made, described, deleted."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import SUCCESS, ext_response, iso
from pluto.server.bodies import clean_name, invalid, read_json, required
from pluto.server.context import context
from pluto.server.errors import ApiError, not_found
from pluto.server.metadata.contract import Project

PROJECTS_MAX = 10_000
DESCRIPTION_MAX = 10_000
_KEY = re.compile(r"[A-Z][A-Z0-9]{0,9}")


class New(msgspec.Struct):
    name: str
    key: str | None = None
    description: str | None = None


def _row(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "key": project.prefix,
        "description": project.description,
        "createdAt": iso(project.created_at),
        "updatedAt": iso(project.updated_at),
        "runCount": project.runs,
    }


async def listed(request: Request) -> Response:
    """Every project with its key and description, newest first."""
    found = context(request).metadata.runs.projects(PROJECTS_MAX)
    return ext_response(request, {"projects": [_row(project) for project in found]})


async def create(request: Request) -> Response:
    """Makes a project. 409 where the name, or a key that was given, is taken."""
    app, body = context(request), await read_json(request, New)
    clean_name(request, body.name, "name")
    key = None if body.key is None else body.key.upper()
    if key is not None and not _KEY.fullmatch(key):
        raise invalid(request, "key has to be 1 to 10 letters and digits, beginning with a letter", "key")
    if body.description is not None and len(body.description) > DESCRIPTION_MAX:
        raise invalid(request, f"description must not be longer than {DESCRIPTION_MAX} characters", "description")
    try:
        made = app.metadata.runs.create_project(body.name, key, body.description)
    except KeyError as error:
        raise ApiError(409, str(error.args[0])) from None
    return ext_response(request, _row(made), 201)


async def delete(request: Request) -> Response:
    """Deletes a project with all its runs."""
    app, name = context(request), required(request, "name")
    there = any(project.name == name for project in app.metadata.runs.projects(PROJECTS_MAX))
    for run in app.metadata.runs.of_project(name):
        app.forget(run)
    if not app.metadata.runs.delete_project(name) and not there:
        raise not_found("Project")
    return ext_response(request, SUCCESS)


ROUTES = [
    Route(f"{PREFIX}/projects", listed, methods=["GET"]),
    Route(f"{PREFIX}/projects", create, methods=["POST"]),
    Route(f"{PREFIX}/projects", delete, methods=["DELETE"]),
]
