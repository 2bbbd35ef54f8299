"""Our server as a stock one: nothing under the prefix of the extensions, and 64-bit integers sent as text."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from pluto.protocol.batch import PREFIX
from pluto.server.app import create_app

SIGNED = (f"{PREFIX}/uploads/", f"{PREFIX}/downloads/")
"""Where the addresses lie that our server gives for files: to a client they are as good as a bucket's."""
AS_TEXT = ("step", "lineNumber", "fileSize")


def texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: str(v) if k in AS_TEXT and isinstance(v, int) else texts(v) for k, v in value.items()}
    return [texts(item) for item in value] if isinstance(value, list) else value


class Stock:
    """Wraps the app. `broken` requests are answered 500 first; `seen` has the paths and the Authorization of all."""

    def __init__(self, store: Path) -> None:
        self.app = create_app(store)
        self.broken = 0
        self.seen: list[tuple[str, str | None]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        self.seen.append((scope["path"], headers.get(b"authorization", b"").decode() or None))
        if scope["path"].startswith(PREFIX) and not scope["path"].startswith(SIGNED):
            await _answer(send, 404, b'{"error":"Not Found"}')
        elif self.broken:
            self.broken -= 1
            await _answer(send, 500, b'{"error":"Internal Server Error"}')
        elif scope["path"] in ("/api/runs/metrics/raw", "/api/runs/metrics", "/api/runs/logs", "/api/runs/files"):
            parts: list[Any] = []

            async def keep(message: Any) -> None:
                parts.append(message)

            await self.app(scope, receive, keep)
            body = b"".join(part.get("body", b"") for part in parts[1:])
            await _answer(send, parts[0]["status"], json.dumps(texts(json.loads(body))).encode())
        else:
            await self.app(scope, receive, send)


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def stock(store: Path) -> Iterator[tuple[str, Stock]]:
    """The address of a stock server over a store, and the server."""
    app = Stock(store)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", ws="none"))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
