"""The routes of the stand-in for a stock server. Tests use `tests.fakes.stock`."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tests.fakes.stock import (
    LEVELS,
    STATUSES,
    TYPES,
    Problem,
    Run,
    Stock,
    iso,
    merge,
    parse_object,
    prefix_of,
    unsigned,
)


def routes(stock: Stock) -> list[tuple[str, str, Any]]:
    """(method, path, handler) of everything a stock server has, as far as clients with a key can use it."""
    made = Routes(stock)
    return [
        ("POST", "/api/slug", made.slug),
        ("POST", "/api/runs/create", made.create),
        ("POST", "/api/runs/resume", made.resume),
        ("POST", "/api/runs/status/update", made.status),
        ("GET", "/api/runs/status/history", made.history),
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
        ("GET", "/objects/{key:path}", made.get),
        ("GET", "/api/runs/projects", made.projects),
        ("GET", "/api/runs/list", made.list),
        ("GET", "/api/runs/details/by-display-id/{display}", made.by_display_id),
        ("GET", "/api/runs/details/{run:int}", made.details),
        ("GET", "/api/runs/metric-names", made.metric_names),
        ("GET", "/api/runs/metrics", made.read_metrics),
        ("GET", "/api/runs/logs", made.read_logs),
        ("GET", "/api/runs/files", made.read_files),
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
            raise Problem(400, "externalId: Invalid input")
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
        run.created_ms = run.status_ms = _ms(body, "createdAt") or int(time.time() * 1000)
        run.events.append({"id": "1", "runId": run.id, "fromStatus": None, "toStatus": "RUNNING", "source": "api",
                           "metadata": None})  # fmt: skip
        self.stock.runs[run.id] = run
        return self._answer(run, False) | {"forkedFromRunId": run.forked_from, "forkStep": run.fork_step}

    def _fork(self, run: Run, body: dict[str, Any], config: dict[str, Any], tags: list[str]) -> None:
        if not isinstance(body.get("forkStep"), int):
            raise Problem(400, "forkStep is required with forkRunId")
        parent = self.stock.runs.get(body["forkRunId"])
        if parent is None or parent.project != run.project:
            raise Problem(400, "Fork parent run not found in this project")
        run.forked_from, run.fork_step = parent.id, body["forkStep"]
        if body.get("inheritConfig") is not False:
            config.update({key: value for key, value in parent.config.items() if key not in config})
        if body.get("inheritTags"):
            tags[:0] = [tag for tag in parent.tags if tag not in tags]

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
        url = f"{self.stock.url}/o/org/projects/{quote(run.project, safe='')}/AbC{run.id}"
        return {"runId": run.id, "number": run.number, "displayId": run.display_id, "projectName": run.project,
                "organizationSlug": "org", "url": url, "resumed": resumed}  # fmt: skip

    async def status(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        status = body.get("status")
        if status not in (*STATUSES, "RUNNING"):
            raise Problem(400, "status: Invalid enum value")
        settings = parse_object(body.get("loggerSettings"), "loggerSettings")
        if "statusMetadata" in body:
            text = body["statusMetadata"]
            run.status_metadata = None if text is None else parse_object(text, "statusMetadata")
        merge(run.logger_settings, settings)
        if run.status in STATUSES and status in STATUSES and STATUSES.index(status) < STATUSES.index(run.status):
            return {"success": True}
        run.status_ms = _ms(body, "statusUpdated") or int(time.time() * 1000)
        run.become(status, "api")
        return {"success": True}

    async def history(self, request: Request) -> Any:
        run = self.stock.find(_int(request, "runId"))
        return {"runId": run.id, "events": run.events}

    async def tags(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        run.tags = _tags(body.get("tags"))
        return {"success": True}

    async def config(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        if not isinstance(body.get("config"), str):
            raise Problem(400, "config: Expected string")
        merge(run.config, parse_object(body["config"], "config"))
        return {"success": True}

    async def notes(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        if body.get("notes") is not None and len(body["notes"]) > 1000:
            raise Problem(400, "notes: String must contain at most 1000 character(s)")
        run.notes = body.get("notes")
        return {"success": True}

    async def log_names(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        if body.get("logType") not in TYPES:
            raise Problem(400, "logType: Invalid enum value")
        for name in body["logName"]:
            run.names.setdefault(name, body["logType"])
        return {"success": True}

    async def graph(self, request: Request) -> Any:
        body = await _body(request)
        run = self.stock.find(body.get("runId"))
        for node in body["graph"]["nodes"].values():
            if not isinstance(node.get("type"), str) or not isinstance(node.get("depth"), int):
                raise Problem(400, "graph: Invalid node")
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
        run, alert = self.stock.find(body.get("runId")), body["alert"]
        if alert["level"] not in LEVELS or not all(v is None or isinstance(v, str | int) for v in alert.values()):
            raise Problem(422, "alert: value is not valid")
        if alert.get("url") is not None:
            raise Problem(500, "Failed to send alert: url")
        run.alerts.append(alert)
        return {"status": "success"}

    # --- ingest -------------------------------------------------------------------------------------------------------

    async def metrics(self, request: Request) -> Any:
        count = 0
        async for run, line in self._lines(request, {"time", "step", "data"}):
            at, step = unsigned(line["time"], "time"), unsigned(line["step"], "step")
            values = {name: _value(value) for name, value in line["data"].items() if value is not None}
            if not values or any(not name.strip() for name in values):
                raise Problem(422, "InvalidLine (2003 - Input Error): empty data or blank name")
            run.metrics += [(name, at, step, value) for name, value in values.items()]
            count += len(values)
        return PlainTextResponse(f"Stream processed successfully: {count} records")

    async def data(self, request: Request) -> Any:
        async for run, line in self._lines(request, {"time", "data", "dataType", "logName", "step"}):
            unsigned(line["time"], "time"), unsigned(line["step"], "step")
            if not all(isinstance(line[key], str) for key in ("data", "dataType", "logName")):
                raise Problem(422, "InvalidLine (2003 - Input Error): expected a string")
            if not line["dataType"].strip() or not line["logName"].strip():
                raise Problem(422, "InvalidLine (2003 - Input Error): blank name")
            run.data.append(line)
        return PlainTextResponse("Stream processed successfully")

    async def logs(self, request: Request) -> Any:
        async for run, line in self._lines(request, {"time", "message", "lineNumber", "logType"}):
            unsigned(line["time"], "time"), unsigned(line["lineNumber"], "lineNumber")
            if not isinstance(line["message"], str) or not str(line["logType"]).strip():
                raise Problem(422, "InvalidLine (2003 - Input Error): expected a string")
            run.logs.append(line)
        return PlainTextResponse("Stream processed successfully")

    async def _lines(self, request: Request, fields: set[str]) -> Any:
        """Line by line, in order: what comes before a bad line stays."""
        run = self._addressed(request)
        for text in (await request.body()).split(b"\n"):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
            except ValueError as error:
                raise Problem(422, f"JsonError (2003 - Input Error): {error}") from None
            if not isinstance(line, dict) or set(line) != fields:
                raise Problem(422, f"JsonError (2003 - Input Error): fields have to be {sorted(fields)}")
            yield run, line

    def _addressed(self, request: Request) -> Run:
        """The run of the headers. The real server checks neither: what does not match is lost."""
        number, project = request.headers.get("x-run-id"), request.headers.get("x-project-name")
        if number is None or project is None:
            raise Problem(400, "MissingHeader (2001 - Input Error)")
        run = self.stock.runs.get(int(number) if number.isdigit() else 0)
        return run if run is not None and run.project == project else Run(0, 0, project, "", None, "")

    async def step(self, request: Request) -> Any:
        return {"step": max((step for _, _, step, _ in self._addressed(request).metrics), default=0)}

    # --- files --------------------------------------------------------------------------------------------------------

    async def presign(self, request: Request) -> Any:
        run = self._addressed(request)
        answer: dict[str, list[dict[str, str]]] = defaultdict(list)
        for file in (await _body(request))["files"]:
            for name in ("time", "step", "fileSize"):
                unsigned(file.get(name), name)
            if not isinstance(file.get("fileName"), str) or not isinstance(file.get("logName"), str):
                raise Problem(422, "Failed to deserialize the JSON body into the target type")
            if not isinstance(file.get("fileType"), str):
                raise Problem(422, "Failed to deserialize the JSON body into the target type")
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
        self.stock.objects[unquote(request.path_params["key"])] = await request.body()
        return Response(status_code=200)

    async def get(self, request: Request) -> Any:
        return Response(self.stock.objects[unquote(request.path_params["key"])])

    # --- reads --------------------------------------------------------------------------------------------------------

    async def projects(self, request: Request) -> Any:
        runs: dict[str, list[Run]] = defaultdict(list)
        for run in self.stock.runs.values():
            runs[run.project].append(run)
        rows = [
            {"id": n + 1, "name": name, "createdAt": iso(mine[0].created_ms), "updatedAt": iso(mine[-1].created_ms),
             "runCount": len(mine)}
            for n, (name, mine) in enumerate(runs.items())
        ]  # fmt: skip
        return {"projects": rows[::-1]}

    async def list(self, request: Request) -> Any:
        query = request.query_params
        if not query.get("projectName"):
            raise Problem(400, "projectName is required")
        limit, offset = _int(request, "limit", 50), _int(request, "offset", 0)
        if not 1 <= limit <= 200:
            raise Problem(400, "limit: Number must be less than or equal to 200")
        tags = set(filter(None, query.get("tags", "").split(",")))
        search = query.get("search", "").lower()
        found = [
            run
            for run in reversed(self.stock.runs.values())
            if run.project == query["projectName"]
            and (not tags or tags & set(run.tags))
            and (search in run.name.lower() or search in run.display_id.lower())
            and (not query.get("status") or run.status in query["status"].split(","))
        ]
        rows = [
            {"id": run.id, "name": run.name, "number": run.number, "displayId": run.display_id,
             "projectName": run.project, "status": run.status, "tags": run.tags, "createdAt": iso(run.created_ms)}
            for run in found[offset : offset + limit]
        ]  # fmt: skip
        return {"runs": rows, "total": len(found)}

    async def details(self, request: Request) -> Any:
        run = self.stock.find(request.path_params["run"])
        return self._details(run) | {"forkedFromRunId": run.forked_from, "forkStep": run.fork_step}

    async def by_display_id(self, request: Request) -> Any:
        project = request.query_params.get("projectName")
        found = [
            run
            for run in self.stock.runs.values()
            if run.display_id == request.path_params["display"].upper() and project in (None, run.project)
        ]
        if not found:
            raise Problem(404, "Run not found")
        if len(found) > 1:
            raise Problem(409, "Ambiguous display id")
        return self._details(found[0])

    @staticmethod
    def _details(run: Run) -> dict[str, Any]:
        names = [
            {"logName": name, "logType": type, "logGroup": name.rpartition("/")[0]} for name, type in run.names.items()
        ]
        return {"id": run.id, "name": run.name, "number": run.number, "displayId": run.display_id, "status": run.status,
                "tags": run.tags, "config": run.config, "systemMetadata": run.system_metadata,
                "loggerSettings": run.logger_settings, "statusMetadata": run.status_metadata,
                "createdAt": iso(run.created_ms), "updatedAt": iso(run.status_ms), "statusUpdated": iso(run.status_ms),
                "projectName": run.project, "externalId": run.external_id, "logNames": names[:1000]}  # fmt: skip

    async def metric_names(self, request: Request) -> Any:
        project = request.query_params.get("projectName")
        names = {name: 1 for run in self.stock.runs.values() if run.project == project for name, _, _, _ in run.metrics}
        return {"projectName": project, "metricNames": sorted(names)[: _int(request, "limit", 500)]}

    async def read_metrics(self, request: Request) -> Any:
        query = request.query_params
        run = self.stock.find(_int(request, "runId"))
        limit = _int(request, "limit", 2000)
        low, high = _int(request, "stepMin", 0), _int(request, "stepMax", 2**63)
        rows = []
        for name in sorted({name for name, _, _, _ in run.metrics}) if query.get("projectName") == run.project else []:
            if (
                query.get("logName", name) != name
                or query.get("logGroup", name.rpartition("/")[0]) != name.rpartition("/")[0]
            ):
                continue
            points = [(step, value) for step, value in self.stock.points(run, name).items() if low <= step <= high]
            stride = math.ceil(len(points) / limit) or 1
            kept = points[::stride] + ([points[-1]] if points and (len(points) - 1) % stride else [])
            rows += [_metric_row(name, step, value) for step, value in kept]
        return {"metrics": rows}

    async def read_logs(self, request: Request) -> Any:
        run = self.stock.find(_int(request, "runId"))
        wanted = request.query_params.get("logType")
        found = sorted((log for log in run.logs if wanted in (None, log["logType"])), key=lambda log: log["lineNumber"])
        offset = _int(request, "offset", 0)
        rows = [
            {"time": _clickhouse(log["time"]), "logType": log["logType"], "lineNumber": str(log["lineNumber"]),
             "message": log["message"], "step": "0"}
            for log in found[offset : offset + _int(request, "limit", 1000)]
        ]  # fmt: skip
        return {"logs": rows, "total": len(found)}

    async def read_files(self, request: Request) -> Any:
        run = self.stock.find(_int(request, "runId"))
        wanted = request.query_params.get("logName")
        rows = []
        for file in sorted(run.files, key=lambda file: (file["step"], file.get("sampleIndex", 0), file["fileName"])):
            if wanted in (None, file["logName"]):
                key = f"{run.project}/{run.id}/{file['logName']}/{file['fileName']}"
                rows.append(
                    {"fileName": file["fileName"], "fileType": file["fileType"], "fileSize": str(file["fileSize"]),
                     "logName": file["logName"], "logGroup": file["logName"].rpartition("/")[0],
                     "time": _clickhouse(file["time"]), "step": str(file["step"]), "caption": file.get("caption"),
                     "url": f"{self.stock.url}/objects/{quote(key)}?signature=1",
                     "annotations": file.get("annotations")}
                )  # fmt: skip
        return {"files": rows[:1000]}


async def _body(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Problem(415, "Expected request with `Content-Type: application/json`")
    try:
        found = json.loads(await request.body())
    except ValueError:
        raise Problem(400, "Malformed JSON in request body") from None
    if not isinstance(found, dict):
        raise Problem(400, "Expected object")
    return found


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 255:
        raise Problem(400, f"{name}: Invalid input")
    return value


def _tags(tags: Any) -> list[str]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags) or len(tags) > 50:
        raise Problem(400, "tags: Array must contain at most 50 element(s)")
    if sum(tag.startswith("group:") for tag in tags) > 1:
        raise Problem(400, "A run can have at most one group:* tag.")
    return list(tags)


def _ms(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or not 0 <= value <= 8_640_000_000_000_000):
        raise Problem(400, f"{name}: Invalid input")
    return value


def _int(request: Request, name: str, default: int | None = None) -> int:
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isdigit():
        raise Problem(400, f"{name}: Invalid input")
    return int(text)


def _value(value: Any) -> float:
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Problem(422, f"JsonError (2003 - Input Error): invalid value {value!r}")
    return float(value)


def _metric_row(name: str, step: int, value: float) -> dict[str, Any]:
    flag = "" if math.isfinite(value) else "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    return {"logName": name, "logGroup": name.rpartition("/")[0], "time": _clickhouse(0), "step": str(step),
            "value": 0 if flag else value, "valueFlag": flag}  # fmt: skip


def _clickhouse(ms: int) -> str:
    return iso(ms)[:-1].replace("T", " ")
