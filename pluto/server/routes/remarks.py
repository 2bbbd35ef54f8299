"""What people and programs say about a run: tags, notes, config, log names, its model graph, alerts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol import records
from pluto.protocol.batch import LINES, Entry
from pluto.server.answers import SUCCESS, json_response
from pluto.server.bodies import clean_name, invalid, json_object, read_json
from pluto.server.context import Context, context
from pluto.server.errors import ApiError, not_found

NOTES_MAX = 1_000
LEVELS = {"CRITICAL": "ERROR", "WARN": "WARNING"}
"""Levels older clients send, and what they mean."""


class Tags(msgspec.Struct):
    runId: int
    tags: list[str]


class Notes(msgspec.Struct):
    runId: int
    notes: str | None


class Config(msgspec.Struct):
    runId: int
    config: str


class LogNames(msgspec.Struct):
    runId: int
    logName: list[str]
    logType: str


class Node(msgspec.Struct):
    """Only what has to be there; the node is kept as it came."""

    type: str
    depth: int


class Graph(msgspec.Struct):
    nodes: dict[str, msgspec.Raw]
    format: str | None = None


class ModelGraph(msgspec.Struct):
    runId: int
    graph: Graph


class AlertBody(msgspec.Struct):
    title: str
    body: str = ""
    level: str = "INFO"
    timestamp: int | None = None
    email: bool = True
    url: str | None = None


class Alert(msgspec.Struct):
    runId: int
    alert: AlertBody


async def tags(request: Request) -> Response:
    """Replaces the tags."""
    app, body = context(request), await read_json(request, Tags)
    wanted = [clean_name(request, tag, "tags") for tag in body.tags]
    try:
        with app.metadata.runs.edit(body.runId) as editor:
            editor.set_tags(wanted)
    except LookupError:
        raise not_found() from None
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    return json_response(SUCCESS)


async def notes(request: Request) -> Response:
    """Replaces the notes."""
    app, body = context(request), await read_json(request, Notes)
    if body.notes is not None and len(body.notes) > NOTES_MAX:
        raise invalid(request, f"notes must not be longer than {NOTES_MAX} characters", "notes")
    try:
        with app.metadata.runs.edit(body.runId) as editor:
            editor.set_notes(body.notes)
    except LookupError:
        raise not_found() from None
    return json_response(SUCCESS)


async def config(request: Request) -> Response:
    """Merges into the config."""
    app, body = context(request), await read_json(request, Config)
    values = json_object(body.config, "Invalid config JSON: expected an object")
    try:
        with app.metadata.runs.edit(body.runId) as editor:
            editor.merge_config(values)
    except LookupError:
        raise not_found() from None
    return json_response(SUCCESS)


async def log_names(request: Request) -> Response:
    """Registers names; any type is taken, since the classes of a client's values grow."""
    app, body = context(request), await read_json(request, LogNames)
    if not (0 < len(body.logType) <= 64 and body.logType.isascii() and body.logType.isprintable()):
        raise invalid(request, "Invalid logType", "logType")
    names = {clean_name(request, name, "logName"): body.logType.upper() for name in body.logName}
    if not app.metadata.runs.exists(body.runId):
        raise not_found()
    app.series.add_names(body.runId, names)
    register(app, body.runId, names)
    return json_response(SUCCESS)


def register(app: Context, run: int, names: dict[str, str], forgotten: Iterable[str] = ()) -> None:
    """Makes names known to the metadata, once it has forgotten others; a run deleted meanwhile has none."""
    try:
        with app.metadata.runs.edit(run) as editor:
            editor.forget_names(forgotten)
            editor.add_names(names)
    except LookupError:
        return


async def model_graph(request: Request) -> Response:
    """Keeps the graph of a watched model."""
    app, body = context(request), await read_json(request, ModelGraph)
    for name, node in body.graph.nodes.items():
        try:
            msgspec.json.decode(node, type=Node)
        except msgspec.DecodeError as error:
            raise invalid(request, f"{name}: {error}", "graph") from None
    text = msgspec.json.encode(body.graph).decode()
    store_one(app, body.runId, records.ModelGraph(_now_us(), text))
    return json_response(SUCCESS)


async def alert(request: Request) -> Response:
    """Keeps an alert."""
    app, body = context(request), await read_json(request, Alert)
    sent = body.alert
    at = _now_us() if sent.timestamp is None else sent.timestamp * 1000
    if not -(1 << 62) < at < 1 << 62:
        raise invalid(request, "timestamp has to be milliseconds since the epoch", "timestamp")
    level = LEVELS.get(sent.level.upper(), sent.level.upper())
    store_one(app, body.runId, records.Alert(at, level, sent.title, sent.body, sent.url, sent.email))
    return json_response({"status": "success"})


def store_one(app: Context, run: int, record: Any) -> None:
    """Stores one record of a client that keeps no count of them."""
    if not app.metadata.runs.exists(run):
        raise not_found()
    done = app.series.append(run, None, LINES, [Entry(1, records.kind_of(record), records.encode(record))])
    if done.rejected:
        raise ApiError(400, done.rejected[0].error)
    if done.new_names:
        register(app, run, done.new_names)


def _now_us() -> int:
    return time.time_ns() // 1_000


ROUTES = [
    Route("/api/runs/tags/update", tags, methods=["POST"]),
    Route("/api/runs/notes/update", notes, methods=["POST"]),
    Route("/api/runs/config/update", config, methods=["POST"]),
    Route("/api/runs/logName/add", log_names, methods=["POST"]),
    Route("/api/runs/modelGraph/create", model_graph, methods=["POST"]),
    Route("/api/runs/alert", alert, methods=["POST"]),
]
