"""Lines of stock clients: metrics, data and console output as NDJSON."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pluto.protocol import records
from pluto.protocol.batch import LINES, Entry
from pluto.server.answers import json_response, step
from pluto.server.context import Context, context
from pluto.server.errors import ApiError
from pluto.server.metadata.flatten import storable
from pluto.server.routes.remarks import register

LINE_MAX_BYTES = 64 << 20
FLUSH_LINES = 1_000

_NAMED_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TIME_MAX_MS = 1 << 52


class BadLine(ValueError):
    """A line that can't be taken, and why."""


Parser = Callable[[dict[str, Any]], tuple[Any, int]]
"""A line's object to its record and the number of rows it stands for."""


def _metrics(line: dict[str, Any]) -> tuple[records.Metrics, int]:
    _only(line, "time", "step", "data")
    data = line["data"]
    if not isinstance(data, dict):
        raise BadLine("`data` has to be an object")
    values = {_name(name): _number(value, name) for name, value in data.items() if value is not None}
    if not values:
        raise BadLine("`data` must not be empty")
    return records.Metrics(_time(line), _step(line), values), len(values)


def _data(line: dict[str, Any]) -> tuple[records.Data | records.Texts, int]:
    _only(line, "time", "step", "data", "dataType", "logName")
    name, type, body = _name(line["logName"]), _text(line, "dataType"), _text(line, "data")
    if not type.strip():
        raise BadLine("`dataType` must not be blank")
    if type == "string-series":
        return records.Texts(_time(line), _step(line), {name: body}), 1
    return records.Data(_time(line), _step(line), name, type, body), 1


def _logs(line: dict[str, Any]) -> tuple[records.Console, int]:
    _only(line, "time", "message", "lineNumber", "logType")
    stream, number = _text(line, "logType"), line["lineNumber"]
    if not stream.strip():
        raise BadLine("`logType` must not be blank")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 1 << 62:
        raise BadLine("`lineNumber` has to be a whole number")
    return records.Console(_time(line), stream, number, [_text(line, "message")]), 1


def _only(line: dict[str, Any], *names: str) -> None:
    for name in names:
        if name not in line:
            raise BadLine(f"missing field `{name}`")
    for name in line:
        if name not in names:
            raise BadLine(f"unknown field `{name}`")


def _time(line: dict[str, Any]) -> int:
    value = line["time"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _TIME_MAX_MS:
        raise BadLine("`time` has to be milliseconds since the epoch")
    return round(value * 1000)


def _step(line: dict[str, Any]) -> int | float:
    value = line["step"]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadLine("`step` has to be a number")
    return _storable(value)


def _number(value: object, name: str) -> int | float:
    if isinstance(value, str) and value in _NAMED_NUMBERS:
        return _NAMED_NUMBERS[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadLine(f"the value of {name!r} has to be a number")
    return _storable(value)


def _storable(value: int | float) -> int | float:
    if isinstance(value, float) or -(1 << 63) <= value < 1 << 63:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _text(line: dict[str, Any], name: str) -> str:
    value = line[name]
    if not isinstance(value, str):
        raise BadLine(f"`{name}` has to be a string")
    return storable(value)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadLine("a name must not be blank")
    return storable(value)


def _route(parse: Parser, what: str) -> Callable[[Request], Any]:
    async def route(request: Request) -> Response:
        app, rows = context(request), 0
        try:
            run = header_run(app, request)
            rows = await _take(app, run, request, parse)
        except BadLine as error:
            message = f"Failed to process {what} stream: {error}"
            raise ApiError(422, message, code="PROCESSING_FAILED") from None
        return PlainTextResponse(f"Stream processed successfully: {rows} records")

    route.__doc__ = f"Stores {what} sent as NDJSON, a record in each line; lines before a bad one stay."
    return route


async def _take(app: Context, run: int, request: Request, parse: Parser) -> int:
    """Stores the lines of a request and gives the number of rows; lines before a bad one stay."""
    entries: list[Entry] = []
    rows = number = 0
    try:
        async for line in _lines(request):
            number += 1
            try:
                record, count = parse(_object(line))
            except BadLine as error:
                raise BadLine(f"line {number}: {error}") from None
            entries.append(Entry(number, records.kind_of(record), records.encode(record)))
            rows += count
            if len(entries) >= FLUSH_LINES:
                _store(app, run, entries)
                entries = []
    finally:
        _store(app, run, entries)
    return rows


def _store(app: Context, run: int, entries: list[Entry]) -> None:
    if not entries:
        return
    appended = app.series.append(run, None, LINES, entries)
    if appended.new_names:
        register(app, run, appended.new_names)
    app.metadata.summaries.mark_stale(run)
    if appended.rejected:
        first = appended.rejected[0]
        raise BadLine(f"line {first.seq}: {first.error}")


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"invalid JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadLine("expected an object")
    return value


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """The lines of the body that are not blank, as they come in."""
    rest = b""
    async for chunk in request.stream():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip(b" \t\r"):
                yield line
        if len(rest) > LINE_MAX_BYTES:
            raise BadLine(f"a line is longer than {LINE_MAX_BYTES} bytes")
    if rest.strip(b" \t\r"):
        yield rest


def header_run(app: Context, request: Request) -> int:
    """The run in the request's headers. Raises `BadLine` when there is none such."""
    text = request.headers.get("x-run-id")
    if text is None or "x-project-name" not in request.headers:
        raise BadLine("Missing X-Run-Id or X-Project-Name header")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadLine(f"X-Run-Id has to be the run's number, not {text!r}")
    if not app.metadata.runs.exists(int(text)):
        raise BadLine(f"Run {text} not found")
    return int(text)


async def last_step(request: Request) -> Response:
    """The highest step of the run's own metrics, 0 when there are none."""
    app = context(request)
    try:
        run = header_run(app, request)
    except BadLine as error:
        raise ApiError(400, str(error), code="INVALID_HEADER_FORMAT") from None
    last = app.series.last_step(run)
    return json_response({"step": 0 if last is None else step(last)})


ROUTES = [
    Route("/ingest/metrics", _route(_metrics, "metrics"), methods=["POST"]),
    Route("/ingest/data", _route(_data, "data"), methods=["POST"]),
    Route("/ingest/logs", _route(_logs, "logs"), methods=["POST"]),
    Route("/step", last_step, methods=["POST"]),
]
