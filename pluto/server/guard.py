"""Who may come in: API keys where they are required, and no foreign web pages where they are not."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pluto.protocol.batch import PREFIX
from pluto.server.answers import json_response
from pluto.server.errors import body_of, service
from pluto.server.keys import hashed, refusal
from pluto.server.metadata.contract import Keys

_OPEN = frozenset({
    f"{PREFIX}/info", "/api/health", "/api/health/ready", "/api/version", "/api/version/all",
    "/health", "/health/ready", "/health/dlq", "/version", "/healthz", "/api/openapi.json", "/api/docs",
})  # fmt: skip
_OPEN_PREFIXES = (f"{PREFIX}/uploads/", f"{PREFIX}/downloads/")
"""Addresses that are signed one by one."""

NO_PAGES = "This server wants a key, and pages to give it to are not part of this version: try `pluto query`."

_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,200}")


class Guard:
    """Lets a request pass, or answers it with what its service says to a stranger."""

    def __init__(
        self, app: ASGIApp, *, keys: Keys, require_key: bool, public_url: str | None, named: Collection[str]
    ) -> None:
        """Guards `app`; `named` are the paths that are routes of their own and never a run's short id."""
        self._app = app
        self._named = named
        self._keys = keys
        self._require_key = require_key
        self._public_host = urlsplit(public_url).netloc.lower() if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        if not self._require_key:
            refused = self._keyless(headers, path)
        elif scope["method"] == "GET" and self._short_id(path):
            refused = None
        else:
            refused = self._keyed(headers, path)
        if refused is None:
            await self._app(scope, receive, send)
        elif refused[0] == 401 and (path == "/" or path.startswith("/o/")):
            await PlainTextResponse(NO_PAGES, 401)(scope, receive, send)
        else:
            await json_response(refused[1], refused[0])(scope, receive, send)

    def _short_id(self, path: str) -> bool:
        """Whether the path is `/api/runs/{sqid}`, which needs no key."""
        rest = path.removeprefix("/api/runs/")
        return rest != path and rest.isalnum() and path not in self._named

    def _keyless(self, headers: Headers, path: str) -> tuple[int, object] | None:
        """Keeps strangers out of a server without keys.

        Their way in is the browser of whoever runs it: a name made to point here, or a request from another page.
        """
        host = headers.get("host", "").lower()
        if host and host != self._public_host and not _local(host):
            return 403, body_of(path, 403, f"This server has no keys and does not answer to the name {host!r}")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in (host, self._public_host):
            return 403, body_of(path, 403, "This server has no keys and takes no requests from other sites")
        return None

    def _keyed(self, headers: Headers, path: str) -> tuple[int, object] | None:
        if open_to_all(path):
            return None
        kind = service(path)
        token = headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not token:
            missing = body_of(path, 401, "Missing token", "MISSING_TOKEN")
            return 401, {"error": "Unauthorized"} if kind == "node" else missing
        if not _TOKEN.fullmatch(token) or (kind == "node" and not token.startswith(("mlps_", "mlpi_"))):
            reason: str | None = "Invalid API key"
        else:
            reason = refusal(self._keys.find(hashed(token)))
        if reason is None:
            return None
        return 401, {"error": "Unauthorized", "message": reason} if kind == "node" else body_of(path, 401, reason)


def open_to_all(path: str) -> bool:
    """Whether a path needs no key: it tells nothing of anybody, or its address is signed."""
    return path in _OPEN or path.startswith(_OPEN_PREFIXES)


def _local(host: str) -> bool:
    """Whether a Host can't be a public name: an address, or a name without a dot, which no stranger owns."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]")
    if "." not in name and ":" not in name:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.endswith((".localhost", ".local", ".internal"))
    return True
