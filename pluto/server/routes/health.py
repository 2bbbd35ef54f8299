"""Whether the server is well, and which it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pluto.server.answers import json_response
from pluto.server.context import context
from pluto.server.routes.batch import version


async def health(request: Request) -> Response:
    """`OK` as long as the server runs."""
    return PlainTextResponse("OK")


async def ready(request: Request) -> Response:
    """200 when the store can be read, else 503."""
    context(request).metadata.check()
    return json_response({"status": "ok"})


async def dead_letters(request: Request) -> Response:
    """How many records wait for somebody to look at them: none, since a record is stored or refused in the answer."""
    return json_response({"status": "ok", "count": 0})


async def which(request: Request) -> Response:
    """The service's name and version."""
    return json_response({"service": "pluto", "version": version()})


async def which_all(request: Request) -> Response:
    """Names and versions of all services, which are one here."""
    own = {"service": "pluto", "version": version()}
    return json_response({"server": own, "ingest": own, "py": own})


async def healthz(request: Request) -> Response:
    """200 when the store can be read, else 503."""
    context(request).metadata.check()
    return json_response({"status": "ok"})


ROUTES = [
    Route("/api/health", health, methods=["GET"]),
    Route("/api/health/ready", ready, methods=["GET"]),
    Route("/api/version", which, methods=["GET"]),
    Route("/api/version/all", which_all, methods=["GET"]),
    Route("/health", health, methods=["GET"]),
    Route("/health/ready", ready, methods=["GET"]),
    Route("/health/dlq", dead_letters, methods=["GET"]),
    Route("/version", which, methods=["GET"]),
    Route("/healthz", healthz, methods=["GET"]),
]
