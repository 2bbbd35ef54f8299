"""One run in full."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import iso, json_response, step
from pluto.server.bodies import invalid, read_json, run_number
from pluto.server.context import Context, context
from pluto.server.errors import not_found
from pluto.server.identity import decode_sqid
from pluto.server.metadata.contract import Run
from pluto.server.routes.files import group
from pluto.server.routes.runs import by_display_id

NAMES_MAX = 1_000
RUNS_MAX = 1_000


class Wanted(msgspec.Struct, rename="camel"):
    run_ids: list[int]


def run_object(app: Context, run: Run) -> dict[str, Any]:
    """A run as the API gives it."""
    names = app.metadata.runs.names(run.id, NAMES_MAX)
    return {
        "id": run.id,
        "name": run.name,
        "number": run.number,
        "displayId": run.display_id,
        "status": run.status,
        "tags": run.tags,
        "config": run.config,
        "systemMetadata": run.system_metadata,
        "loggerSettings": run.logger_settings,
        "statusMetadata": run.status_metadata,
        "createdAt": iso(run.created_at),
        "updatedAt": iso(run.updated_at),
        "statusUpdated": iso(run.status_updated),
        "projectName": run.project,
        "externalId": run.external_id,
        "forkedFromRunId": run.forked_from,
        "forkStep": None if run.fork_step is None else step(run.fork_step),
        "logNames": [{"logName": name, "logType": type, "logGroup": group(name)} for name, type in names.items()],
    }


async def by_number(request: Request) -> Response:
    """The run with a number, in full."""
    app, number = context(request), run_number(request)
    request.app.state.watch.look()
    return json_response(run_object(app, app.run(number)))


async def several(request: Request) -> Response:
    """Runs by their numbers, in full; those that are not there are left out."""
    app, body = context(request), await read_json(request, Wanted)
    if len(body.run_ids) > RUNS_MAX:
        raise invalid(request, f"At most {RUNS_MAX} runs at once", "runIds")
    request.app.state.watch.look()
    found = (app.metadata.runs.get(number) for number in body.run_ids)
    return json_response({"runs": [run_object(app, run) for run in found if run is not None]})


async def by_display(request: Request) -> Response:
    """The run with a display id, in full; 409 when several projects have one."""
    app = context(request)
    request.app.state.watch.look()
    run = by_display_id(app, request.path_params["displayId"], request.query_params.get("projectName"))
    if run is None:
        raise not_found()
    return json_response(run_object(app, run))


async def by_sqid(request: Request) -> Response:
    """The number behind the short id of a web address; nothing when it is none."""
    number = decode_sqid(request.path_params["sqid"])
    return json_response({} if number is None else {"runId": number})


ROUTES = [
    Route("/api/runs/details/by-display-id/{displayId}", by_display, methods=["GET"]),
    Route("/api/runs/details/{runId}", by_number, methods=["GET"]),
    Route(f"{PREFIX}/details", several, methods=["POST"]),
    Route("/api/runs/{sqid}", by_sqid, methods=["GET"]),
]
