"""Bytes of files, by their hash or by a signed address."""

from __future__ import annotations

import mimetypes
import os
import re
import time
from collections.abc import AsyncIterator
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import ext_response
from pluto.server.context import Context, context
from pluto.server.errors import ApiError, not_found

CHUNK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def _sha256(request: Request) -> str:
    sha: str = request.path_params["sha256"]
    if not re.fullmatch(r"[0-9a-f]{64}", sha):
        raise ApiError(400, "A blob goes by its SHA-256 in lower-case hexadecimal")
    return sha


async def head(request: Request) -> Response:
    """200 when the store has the blob, which it then keeps long enough to be referred to; else 404."""
    app, sha = context(request), _sha256(request)
    if not _offer(app, sha):
        raise not_found("Blob")
    return Response(headers={"Content-Length": str(app.blobs.size(sha))})


async def get(request: Request) -> Response:
    """The bytes of a blob, or the range asked for."""
    app, sha = context(request), _sha256(request)
    return content(app, request, sha, sha)


async def put(request: Request) -> Response:
    """Stores a blob: 201, or 200 when it was there; 400 when the bytes are not the hash's."""
    app, sha = context(request), _sha256(request)
    if _offer(app, sha):
        async for _ in request.stream():
            pass
        return ext_response(request, {"sha256": sha}, 200)
    try:
        await receive(app, request, sha)
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    return ext_response(request, {"sha256": sha}, 201)


async def upload(request: Request) -> Response:
    """Takes the bytes of a file that was announced, at the signed address its announcer was given."""
    app = context(request)
    run, file = request.path_params["run"], request.path_params["file"]
    if not _signed(app, request, "upload", run, file):
        raise ApiError(403, "This address is not valid or has expired")
    if not app.metadata.runs.exists(run):
        raise not_found()
    sha = await receive(app, request, None)
    try:
        with app.metadata.runs.edit(run) as editor:
            editor.add_blobs([sha])
    except LookupError:
        raise not_found() from None
    try:
        app.series.attach_blob(run, file, sha, app.blobs.size(sha))
    except KeyError:
        raise not_found("File") from None
    return Response(status_code=200)


async def download(request: Request) -> Response:
    """Gives the bytes of a file to whoever has its signed address."""
    app, sha = context(request), _sha256(request)
    name = request.query_params.get("name", "")
    if not _signed(app, request, "download", sha, name):
        raise ApiError(403, "This address is not valid or has expired")
    return content(app, request, sha, name)


def _signed(app: Context, request: Request, *parts: str | int) -> bool:
    query = request.query_params
    return app.signer.valid(*parts, expires=query.get("expires", ""), signature=query.get("signature", ""))


async def receive(app: Context, request: Request, expected: str | None) -> str:
    """Streams the body into the blobs and gives its hash. Raises `ValueError` when it is not the expected one."""
    with app.blobs.writer() as writer:
        async for chunk in request.stream():
            if chunk:
                writer.write(chunk)
        return writer.commit(expected)


def _offer(app: Context, sha: str) -> bool:
    """Whether the blob is there; if so its time says that somebody is about to refer to it (see `Context.forget`)."""
    if not app.blobs.has(sha):
        return False
    try:
        now = time.time_ns()
        os.utime(app.blobs.path(sha), ns=(now, now))
    except FileNotFoundError:
        return False
    return True


def content(app: Context, request: Request, sha: str, name: str) -> Response:
    """The blob as an answer, whole or the one range that was asked for.

    What people logged is shown as it is and never run: a page among it gets no rights at this server's address.
    """
    try:
        size = app.blobs.size(sha)
        file = app.blobs.open(sha)
    except FileNotFoundError:
        raise not_found("Blob") from None
    start, stop, status = 0, size, 200
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(os.path.basename(name), safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        "X-Content-Type-Options": "nosniff",
    }
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match and (match[1] or match[2]):
        if match[1]:
            start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        else:
            start = max(0, size - int(match[2]))
        if start >= stop:
            file.close()
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return StreamingResponse(_chunks(file, start, stop - start), status, headers, media_type=kind)


async def _chunks(file: BinaryIO, start: int, left: int) -> AsyncIterator[bytes]:
    with file:
        file.seek(start)
        while left > 0:
            chunk = file.read(min(CHUNK_BYTES, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


ROUTES = [
    Route(f"{PREFIX}/uploads/{{run:int}}/{{file:int}}", upload, methods=["PUT"]),
    Route(f"{PREFIX}/downloads/{{sha256}}", download, methods=["GET"]),
    Route(f"{PREFIX}/blobs/{{sha256}}", head, methods=["HEAD"]),
    Route(f"{PREFIX}/blobs/{{sha256}}", get, methods=["GET"]),
    Route(f"{PREFIX}/blobs/{{sha256}}", put, methods=["PUT"]),
]
