"""Where a run stands: status, its history, heartbeats."""

from __future__ import annotations

import logging

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.server.answers import SUCCESS, iso, json_response
from pluto.server.bodies import invalid, json_object, json_value, read_json, run_number
from pluto.server.context import Context, context
from pluto.server.errors import ApiError, not_found
from pluto.server.lifecycle import API, STATUSES, ended
from pluto.server.routes.runs import EPOCH_MS_MAX
from pluto.server.series.contract import Damaged
from pluto.server.summarise import refresh

log = logging.getLogger("pluto.server")


class Update(msgspec.Struct):
    runId: int
    status: str
    statusMetadata: str | msgspec.UnsetType | None = msgspec.UNSET
    loggerSettings: str | None = None
    statusUpdated: int | None = None


class Beat(msgspec.Struct):
    runId: int


async def update(request: Request) -> Response:
    """Sets the status; among the statuses of ended runs only upwards. An end seals the run's series."""
    app, body = context(request), await read_json(request, Update)
    if body.status not in STATUSES:
        raise invalid(request, f"status has to be one of {', '.join(sorted(STATUSES))}", "status")
    if body.statusUpdated is not None and not 0 <= body.statusUpdated <= EPOCH_MS_MAX:
        raise invalid(request, "statusUpdated has to be milliseconds since the epoch", "statusUpdated")
    metadata = None if body.statusMetadata is msgspec.UNSET else json_value(body.statusMetadata)
    settings = json_object(body.loggerSettings)
    if not app.metadata.statuses.set(body.runId, body.status, source=API, at=body.statusUpdated):
        raise not_found()
    if body.statusMetadata is not msgspec.UNSET:
        app.metadata.statuses.set_metadata(body.runId, metadata)
    if settings:
        with app.metadata.runs.edit(body.runId) as editor:
            editor.merge_settings(settings)
    if ended(body.status):
        close(app, body.runId)
    return json_response(SUCCESS)


def close(app: Context, run: int) -> None:
    """Keeps the summaries of an ended run, and seals what it logged. One whose series are damaged ends all the same."""
    try:
        refresh(app, run)
        app.series.seal(run)
    except Damaged as error:
        log.warning("%s", error)


async def history(request: Request) -> Response:
    """Every change of the run's status, oldest first."""
    app, number = context(request), run_number(request)
    if not app.metadata.runs.exists(number):
        raise not_found()
    events = [
        {
            "id": str(event.id),
            "runId": event.run,
            "fromStatus": event.from_status,
            "toStatus": event.to_status,
            "source": event.source,
            "metadata": event.metadata,
            "actorId": None,
            "apiKeyId": None,
            "createdAt": iso(event.created_at),
        }
        for event in app.metadata.statuses.events(number)
    ]
    return json_response({"runId": number, "events": events})


async def trigger(request: Request) -> Response:
    """A heartbeat; the answer says whether the run has been cancelled."""
    app, body = context(request), await read_json(request, Beat)
    status = app.metadata.statuses.beat(body.runId)
    if status is None:
        raise ApiError(404, "Run not found")
    return json_response({"status": status, "triggers": None})


async def stale(request: Request) -> Response:
    """Looks for quiet runs at once."""
    failed = request.app.state.watch.look(now=True)
    return json_response({"processed": len(failed), "marked_failed": failed, "grace_seconds": 1800})


ROUTES = [
    Route("/api/runs/status/update", update, methods=["POST"]),
    Route("/api/runs/status/history", history, methods=["GET"]),
    Route("/api/runs/trigger", trigger, methods=["POST"]),
    Route("/api/stale-runs/trigger", stale, methods=["POST"]),
]
