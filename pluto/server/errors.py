"""What goes wrong with a request, and how each service of the API words it."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pluto.protocol.batch import PREFIX
from pluto.server.answers import json_response
from pluto.server.metadata.filters import FilterError
from pluto.server.series.contract import Damaged

log = logging.getLogger("pluto.server")

_PY_ROUTES = frozenset({"/api/runs/trigger", "/api/runs/alert", "/api/stale-runs/trigger", "/healthz"})
_INGEST_CODES = {
    400: "INVALID_REQUEST_FORMAT",
    401: "INVALID_TOKEN",
    403: "INSUFFICIENT_PERMISSIONS",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "PROCESSING_FAILED",
    503: "SERVICE_UNAVAILABLE",
}


class ApiError(Exception):
    """An answer other than success.

    `content` is the whole body where it has a shape of its own; else the message takes the service's usual one.
    """

    def __init__(self, status: int, message: str, *, code: str | None = None, content: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.content = content


def not_found(what: str = "Run") -> ApiError:
    return ApiError(404, f"{what} not found")


def service(path: str) -> str:
    """Which of the services a path belongs to: `node`, `ingest`, `py` or `ext`."""
    if path.startswith(PREFIX):
        return "ext"
    if path in _PY_ROUTES:
        return "py"
    if path in ("/files", "/step") or path.startswith("/ingest/"):
        return "ingest"
    return "node"


def body_of(path: str, status: int, message: str, code: str | None = None) -> Any:
    """The body of an error as the path's service words it."""
    kind = service(path)
    if kind == "ingest":
        return {"code": code or _INGEST_CODES.get(status, "INTERNAL_ERROR"), "message": message}
    if kind == "py":
        return {"detail": message}
    return {"error": message}


class Errors:
    """Turns exceptions into answers; what nobody foresaw is logged and becomes a 500, a failing disk a 503."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:
            if started:
                raise
            status, content = _answer(scope["path"], scope["method"], error)
            await json_response(content, status)(scope, receive, send)


async def no_route(request: Request, error: Exception) -> Response:
    """The answer to a path or method that is none, as the service words it."""
    assert isinstance(error, HTTPException)
    content = body_of(request.url.path, error.status_code, str(error.detail))
    return json_response(content, error.status_code, error.headers)


def _answer(path: str, method: str, error: Exception) -> tuple[int, Any]:
    if isinstance(error, ApiError):
        if error.content is not None:
            return error.status, error.content
        return error.status, body_of(path, error.status, error.message, error.code)
    if isinstance(error, FilterError):
        return 400, body_of(path, 400, str(error))
    if isinstance(error, Damaged):
        log.error("%s %s: %s", method, path, error)
        return 500, body_of(path, 500, str(error), "INTERNAL_ERROR")
    if isinstance(error, (OperationalError, sqlite3.OperationalError, OSError)):
        log.error("%s %s: the store is not available: %s", method, path, error)
        return 503, body_of(path, 503, "The store is not available", "DATABASE_ERROR")
    log.exception("%s %s failed", method, path, exc_info=error)
    return 500, body_of(path, 500, "Internal Server Error", "INTERNAL_ERROR")
