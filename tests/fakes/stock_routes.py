"""What the stand-in for a stock server takes in: runs, lines and files. Tests use `tests.fakes.stock`."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tests.fakes.stock import (
    LEVELS,
    STATUSES,
    TYPES,
    Invalid,
    Problem,
    Run,
    Stock,
    merge,
    no_constant,
    parse_object,
    prefix_of,
    unsigned,
)


def routes(stock: Stock) -> list[tuple[str, str, Any]]:
    """(method, path, handler) of every write a client with a key can make."""
    made = Routes(stock)
    return [
        ("POST", "/api/slug", made.slug),
        ("POST", "/api/runs/create", made.create),
        ("POST", "/api/runs/resume", made.resume),
        ("POST", "/api/runs/status/update", made.status),
        ("POST", "/api/runs/tags/update", made.tags),
        ("POST", "/api/runs/config/update", made.config),
        ("POST", "/api/runs/notes/update", made.notes),
        ("POST", "/api/runs/logName/add", made.log_names),
        ("POST", "/api/runs/modelGraph/create", made.graph),
        ("POST", "/api/runs/trigger", made.trigger),
        ("POST", "/api/runs/alert", made.alert),
        ("POST", "/ingest/metrics", made.metrics),
        ("POST", "/ingest/data", made.data),
        ("POST", "/ingest/logs", made.logs),
        ("POST", "/step", made.step),
        ("POST", "/files", made.presign),
        ("PUT", "/objects/{key:path}", made.put),
    ]


class Routes:
    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    # --- runs ---------------------------------------------------------------------------------------------------------

    async def slug(self, request: Request) -> Any:
        return {"organization": {"slug": "org"}}

    async def create(self, request: Request) -> Any:
        body = await _body(request)
        name, project = _text(body, "runName"), _text(body, "projectName")
        external = body.get("externalId")
        if external is not None and not (isinstance(external, str) and 1 <= len(external) <= 255):
            raise Invalid("externalId: Invalid input")
        tags = _tags(body.get("tags") or [])
        config = parse_object(body.get("config"), "config")
        settings = parse_object(body.get("loggerSettings"), "loggerSettings")
        metadata = parse_object(body.get("systemMetadata"), "systemMetadata")
        for run in self.stock.runs.values():
            if external is not None and (run.project, run.external_id) == (project, external):
                merge(run.config, config)
                return self._reopen(run)
        number = 1 + max((run.number for run in self.stock.runs.values() if run.project == project), default=0)
        run = Run(len(self.stock.runs) + 1, number, project, name, external, prefix_of(project))
        if body.get("forkRunId") is not None:
            self._fork(run, body, config, tags)
        run.tags, run.config, run.logger_settings, run.system_metadata = tags, config, settings, metadata
        created = _ms(body, "createdAt")
        run.created_ms = run.status_ms = _now() if created is None else created
        run.events.append({"id": "1", "runId": run.id, "fromStatus": None, "toStatus": "RUNNING", "source": "api",
                           "metadata": None})  # fmt: skip
        self.stock.runs[run.id] = run
        return self._answer(run, False) | {"forkedFromRunId": run.forked_from, "forkStep": run.fork_step}

    def _fork(self, run: Run, body: dict[str, Any], config: dict[str, Any], tags: list[str]) -> None:
        step, inherit = body.get("forkStep"), body.get("inheritConfig")
        if isinstance(step, bool) or not isinstance(step, int):
            raise Problem(400, "forkStep is required with forkRunId")
        parent = self.stock.runs.get(body["forkRunId"])
        if parent is None or parent.project != run.project:
            raise Problem(400, "Fork parent run not found in this project")
        if inherit is not False:
            config.update({key: value for key, value in parent.config.items() if key not in config})
        if body.get("inheritTags"):
            own_group = any(tag.startswith("group:") for tag in tags)
            tags[:0] = [tag for tag in parent.tags if tag not in tags and not (own_group and tag.startswith("group:"))]
        for _ in range(10):
            if parent.forked_from is None or parent.fork_step is None or step > parent.fork_step:
                break
            parent = self.stock.runs[parent.forked_from]
        if parent.metrics and step > max(point[2] for point in parent.metrics):
            raise Problem(400, "forkStep is above the last step of the parent")
        run.forked_from, run.fork_step = parent.id, step

    async def resume(self, request: Request) -> Any:
        body = await _body(request)
        given = [key for key in ("runId", "displayId", "externalId") if body.get(key) is not None]
        if len(given) != 1:
            raise Problem(400, "Provide exactly one of runId, displayId, externalId")
        project = body.get("projectName")
        if given == ["runId"]:
            return self._reopen(self.stock.find(body["runId"]))
        if given == ["externalId"] and not project:
            raise Problem(400, "projectName is required with externalId")
        found = [
            run
            for run in self.stock.runs.values()
            if (run.display_id if given == ["displayId"] else run.external_id) == body[given[0]]
            and project in (None, run.project)
        ]
        if not found:
            raise Problem(404, "Run not found")
        if len(found) > 1:
            raise Problem(409, "Ambiguous display id")
        return self._reopen(found[0])

    def _reopen(self, run: Run) -> Any:
        run.become("RUNNING", "resume")
        return self._answer(run, True)

    def _answer(self, run: Run, resumed: bool) -> dict[str, Any]:
        return {"runId": run.id, "number": run.number, "displayId": run.display_id, "projectName": run.project,
                "organizationSlug": "org", "url": self.stock.page(run), "resumed": resumed}  # fmt: skip

    async def status(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        status = body.get("status")
        if status not in (*STATUSES, "RUNNING"):
            raise Invalid("status: Invalid enum value")
        settings = parse_object(body.get("loggerSettings"), "loggerSettings")
        if "statusMetadata" in body:
            text = body["statusMetadata"]
            run.status_metadata = None if text is None else parse_object(text, "statusMetadata")
        merge(run.logger_settings, settings)
        updated, terminal = _ms(body, "statusUpdated"), run.status in STATUSES and status in STATUSES
        if terminal and STATUSES.index(status) < STATUSES.index(run.status):
            return {"success": True}
        if updated is not None or not (terminal and status == run.status):
            run.status_ms = _now() if updated is None else updated
        run.become(status, "api")
        return {"success": True}

    async def tags(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        run.tags = _tags(body.get("tags"))
        return {"success": True}

    async def config(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        if not isinstance(body.get("config"), str):
            raise Invalid("config: Expected string")
        merge(run.config, parse_object(body["config"], "config"))
        return {"success": True}

    async def notes(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        notes = body.get("notes")
        if notes is not None and not (isinstance(notes, str) and len(notes) <= 1000):
            raise Invalid("notes: String must contain at most 1000 character(s)")
        run.notes = body.get("notes")
        return {"success": True}

    async def log_names(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        if body.get("logType") not in TYPES:
            raise Invalid("logType: Invalid enum value")
        for name in _texts(body.get("logName"), "logName"):
            run.names.setdefault(name, body["logType"])
        return {"success": True}

    async def graph(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        graph = body.get("graph")
        nodes = graph.get("nodes") if isinstance(graph, dict) else None
        for node in nodes.values() if isinstance(nodes, dict) else [None]:
            if not (isinstance(node, dict) and isinstance(node.get("type"), str) and type(node.get("depth")) is int):
                raise Invalid("graph: Invalid node")
        run.graphs.append(body["graph"])
        return {"success": True}

    async def trigger(self, request: Request) -> Any:
        run = self.stock.find((await _body(request)).get("runId"))
        run.beats += 1
        if run.cancel:
            run.status = "CANCELLED"
        return {"status": run.status, "triggers": None}

    async def alert(self, request: Request) -> Any:
        body = await _body(request)
        run, alert = self.stock.find(body.get("runId")), body.get("alert")
        if not isinstance(alert, dict) or alert.get("level") not in LEVELS:
            raise Invalid("alert.level: Input should be a member of the enum")
        if not all(value is None or isinstance(value, str | int) for value in alert.values()):
            raise Invalid("alert: Input should be a string, integer or boolean")
        if alert.get("url") is not None:
            raise Problem(500, "Failed to send alert: url")
        run.alerts.append(alert)
        return {"status": "success"}

    # --- ingest -------------------------------------------------------------------------------------------------------

    async def metrics(self, request: Request) -> Any:
        count = 0
        async for run, line in self._lines(request, {"time", "step", "data"}):
            at, step = unsigned(line["time"], "time"), unsigned(line["step"], "step")
            if not isinstance(line["data"], dict):
                raise Invalid("data: expected a map")
            values = {name: _value(value) for name, value in line["data"].items() if value is not None}
            if not values or any(not name.strip() for name in values):
                raise Invalid("empty data or blank name")
            run.metrics += [(name, at, step, value) for name, value in values.items()]
            count += len(values)
        return PlainTextResponse(f"Stream processed successfully: {count} records")

    async def data(self, request: Request) -> Any:
        count = 0
        async for run, line in self._lines(request, {"time", "data", "dataType", "logName", "step"}):
            unsigned(line["time"], "time"), unsigned(line["step"], "step")
            if not all(isinstance(line[key], str) for key in ("data", "dataType", "logName")):
                raise Invalid("expected a string")
            if not line["dataType"].strip() or not line["logName"].strip():
                raise Invalid("blank name")
            run.data.append(line)
            count += 1
        return PlainTextResponse(f"Stream processed successfully: {count} records")

    async def logs(self, request: Request) -> Any:
        count = 0
        async for run, line in self._lines(request, {"time", "message", "lineNumber", "logType"}):
            unsigned(line["time"], "time"), unsigned(line["lineNumber"], "lineNumber")
            if not isinstance(line["message"], str) or not isinstance(line["logType"], str):
                raise Invalid("expected a string")
            if not line["logType"].strip():
                raise Invalid("blank logType")
            run.logs.append(line)
            count += 1
        return PlainTextResponse(f"Stream processed successfully: {count} records")

    async def _lines(self, request: Request, fields: set[str]) -> Any:
        """Line by line, in order: what comes before a bad line stays."""
        run = self._addressed(request)
        if "content-encoding" in request.headers:
            raise Invalid("the service does not decompress")
        for text in (await request.body()).split(b"\n"):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
            except ValueError as error:
                raise Invalid(str(error)) from None
            if not isinstance(line, dict) or set(line) != fields:
                raise Invalid(f"fields have to be {sorted(fields)}")
            yield run, line

    def _addressed(self, request: Request) -> Run:
        """The run of the headers. The real server checks neither: what does not match is lost."""
        number, project = request.headers.get("x-run-id"), request.headers.get("x-project-name")
        if number is None or project is None:
            raise Problem(400, "MissingHeader (2001 - Input Error): X-Run-Id and X-Project-Name", "MISSING_HEADER")
        known = self.stock.runs.get(int(number) if number.isdigit() else 0)
        if known is not None and known.project == project:
            return known
        return self.stock.strays.setdefault((number, project), Run(0, 0, project, "", None, ""))

    async def step(self, request: Request) -> Any:
        return {"step": max((step for _, _, step, _ in self._addressed(request).metrics), default=0)}

    # --- files --------------------------------------------------------------------------------------------------------

    async def presign(self, request: Request) -> Any:
        run = self._addressed(request)
        if not request.headers["x-run-id"].isdigit():
            raise Problem(500, "the handler panicked", "INTERNAL_ERROR")
        if not _is_json(request):
            raise Invalid("Expected request with `Content-Type: application/json`", 415)
        content = await request.body()
        if len(content) > PRESIGN_BYTES:
            raise Invalid("length limit exceeded", 413)
        answer: dict[str, list[dict[str, str]]] = defaultdict(list)
        files = [_file(file) for file in _files(content)]
        for file in files:
            run.files.append(file)
            key = f"{run.project}/{run.id}/{file['logName']}/{file['fileName']}"
            answer[file["logName"]].append({file["fileName"]: f"{self.stock.url}/objects/{quote(key)}?signature=1"})
        return answer

    async def put(self, request: Request) -> Any:
        if "authorization" in request.headers:
            raise Problem(400, "Only one auth mechanism allowed")
        if "content-length" not in request.headers or "transfer-encoding" in request.headers:
            raise Problem(411, "MissingContentLength")
        if request.query_params.get("signature") != "1":
            raise Problem(403, "SignatureDoesNotMatch")
        self.stock.objects[request.path_params["key"]] = await request.body()
        return Response(status_code=200)


PRESIGN_BYTES = 2 * 1024 * 1024


def _now() -> int:
    return int(time.time() * 1000)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")


async def _body(request: Request) -> dict[str, Any]:
    """The body for the API and helper services, neither of which decompresses."""
    if not _is_json(request) or "content-encoding" in request.headers:
        raise Invalid("Expected plain application/json")
    try:
        found = json.loads(await request.body(), parse_constant=no_constant)
    except ValueError:
        raise Problem(400, "Malformed JSON in request body") from None
    if not isinstance(found, dict):
        raise Invalid("Expected object")
    return found


def _files(content: bytes) -> list[Any]:
    try:
        body = json.loads(content, parse_constant=no_constant)
    except ValueError:
        raise Invalid("Failed to parse the request body as JSON", 400) from None
    files = body.get("files") if isinstance(body, dict) else None
    if not isinstance(files, list):
        raise Invalid("Failed to deserialize the JSON body into the target type: files")
    return files


def _file(file: Any) -> dict[str, Any]:
    """One entry of a request for addresses, checked; what it has beyond these fields is nobody's concern."""
    if not isinstance(file, dict):
        raise Invalid("Failed to deserialize the JSON body into the target type: file")
    for name in ("time", "step", "fileSize"):
        unsigned(file.get(name), name)
    unsigned(file.get("sampleIndex", 0), "sampleIndex", 2**32)
    kind = file.get("fileType")
    named = kind.get("custom") if isinstance(kind, dict) and len(kind) == 1 else kind
    texts = {"fileName": file.get("fileName"), "logName": file.get("logName"), "fileType": named}
    texts |= {name: file[name] for name in ("caption", "annotations") if file.get(name) is not None}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise Invalid(f"Failed to deserialize the JSON body into the target type: {name}")
    return file | {"fileType": named}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 255:
        raise Invalid(f"{name}: Invalid input")
    return value


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Invalid(f"{name}: Expected array of strings")
    return list(value)


def _tags(tags: Any) -> list[str]:
    found = _texts(tags, "tags")
    if len(found) > 50:
        raise Invalid("tags: Array must contain at most 50 element(s)")
    if sum(tag.startswith("group:") for tag in found) > 1:
        raise Problem(400, "A run can have at most one group:* tag.")
    return found


def _ms(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (type(value) is not int or not 0 <= value <= 8_640_000_000_000_000):
        raise Invalid(f"{name}: Invalid input")
    return value


def _value(value: Any) -> float:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"invalid value {value!r}")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Invalid("number out of range")
    return float(value)
