"""What the stand-in for a stock server serves. Tests use `tests.fakes.stock`."""

from __future__ import annotations

import json
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tests.fakes.stock import Invalid, Problem, Run, Stock, iso

ALIASES = {
    "finished": "COMPLETED", "failed": "FAILED", "crashed": "FAILED", "killed": "TERMINATED",
    "terminated": "TERMINATED", "running": "RUNNING", "completed": "COMPLETED", "preempted": "CANCELLED",
    "cancelled": "CANCELLED", "canceled": "CANCELLED",
}  # fmt: skip
AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "MIN": min, "MAX": max, "AVG": statistics.fmean, "LAST": lambda values: values[-1],
    "VARIANCE": statistics.pvariance,
}  # fmt: skip


def routes(stock: Stock) -> list[tuple[str, str, Any]]:
    """(method, path, handler) of every read a client with a key can make."""
    made = Reads(stock)
    return [
        ("GET", "/api/runs/auth/validate", made.validate),
        ("GET", "/api/runs/projects", made.projects),
        ("GET", "/api/runs/list", made.runs),
        ("GET", "/api/runs/details/by-display-id/{display}", made.by_display_id),
        ("GET", "/api/runs/details/{run:int}", made.details),
        ("GET", "/api/runs/status/history", made.history),
        ("GET", "/api/runs/metric-names", made.metric_names),
        ("GET", "/api/runs/metrics", made.metrics),
        ("GET", "/api/runs/metrics/raw", made.raw_metrics),
        ("GET", "/api/runs/logs", made.logs),
        ("GET", "/api/runs/files", made.files),
        ("GET", "/api/runs/statistics", made.statistics),
        ("GET", "/api/runs/compare", made.compare),
        ("GET", "/api/runs/leaderboard", made.leaderboard),
        ("GET", "/objects/{key:path}", made.get),
    ]


class Reads:
    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    # --- runs ---------------------------------------------------------------------------------------------------------

    async def validate(self, request: Request) -> Any:
        return {"valid": True, "organization": {"id": "1", "slug": "org"}, "user": {"id": "1"}}

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

    async def runs(self, request: Request) -> Any:
        query = request.query_params
        limit, offset = _int(request, "limit", 50, 1, 200), _int(request, "offset", 0, 0, 100_000)
        tags = set(filter(None, query.get("tags", "").split(",")))
        search = query.get("search", "").lower()
        try:
            wanted = json.loads(query.get("filter", "{}"))
        except ValueError:
            raise Problem(400, "filter: invalid JSON") from None
        found = [
            run
            for run in self._of_project(request)
            if (not tags or tags & set(run.tags))
            and (search in run.name.lower() or search in run.display_id.lower())
            and (not query.get("status") or run.status in query["status"].split(","))
            and self._matches(run, wanted)
        ]
        rows = [
            {"id": run.id, "name": run.name, "number": run.number, "displayId": run.display_id,
             "projectName": run.project, "status": run.status, "tags": run.tags, "createdAt": iso(run.created_ms)}
            for run in self._sorted(found, query.get("sort", "-createdAt"))[offset : offset + limit]
        ]  # fmt: skip
        return {"runs": rows, "total": len(found)}

    def _sorted(self, runs: list[Run], by: str) -> list[Run]:
        name = by.lstrip("+-")
        keyed = [(self._field(run, name), run.id, run) for run in runs]
        keyed = [row for row in keyed if row[0] is not None]
        return [row[2] for row in sorted(keyed, key=lambda row: row[:2], reverse=by.startswith("-"))]

    def _matches(self, run: Run, wanted: Any) -> bool:
        if not isinstance(wanted, dict):
            raise Problem(400, "filter: expected an object")
        return all(self._leaf(run, name, value) for name, value in wanted.items())

    def _leaf(self, run: Run, name: str, value: Any) -> bool:
        if name in ("$and", "$or"):
            return (all if name == "$and" else any)([self._matches(run, one) for one in value])
        if name == "$not":
            return not self._matches(run, value)
        found = self._field(run, name)
        tests = value if isinstance(value, dict) else {"$eq": value}
        return all(_compare(found, op, _known(name, than), name) for op, than in tests.items())

    def _field(self, run: Run, name: str) -> Any:
        """What a filter or an order calls so."""
        plain = {"state": run.status, "status": run.status, "name": run.name, "displayName": run.name,
                 "display_name": run.name, "tags": run.tags, "createdAt": iso(run.created_ms),
                 "created_at": iso(run.created_ms), "updatedAt": iso(run.status_ms),
                 "updated_at": iso(run.status_ms)}  # fmt: skip
        if name in plain:
            return plain[name]
        source, _, key = name.partition(".")
        if source in ("config", "systemMetadata"):
            value: Any = run.config if source == "config" else run.system_metadata
            for part in key.removesuffix(".value").split("."):
                value = value.get(part) if isinstance(value, dict) else None
            return value
        if source in ("summaryMetrics", "summary_metrics"):
            values = self._finite(run, key)
            return values[-1] if values else None
        raise Problem(400, f"Unknown field: {name}")

    async def details(self, request: Request) -> Any:
        run = self.stock.find(request.path_params["run"])
        return _details(run) | {"forkedFromRunId": run.forked_from, "forkStep": run.fork_step}

    async def by_display_id(self, request: Request) -> Any:
        project, display = request.query_params.get("projectName"), request.path_params["display"].upper()
        if not re.fullmatch(r"[A-Z0-9]+-\d+", display):
            raise Problem(400, "Invalid display id")
        runs = self.stock.runs.values()
        found = [run for run in runs if run.display_id == display and project in (None, run.project)]
        if not found:
            raise Problem(404, "Run not found")
        if len(found) > 1:
            raise Problem(409, "Ambiguous display id")
        return _details(found[0])

    async def history(self, request: Request) -> Any:
        run = self.stock.find(_int(request, "runId"))
        return {"runId": run.id, "events": run.events}

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def metric_names(self, request: Request) -> Any:
        query = request.query_params
        ids = {int(one) for one in query.get("runIds", "").split(",") if one.isdigit()}
        runs = [run for run in self._of_project(request) if not ids or run.id in ids]
        names = {name for run in runs for name, _, _, _ in run.metrics if query.get("search", "") in name}
        return {
            "projectName": query["projectName"],
            "metricNames": sorted(names)[: _int(request, "limit", 500, 1, 500)],
        }

    async def metrics(self, request: Request) -> Any:
        limit = _int(request, "limit", 2000, 1, 10_000)
        low, high = _int(request, "stepMin", 0), _int(request, "stepMax", 2**64)
        rows = []
        for run in self._asked(request):
            for name in _names(run, request):
                points = [point for point in self.stock.served(run, name).items() if low <= point[0] <= high]
                stride = math.ceil(len(points) / limit) or 1
                kept = points[::stride] + ([points[-1]] if points and (len(points) - 1) % stride else [])
                rows += [
                    {"logName": name, "logGroup": _group(name), "time": _clickhouse(time_ms), "step": str(step),
                     "value": value if math.isfinite(value) else 0, "valueFlag": _flag(value)}
                    for step, (time_ms, value) in kept
                ]  # fmt: skip
        return {"metrics": rows}

    async def raw_metrics(self, request: Request) -> Any:
        name, limit = _required(request, "logName"), _int(request, "limit", 50_000, 1, 50_000)
        low, high = _int(request, "stepMin", 0), _int(request, "stepMax", 2**64)
        points = sorted(
            (step, time_ms, value)
            for run in self._asked(request)
            for found, time_ms, step, value in run.metrics
            if found == name and low <= step <= high
        )
        rows = [
            {"logGroup": _group(name), "step": str(step), "time": _clickhouse(time_ms),
             "value": value if math.isfinite(value) else 0,
             "nonFiniteFlags": {"": 0, "NaN": 1, "Inf": 2, "-Inf": 4}[_flag(value)]}
            for step, time_ms, value in points[:limit]
        ]  # fmt: skip
        return {"rows": rows, "truncated": len(points) > limit}

    async def logs(self, request: Request) -> Any:
        wanted = request.query_params.get("logType")
        if wanted not in (None, "INFO", "ERROR", "WARNING", "DEBUG", "PRINT"):
            raise Invalid("logType: Invalid enum value")
        limit, offset = _int(request, "limit", 1000, 1, 10_000), _int(request, "offset", 0)
        found = [log for run in self._asked(request) for log in run.logs if wanted in (None, log["logType"])]
        found.sort(key=lambda log: log["lineNumber"])
        rows = [
            {"time": _clickhouse(log["time"]), "logType": log["logType"], "lineNumber": str(log["lineNumber"]),
             "message": log["message"], "step": "0"}
            for log in found[offset : offset + limit]
        ]  # fmt: skip
        return {"logs": rows, "total": len(found)}

    async def files(self, request: Request) -> Any:
        query, rows = request.query_params, []
        for run in self._asked(request):
            order = sorted(run.files, key=lambda file: (file["step"], file.get("sampleIndex", 0), file["fileName"]))
            for file in order:
                name = file["logName"]
                if query.get("logName", name) != name or query.get("logGroup", _group(name)) != _group(name):
                    continue
                key = quote(f"{run.project}/{run.id}/{name}/{file['fileName']}")
                rows.append(
                    {"fileName": file["fileName"], "fileType": file["fileType"], "fileSize": str(file["fileSize"]),
                     "logName": name, "logGroup": _group(name), "time": _clickhouse(file["time"]),
                     "step": str(file["step"]), "url": f"{self.stock.url}/objects/{key}?signature=1",
                     "caption": file.get("caption"), "annotations": file.get("annotations")}
                )  # fmt: skip
        return {"files": rows[:1000]}

    async def get(self, request: Request) -> Any:
        key = request.path_params["key"]
        if request.query_params.get("signature") != "1":
            raise Problem(403, "SignatureDoesNotMatch")
        if key not in self.stock.objects:
            raise Problem(404, "NoSuchKey")
        return Response(self.stock.objects[key])

    # --- summaries ----------------------------------------------------------------------------------------------------

    async def statistics(self, request: Request) -> Any:
        run = self.stock.find(_int(request, "runId"))
        rows = []
        for name in _names(run, request) if _required(request, "projectName") == run.project else []:
            values = self._finite(run, name)
            if values:
                step = max(step for step, value in self.stock.points(run, name).items() if math.isfinite(value))
                rows.append(
                    {"logName": name, "logGroup": _group(name), "count": len(values), "min": min(values),
                     "max": max(values), "mean": statistics.fmean(values), "stddev": statistics.pstdev(values),
                     "last": {"step": step, "value": values[-1]}}
                )  # fmt: skip
        return {"runId": run.id, "runName": run.name, "projectName": run.project, "url": self.stock.page(run),
                "metrics": rows[:100]}  # fmt: skip

    async def compare(self, request: Request) -> Any:
        name, ids = _required(request, "logName"), _required(request, "runIds").split(",")
        if len(ids) > 100 or not all(one.isdigit() for one in ids):
            raise Problem(400, "runIds: up to 100 run ids, separated by commas")
        rows = []
        for run in self._of_project(request)[::-1]:
            if str(run.id) in ids:
                values = self._finite(run, name)
                stats = {"count": len(values), "min": min(values), "max": max(values),
                         "mean": statistics.fmean(values), "final": values[-1]} if values else None  # fmt: skip
                rows.append({"runId": run.id, "runName": run.name, "url": self.stock.page(run), "status": run.status,
                             "config": run.config, "stats": stats})  # fmt: skip
        project = request.query_params["projectName"]
        return {"projectName": project, "logName": name, "comparisonUrl": f"{self.stock.url}/compare", "runs": rows}

    async def leaderboard(self, request: Request) -> Any:
        query, name = request.query_params, _required(request, "logName")
        how, direction = query.get("aggregation", "LAST"), query.get("direction", "ASC")
        if how not in AGGREGATES or direction not in ("ASC", "DESC"):
            raise Invalid("aggregation or direction: Invalid enum value")
        limit, offset = _int(request, "limit", 20, 1, 100), _int(request, "offset", 0)
        found = [(AGGREGATES[how](values), run) for run in self._of_project(request)
                 if (values := self._finite(run, name))]  # fmt: skip
        found.sort(key=lambda row: row[0], reverse=direction == "DESC")
        rows = [
            {"rank": rank, "runId": run.id, "runName": run.name, "status": run.status, "url": self.stock.page(run),
             "value": value, "config": run.config, "tags": run.tags, "createdAt": iso(run.created_ms)}
            for rank, (value, run) in enumerate(found, 1)
        ]  # fmt: skip
        return {"projectName": query["projectName"], "logName": name, "aggregation": how, "direction": direction,
                "runs": rows[offset : offset + limit], "total": len(found)}  # fmt: skip

    # --- of a request -------------------------------------------------------------------------------------------------

    def _of_project(self, request: Request) -> list[Run]:
        """The project's runs, newest first; none of a project that is not there."""
        project = _required(request, "projectName")
        return [run for run in reversed(self.stock.runs.values()) if run.project == project]

    def _asked(self, request: Request) -> list[Run]:
        """The run whose rows are asked for; none where the project is another's, under which nothing was written."""
        run = self.stock.find(_int(request, "runId"))
        return [run] if run.project == _required(request, "projectName") else []

    def _finite(self, run: Run, name: str) -> list[float]:
        return [value for value in self.stock.points(run, name).values() if math.isfinite(value)]


def _details(run: Run) -> dict[str, Any]:
    names = [{"logName": name, "logType": type, "logGroup": _group(name)} for name, type in run.names.items()]
    return {"id": run.id, "name": run.name, "number": run.number, "displayId": run.display_id, "status": run.status,
            "tags": run.tags, "config": run.config, "systemMetadata": run.system_metadata,
            "loggerSettings": run.logger_settings, "statusMetadata": run.status_metadata,
            "createdAt": iso(run.created_ms), "updatedAt": iso(run.status_ms), "statusUpdated": iso(run.status_ms),
            "projectName": run.project, "externalId": run.external_id, "logNames": names[:1000]}  # fmt: skip


def _names(run: Run, request: Request) -> list[str]:
    """The metrics of the run that a read asks for."""
    query = request.query_params
    names = sorted({name for name, _, _, _ in run.metrics})
    return [
        name
        for name in names
        if query.get("logName", name) == name and query.get("logGroup", _group(name)) == _group(name)
    ]


def _known(name: str, value: Any) -> Any:
    """A value to compare with: states have other trackers' words too."""
    if name not in ("state", "status"):
        return value
    states = [ALIASES.get(str(one).lower()) for one in (value if isinstance(value, list) else [value])]
    if None in states:
        raise Problem(400, f"Unknown status: {value}")
    return states if isinstance(value, list) else states[0]


def _compare(found: Any, op: str, than: Any, name: str) -> bool:
    several = found if isinstance(found, list) else [found]
    if op in ("$eq", "$in"):
        return any(one in several for one in (than if op == "$in" else [than]))
    if op in ("$ne", "$nin"):
        return not _compare(found, "$in" if op == "$nin" else "$eq", than, name)
    if op == "$regex":
        text = str(found)
        return than.lower() in text.lower() if "name" in name.lower() else re.search(than, text) is not None
    if op not in ("$gt", "$gte", "$lt", "$lte"):
        raise Problem(400, f"Unknown operator: {op}")
    if found is None or isinstance(found, str) != isinstance(than, str):
        return False
    return bool({"$gt": found > than, "$gte": found >= than, "$lt": found < than, "$lte": found <= than}[op])


def _required(request: Request, name: str) -> str:
    text = request.query_params.get(name)
    if not text:
        raise Invalid(f"{name}: Required")
    return text


def _int(request: Request, name: str, default: int | None = None, low: int = 0, high: int = 2**64) -> int:
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isdigit() or not low <= int(text) <= high:
        raise Invalid(f"{name}: Invalid input")
    return int(text)


def _group(name: str) -> str:
    return name.rpartition("/")[0]


def _flag(value: float) -> str:
    return "" if math.isfinite(value) else "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"


def _clickhouse(ms: int) -> str:
    return iso(ms)[:-1].replace("T", " ")
