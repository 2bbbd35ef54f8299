"""Announcing files of stock clients, and listing files."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pluto.server.answers import clock, json_response, step
from pluto.server.bodies import read_body, required, run_number
from pluto.server.context import Context, context
from pluto.server.errors import ApiError
from pluto.server.metadata.flatten import storable
from pluto.server.routes.ingest import BadLine, header_run
from pluto.server.routes.remarks import register
from pluto.server.series.contract import FileRow

PRESIGN_MAX_BYTES = 2 << 20
LIST_MAX = 1_000

_SPELLINGS = {"yml": "yaml"}
_TYPES = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "mask"), "IMAGE"),
    **dict.fromkeys(("wav", "mp3", "ogg", "flac"), "AUDIO"),
    **dict.fromkeys(("mp4", "webm", "avi", "mov", "mkv"), "VIDEO"),
}


class Custom(msgspec.Struct):
    custom: str


class Announced(msgspec.Struct):
    fileName: str
    logName: str
    fileSize: int
    fileType: str | Custom
    step: int | float
    time: int
    sampleIndex: int = 0
    caption: str | None = None
    annotations: str | None = None


class Presign(msgspec.Struct):
    files: list[Announced]


async def presign(request: Request) -> Response:
    """Announces files and gives the address each is to be sent to: `{log name: [{file name: url}]}`."""
    app = context(request)
    try:
        run = header_run(app, request)
    except BadLine as error:
        raise ApiError(400, str(error), code="INVALID_HEADER_FORMAT") from None
    if not request.headers.get("content-type", "").startswith("application/json"):
        return PlainTextResponse("Expected request with `Content-Type: application/json`", 415)
    body = await read_body(request, PRESIGN_MAX_BYTES)
    try:
        wanted = msgspec.json.decode(body, type=Presign)
        names = app.metadata.runs.names(run)
        rows = [_row(file, names) for file in wanted.files]
    except msgspec.ValidationError as error:
        return PlainTextResponse(f"Failed to deserialize the JSON body into the target type: {error}", 422)
    except (msgspec.DecodeError, RecursionError) as error:
        return PlainTextResponse(f"Failed to parse the request body as JSON: {error}", 400)
    urls: dict[str, list[dict[str, str]]] = {}
    for file, row in zip(wanted.files, rows, strict=True):
        address = app.upload_url(request, run, app.series.add_file(run, row))
        urls.setdefault(file.logName, []).append({file.fileName: address})
    register(app, run, {row.name: row.type for row in rows})
    return json_response(urls)


def _row(file: Announced, names: dict[str, str]) -> FileRow:
    if not file.logName.strip() or not file.fileName.strip():
        raise msgspec.ValidationError("fileName and logName must not be blank")
    if not 0 <= file.time < 1 << 52 or not 0 <= file.fileSize < 1 << 62 or not 0 <= file.sampleIndex < 1 << 32:
        raise msgspec.ValidationError("time, fileSize and sampleIndex must not be negative or out of range")
    kind = (file.fileType if isinstance(file.fileType, str) else file.fileType.custom).lower()
    kind = _SPELLINGS.get(kind, kind)
    name = storable(file.logName)
    return FileRow(
        name=name,
        index=file.sampleIndex,
        type=names.get(name) or _TYPES.get(kind, "FILE"),
        file_name=storable(file.fileName),
        file_type=storable(kind),
        size=file.fileSize,
        sha256=None,
        step=float(file.step),
        time=file.time * 1000,
        caption=None if file.caption is None else storable(file.caption),
        annotations=None if file.annotations is None else storable(file.annotations),
        metadata=None,
    )


async def listing(request: Request) -> Response:
    """The first 1,000 files of a run by step."""
    app, run = context(request), run_number(request)
    required(request, "projectName")
    query = request.query_params
    page = app.series.files(run, name=query.get("logName"), group=query.get("logGroup"), limit=LIST_MAX)
    return json_response({"files": [entry(app, request, row) for row in known(page.rows)]})


def known(rows: list[FileRow]) -> list[FileRow]:
    """Rows less those announced again and sent under the later announcement."""
    sent = {_place(row) for row in rows if row.sha256 is not None}
    return [row for row in rows if row.sha256 is not None or _place(row) not in sent]


def _place(row: FileRow) -> tuple[Any, ...]:
    return row.name, row.file_name, row.step, row.index


def entry(app: Context, request: Request, row: FileRow) -> dict[str, Any]:
    """A file as lists of files carry it; `url` is null until its bytes have been sent."""
    return {
        "fileName": row.file_name,
        "fileType": row.file_type,
        "fileSize": row.size,
        "logName": row.name,
        "logGroup": group(row.name),
        "time": clock(row.time),
        "step": step(row.step),
        "sampleIndex": row.index,
        "url": app.download_url(request, row),
        "caption": row.caption,
        "annotations": row.annotations,
    }


def group(name: str) -> str:
    """What lies before the last `/` of a log name."""
    return name.rpartition("/")[0]


ROUTES = [
    Route("/files", presign, methods=["POST"]),
    Route("/api/runs/files", listing, methods=["GET"]),
]
