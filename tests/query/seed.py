"""Runs with known content, put into a server through its own API."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec
import numpy as np

from pluto.protocol.batch import FILES, LANE, LINES, PREFIX, WRITER, Answer, Entry
from pluto.protocol.records import (
    Alert,
    Columns,
    Console,
    Data,
    File,
    Metrics,
    ModelGraph,
    Notes,
    Record,
    Texts,
    encode,
    kind_of,
)

T = 1_795_000_000_000_000
"""A time, in microseconds."""
WEIRD = [math.nan, math.inf, -math.inf, 5e-324, -0.0, 0.1]


class Seeder:
    """Writes runs by `http`, a client of the server."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self._marks: dict[tuple[int, str], int] = {}

    def run(self, project: str = "digits", name: str = "first", **more: Any) -> dict[str, Any]:
        """The answer to `runs/create`."""
        body = {"runName": name, "projectName": project, **more}
        for field in ("config", "systemMetadata"):
            if isinstance(body.get(field), dict):
                body[field] = json.dumps(body[field])
        return self._json("POST", "/api/runs/create", json=body)

    def put(self, run: dict[str, Any], *records: Record, lane: str = LINES) -> None:
        number = run["runId"]
        start = self._marks.get((number, lane), 0)
        entries = [Entry(start + i, int(kind_of(one)), encode(one)) for i, one in enumerate(records, 1)]
        self._marks[number, lane] = start + len(entries)
        answer = self.http.post(
            f"{PREFIX}/batch",
            content=msgspec.msgpack.encode(entries),
            headers={WRITER: "seeder", LANE: lane, "X-Run-Id": str(number), "X-Project-Name": run["projectName"]},
        )
        assert answer.status_code == 200, answer.text
        told = msgspec.msgpack.decode(answer.content, type=Answer)
        assert told.rejected == [], told

    def points(self, run: dict[str, Any], name: str, steps: Sequence[float], values: Sequence[float]) -> None:
        times = np.arange(len(steps), dtype="<i8") + T
        columns = [np.asarray(steps, "<f8").tobytes(), times.tobytes(), np.asarray(values, "<f8").tobytes()]
        self.put(run, Columns(name, *columns))

    def file(self, run: dict[str, Any], name: str, content: bytes, file_name: str, step: float = 0) -> None:
        sha = hashlib.sha256(content).hexdigest()
        assert self.http.put(f"{PREFIX}/blobs/{sha}", content=content).status_code in (200, 201)
        kind = file_name.rpartition(".")[2]
        self.put(run, File(T, step, name, 0, "FILE", file_name, kind, len(content), sha), lane=FILES)

    def end(self, run: dict[str, Any], status: str = "COMPLETED") -> None:
        self._json("POST", "/api/runs/status/update", json={"runId": run["runId"], "status": status})

    def full(self) -> dict[str, Any]:
        """A run with something of everything."""
        run = self.run(config={"lr": 0.1, "model": {"width": 8}}, tags=["a", "b,c"], externalId="EXP-1")
        self.points(run, "loss", range(100), [1 / (i + 1) for i in range(100)])
        self.points(run, "weird", [-1.5, 0.25, 0.25, 3, 1e300, 7], WEIRD)
        self.put(run, Metrics(T, 1, {"acc": 0.5}), Metrics(T + 1, 2, {"acc": 0.75}))
        self.put(run, Texts(T, 1, {"phase": "warm"}), Texts(T, 2, {"phase": "hot"}))
        histogram = {"freq": [1, 2], "bins": {"min": 0, "max": 1, "num": 2}, "type": "Histogram", "v": 1}
        table = {"table": [[1, "x"], [2, "y"]], "col": [{"name": "n"}, {"name": "s"}], "type": "Table", "v": 1}
        graph = {"nodes": {"a": {}}, "edges": [], "type": "Graph", "v": 1}
        values = (("h", "HISTOGRAM", histogram), ("t", "TABLE", table), ("g", "GRAPH", graph))
        self.put(run, *(Data(T, 3, name, type, json.dumps(body)) for name, type, body in values))
        self.put(run, Console(T, "INFO", 1, ["hello", "world"]), Console(T + 5, "ERROR", 1, ["oh no"]))
        self.put(run, Alert(T, "WARNING", "careful", "it is hot", "http://x.test"), Notes(T, "first try"))
        nodes = {".": {"type": "Net", "depth": 0}}
        self.put(run, ModelGraph(T, json.dumps({"format": "torch", "nodes": nodes})))
        self.file(run, "samples/plot", b"one", "plot.png", 1)
        self.file(run, "samples/plot", b"two", "plot.png", 2)
        self.file(run, "weights", bytes(range(256)) * 5000, "model.bin")
        self.end(run)
        return run

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()
