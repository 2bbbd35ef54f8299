"""A strict stand-in for a stock Pluto server, written from its HTTP contract, on a real loopback socket.

    with stock_server() as stock:
        stock.remote()                  # the target to give to a client; stock.url, stock.key
        stock.run("my-id")              # a `Run` as the server has it, by external id or number
        stock.points(run, "loss")       # {step: value}, as served: one per step, the latest time wins
        stock.fail(503, path="/ingest") # every request whose path starts so, until stock.heal()

Faults (`fail`): a status from 400 on, "garbage" (200 and no JSON), "hang" (never answers), "die" (does what was asked,
then breaks off), "drop" (breaks off before it does anything), "database" (what a failed database looks like). `times=n`
ends a fault after n requests. `stock.key = …` makes other keys wrong, as they show on each service. `stop()` and
`start()` take the server away from its port and put it back. `requests` lists (method, path) of all it was sent.

It is as strict as the real one: unsigned whole steps, unknown fields of a line refused, 422 for all of `/ingest`, no
compression, no extensions, presigned uploads without a key and with a length, 64-bit integers as text in reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pluto.core.settings import Remote

STATUSES = ("COMPLETED", "TERMINATED", "CANCELLED", "FAILED")
TYPES = {"METRIC", "IMAGE", "VIDEO", "AUDIO", "FILE", "TEXT", "ARTIFACT", "HISTOGRAM", "TABLE", "DATA"}
LEVELS = {"RUN_CANCELLED", "RUN_FAILED", "INFO", "WARNING", "ERROR", "DEBUG"}
U64 = 2**64


@dataclass
class Run:
    """A run as the server has it."""

    id: int
    number: int
    project: str
    name: str
    external_id: str | None
    prefix: str
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    logger_settings: dict[str, Any] = field(default_factory=dict)
    system_metadata: dict[str, Any] = field(default_factory=dict)
    status: str = "RUNNING"
    status_metadata: Any = None
    notes: str | None = None
    created_ms: int = 0
    status_ms: int = 0
    forked_from: int | None = None
    fork_step: int | None = None
    cancel: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, int, int, float]] = field(default_factory=list)
    """(name, time, step, value), every write."""
    data: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    graphs: list[dict[str, Any]] = field(default_factory=list)
    beats: int = 0

    @property
    def display_id(self) -> str:
        return f"{self.prefix}-{self.number}"

    def become(self, status: str, source: str) -> None:
        if status != self.status:
            self.events.append({"id": str(len(self.events) + 1), "runId": self.id, "fromStatus": self.status,
                                "toStatus": status, "source": source, "metadata": None})  # fmt: skip
            self.status = status


class Problem(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Stock:
    """The server. See the head of this module."""

    def __init__(self, key: str = "mlps_stockkey") -> None:
        self.key = key
        self.runs: dict[int, Run] = {}
        self.objects: dict[str, bytes] = {}
        """Uploaded bytes by object key: `<project>/<run>/<log name>/<file name>`."""
        self.requests: list[tuple[str, str]] = []
        self._fault: tuple[int | str, str, int | None] | None = None
        self._healed = threading.Event()
        self._socket = listen(0)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    # --- for tests ----------------------------------------------------------------------------------------------------

    def remote(self) -> Remote:
        """The target of a client of this server."""
        return Remote(self.url, self.url, self.url, self.url, self.key)

    def run(self, which: int | str) -> Run:
        """A run by its number or external id."""
        return next(run for run in self.runs.values() if which in (run.id, run.external_id))

    def points(self, run: Run, name: str) -> dict[int, float]:
        """A metric as served."""
        served: dict[int, tuple[int, float]] = {}
        for found, time_ms, step, value in run.metrics:
            if found == name and time_ms >= served.get(step, (0, 0.0))[0]:
                served[step] = (time_ms, value)
        return {step: served[step][1] for step in sorted(served)}

    def fail(self, fault: int | str, *, path: str = "", times: int | None = None) -> None:
        """From now on requests whose path starts with `path` meet the fault."""
        self._healed.clear()
        self._fault = (fault, path, times)

    def reset(self, key: str = "mlps_stockkey") -> None:
        """Forgets everything, faults too."""
        self.heal()
        self.key = key
        self.runs, self.objects, self.requests = {}, {}, []

    def heal(self) -> None:
        """No fault any more."""
        self._fault = None
        self._healed.set()

    def start(self) -> None:
        """Listens on its port, again after `stop`."""
        if self._socket.fileno() < 0:
            self._socket = listen(self.port)
        config = uvicorn.Config(self, log_config=None, lifespan="off", timeout_graceful_shutdown=0)
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the fake server did not start"
            time.sleep(0.002)

    def stop(self) -> None:
        """Is gone: connections are refused."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(10)
        self._socket.close()

    # --- ASGI ---------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests.append((scope["method"], scope["path"]))
        fault = self._take_fault(scope["path"])
        if fault == "hang":
            while not self._healed.is_set():
                await asyncio.sleep(0.01)
            fault = "drop"
        if fault == "die":
            await self._app(scope, receive, _nowhere)
        if fault in ("die", "drop"):
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return
        if fault == "garbage":
            await PlainTextResponse("<html>welcome to the hotel wifi</html>", 200)(scope, receive, send)
        elif fault == "database":
            ingest = scope["path"].startswith("/ingest")
            text = "Failed to process metrics stream: DatabaseError (4001 - Database Error): connection refused"
            body = {"code": "PROCESSING_FAILED", "message": text} if ingest else {"error": "Internal Server Error"}
            await JSONResponse(body, 422 if ingest else 503)(scope, receive, send)
        elif isinstance(fault, int):
            await JSONResponse({"error": f"fault {fault}"}, fault)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _take_fault(self, path: str) -> int | str | None:
        if self._fault is None or not path.startswith(self._fault[1]):
            return None
        fault, where, times = self._fault
        if times is not None:
            if times == 0:
                return None
            self._fault = (fault, where, times - 1)
        return fault

    @property
    def _app(self) -> Starlette:
        app = getattr(self, "_made", None)
        if app is None:
            from tests.fakes.stock_routes import routes

            app = self._made = Starlette(
                routes=[Route(path, self._guarded(call, path), methods=[method]) for method, path, call in routes(self)]
            )
        return app

    def _guarded(self, call: Any, path: str) -> Any:
        """A handler with the service's own way to say no."""
        service = "ingest" if path.startswith(("/ingest", "/files", "/step")) else "py" if path in PY else "api"

        async def handle(request: Request) -> Response:
            try:
                if not path.startswith("/objects"):
                    self._authorize(request)
                answer = await call(request)
            except Problem as problem:
                return refusal(service, path, problem)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return handle

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not given.startswith("Bearer "):
            raise Problem(401, "Unauthorized")
        if given.removeprefix("Bearer ") != self.key:
            raise Problem(401, "Key not found")

    def find(self, number: Any) -> Run:
        """The run, or 404."""
        if not isinstance(number, int) or isinstance(number, bool):
            raise Problem(400, "runId: Expected number")
        if number not in self.runs:
            raise Problem(404, "Run not found")
        return self.runs[number]


PY = ("/api/runs/trigger", "/api/runs/alert")


def refusal(service: str, path: str, problem: Problem) -> Response:
    """An error as the three services put it; the streaming routes hide every status behind 422."""
    text = str(problem)
    if service == "py":
        return JSONResponse({"detail": text}, problem.status)
    if service == "api":
        body = {"error": "Unauthorized", "message": text} if problem.status == 401 else {"error": text}
        return JSONResponse(body, problem.status)
    if path.startswith("/ingest"):
        if problem.status == 401:
            text = f"InvalidToken (1002 - Authentication Error): {text}"
        text = f"Failed to process stream: {text}"
        return JSONResponse({"code": "PROCESSING_FAILED", "message": text}, 422)
    return JSONResponse({"code": "INVALID_TOKEN" if problem.status == 401 else "INVALID_INPUT", "message": text},
                        problem.status)  # fmt: skip


def listen(port: int) -> socket.socket:
    """A loopback socket that says it is TCP: only then asyncio sends small answers at once."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(100)
    return listening


async def _nowhere(message: Any) -> None:
    pass


@contextlib.contextmanager
def stock_server(key: str = "mlps_stockkey") -> Iterator[Stock]:
    """A running stock server, stopped at the end."""
    stock = Stock(key)
    stock.start()
    try:
        yield stock
    finally:
        stock.heal()
        stock.stop()


def prefix_of(project: str) -> str:
    """The first part of display ids."""
    words = [word for word in re.split(r"[-_\s.]+", project) if word]
    if not words:
        return "RUN"
    if len(words) == 1:
        return words[0][:3].upper()
    initials = "".join(word[0] for word in words)
    if len(initials) < 3:
        initials = initials[:-1] + words[-1][: 3 - len(initials) + 1]
    return initials[:4].upper()


def unsigned(value: Any, name: str) -> int:
    """A u64 of a line."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < U64:
        raise Problem(422, f"JsonError (2003 - Input Error): invalid value for {name}: {value!r}, expected u64")
    return value


def iso(ms: int) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    """The API's deep merge."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def parse_object(text: Any, name: str) -> dict[str, Any]:
    """A JSON text of an object, as strict as the API's own parser."""
    if text is None or text == "null":
        return {}
    if not isinstance(text, str):
        raise Problem(400, f"{name}: Expected string")
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except ValueError:
        raise Problem(400, "Invalid JSON format in request body") from None
    if not isinstance(found, dict):
        raise Problem(400, f"Invalid {name} JSON: expected an object")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(text)
