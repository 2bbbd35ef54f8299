"""A strict stand-in for a stock Pluto server, written from its HTTP contract, on a real loopback socket.

    with stock_server() as stock:
        stock.remote()                  # the target to give to a client; stock.url, stock.key
        stock.run("my-id")              # a `Run` as the server has it, by external id or number
        stock.points(run, "loss")       # {step: value}, as served: one per step, the latest time wins
        stock.fail(503, path="/ingest") # every request whose path starts so, until stock.heal()

Faults (`fail`): a status from 400 on, "garbage" (200 and no JSON), "hang" (never answers), "die" (does what was asked,
then breaks off), "drop" (breaks off before it does anything), "database" (what a failed database looks like). `times=n`
ends a fault after n requests; of several that match a path, the one set last counts. `stock.key = …` makes other keys
wrong, as they show on each service. `stop()` and `start()` take the server away from its port and put it back.
`requests` lists (method, path) of all it was sent, `received` the headers and sizes too, `strays` what no run can show.

It is as strict as the real one: unsigned whole steps, unknown fields of a line refused, 422 for all of `/ingest`, no
compression, no extensions, presigned uploads without a key and with a length, 64-bit integers as text in reads.
Repeated lines, data and file rows are kept, as there; only metrics are served once per step.
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
from urllib.parse import quote

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


@dataclass
class Received:
    """A request, as it came in; `size` counts the bytes of its body that were read."""

    method: str
    path: str
    headers: dict[str, str]
    size: int = 0


@dataclass
class Fault:
    """What goes wrong, where, and how many more times; `over` lets go of what hangs."""

    kind: int | str
    path: str
    times: int | None
    over: threading.Event = field(default_factory=threading.Event)


class Problem(Exception):
    """What a handler refuses: each service puts it in its own words."""

    def __init__(self, status: int, text: str, code: str = "INVALID_INPUT") -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Invalid(Problem):
    """What the framework of a service refuses before any handler: `status` is that of the ingest service."""

    def __init__(self, text: str, status: int = 422) -> None:
        super().__init__(status, text)


class Stock:
    """The server. See the head of this module."""

    def __init__(self, key: str = "mlps_stockkey") -> None:
        self.key = key
        self.runs: dict[int, Run] = {}
        self.objects: dict[str, bytes] = {}
        """Uploaded bytes by object key: `<project>/<run>/<log name>/<file name>`."""
        self.received: list[Received] = []
        self.strays: dict[tuple[str, str], Run] = {}
        """What came with a run id and project that are no run's, by these: accepted, and never seen again."""
        self._faults: list[Fault] = []
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

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path of everything received."""
        return [(one.method, one.path) for one in self.received]

    def points(self, run: Run, name: str) -> dict[int, float]:
        """A metric as served."""
        return {step: value for step, (_, value) in self.served(run, name).items()}

    def served(self, run: Run, name: str) -> dict[int, tuple[int, float]]:
        """A metric as served, {step: (time, value)}: the latest time of a step wins."""
        served: dict[int, tuple[int, float]] = {}
        for found, time_ms, step, value in run.metrics:
            if found == name and time_ms >= served.get(step, (0, 0.0))[0]:
                served[step] = (time_ms, value)
        return dict(sorted(served.items()))

    def fail(self, fault: int | str, *, path: str = "", times: int | None = None) -> None:
        """From now on requests whose path starts with `path` meet the fault."""
        if not (fault in FAULTS or (isinstance(fault, int) and 400 <= fault <= 599)):
            raise ValueError(f"no such fault: {fault!r}")
        self._faults.append(Fault(fault, path, times))

    def reset(self, key: str = "mlps_stockkey") -> None:
        """Forgets everything, faults too."""
        self.heal()
        self.key = key
        self.runs, self.objects, self.received, self.strays = {}, {}, [], {}

    def heal(self) -> None:
        """No fault any more."""
        for fault in self._faults:
            fault.over.set()
        self._faults = []

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
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        seen = Received(scope["method"], scope["path"], headers)
        self.received.append(seen)

        async def counted() -> Any:
            message = await receive()
            seen.size += len(message.get("body", b""))
            return message

        fault = self._take_fault(scope["path"])
        kind = fault.kind if fault is not None else None
        if fault is not None and kind == "hang":
            while not fault.over.is_set():
                await asyncio.sleep(0.01)
            kind = "drop"
        if kind == "die":
            await self._app(scope, counted, _nowhere)
        if kind in ("die", "drop"):
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return
        if kind == "garbage":
            await PlainTextResponse("<html>welcome to the hotel wifi</html>", 200)(scope, counted, send)
        elif kind == "database":
            ingest = scope["path"].startswith("/ingest")
            text = "Failed to process metrics stream: DatabaseError (4001 - Database Error): connection refused"
            body = {"code": "PROCESSING_FAILED", "message": text} if ingest else {"error": "Internal Server Error"}
            await JSONResponse(body, 422 if ingest else 503)(scope, counted, send)
        elif isinstance(kind, int):
            await JSONResponse({"error": f"fault {kind}"}, kind)(scope, counted, send)
        else:
            await self._app(scope, counted, send)

    def _take_fault(self, path: str) -> Fault | None:
        for fault in reversed(self._faults):
            if path.startswith(fault.path) and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    @property
    def _app(self) -> Starlette:
        app = getattr(self, "_made", None)
        if app is None:
            from tests.fakes import stock_reads, stock_routes

            routes = [*stock_routes.routes(self), *stock_reads.routes(self)]
            app = self._made = Starlette(
                routes=[Route(path, self._guarded(call, path), methods=[method]) for method, path, call in routes]
            )
        return app

    def _guarded(self, call: Any, path: str) -> Any:
        """A handler with the service's own way to say no."""
        service = "ingest" if path.startswith(INGEST) else "py" if path in PY else "api"

        async def handle(request: Request) -> Response:
            try:
                if not path.startswith("/objects"):
                    self._authorize(request, service)
                answer = await call(request)
            except Problem as problem:
                return refusal(service, path, problem)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return handle

    def _authorize(self, request: Request, service: str) -> None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not given.strip():
            raise Problem(401, "", "MISSING_TOKEN")
        if service == "api" and not given.startswith(("mlps_", "mlpi_")):
            raise Problem(401, "Invalid API key")
        if given.strip() != self.key:
            raise Problem(401, "Key not found", "INVALID_TOKEN")

    def page(self, run: Run) -> str:
        """Where people would see the run."""
        return f"{self.url}/o/org/projects/{quote(run.project, safe='')}/AbC{run.id}"

    def find(self, number: Any) -> Run:
        """The run, or 404."""
        if not isinstance(number, int) or isinstance(number, bool):
            raise Invalid("runId: Expected number")
        if number not in self.runs:
            raise Problem(404, "Run not found")
        return self.runs[number]


FAULTS = ("garbage", "hang", "die", "drop", "database")
PY = ("/api/runs/trigger", "/api/runs/alert")
INGEST = ("/ingest", "/files", "/step")


def refusal(service: str, path: str, problem: Problem) -> Response:
    """An error as the three services put it; the streaming routes hide every status behind 422."""
    text = str(problem)
    if service == "py":
        if isinstance(problem, Invalid):
            return JSONResponse({"detail": [{"loc": ["body"], "msg": text, "type": "value_error"}]}, 422)
        return JSONResponse({"detail": text or "Unauthorized"}, problem.status)
    if service == "api":
        if isinstance(problem, Invalid):
            issues = [{"code": "custom", "path": [], "message": text}]
            return JSONResponse({"success": False, "error": {"issues": issues, "name": "ZodError"}}, 400)
        if problem.status == 401:
            return JSONResponse({"error": "Unauthorized"} | ({"message": text} if text else {}), 401)
        return JSONResponse({"error": text}, problem.status)
    if problem.status == 401:
        named = "MissingToken (1001" if problem.code == "MISSING_TOKEN" else "InvalidToken (1002"
        text = f"{named} - Authentication Error): {text or 'no token'}"
    if path.startswith("/ingest"):
        text = f"JsonError (2003 - Input Error): {text}" if isinstance(problem, Invalid) else text
        text = f"Failed to process {path.rpartition('/')[2]} stream: {text}"
        return JSONResponse({"code": "PROCESSING_FAILED", "message": text}, 422)
    if isinstance(problem, Invalid):
        return PlainTextResponse(text, problem.status)
    return JSONResponse({"code": problem.code, "message": text}, problem.status)


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


def unsigned(value: Any, name: str, below: int = U64) -> int:
    """A u64 of a line or of the body of `/files`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
        raise Invalid(f"invalid value for {name}: {value!r}, expected an unsigned integer")
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
        raise Invalid(f"{name}: Expected string")
    try:
        found = json.loads(text, parse_constant=no_constant)
    except ValueError:
        raise Problem(400, "Invalid JSON format in request body") from None
    if not isinstance(found, dict):
        raise Problem(400, f"Invalid {name} JSON: expected an object")
    return found


def no_constant(text: str) -> Any:
    raise ValueError(text)
