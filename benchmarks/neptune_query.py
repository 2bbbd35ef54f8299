"""Reading Neptune's way: metrics of 100 runs, and tables of 1,000 runs.

`python -m benchmarks.neptune_query` measures in a folder of its own and prints seconds as JSON: the median of a few
calls, after a first one that takes the imports.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import numpy as np

from benchmarks.scratch import measured, scratch
from pluto.core.transport import local_transport
from pluto.protocol.batch import LANE, LINES, PREFIX, WRITER, Entry
from pluto.protocol.records import Columns, Kind, encode

TARGETS = {"metrics": 1.0, "table": 2.0}
"""Seconds."""


def seed(http: httpx.Client, project: str, runs: int, metrics: int, count: int) -> None:
    """Runs with 20 config values and `metrics` metrics of `count` points each."""
    generator = np.random.default_rng(7)
    steps = np.arange(count, dtype="<f8")
    times = (np.arange(count, dtype="<i8") * 1000 + time.time_ns() // 1000).tobytes()
    for number in range(runs):
        config = {f"group{n % 4}": {f"value{m}": m * 0.5 for m in range(n % 4, 20, 4)} for n in range(4)}
        body = {
            "runName": f"run-{number}",
            "projectName": project,
            "externalId": f"id-{number}",
            "config": json.dumps(config | {"kind": "odd" if number % 2 else "even"}),
        }
        run = http.post("/api/runs/create", json=body).raise_for_status().json()
        entries = []
        for metric in range(metrics):
            values = generator.normal(size=count).astype("<f8").tobytes()
            record = Columns(f"metrics/m{metric}", steps.tobytes(), times, values)
            entries.append(Entry(metric + 1, int(Kind.COLUMNS), encode(record)))
        headers = {WRITER: "seed", LANE: LINES, "X-Run-Id": str(run["runId"]), "X-Project-Name": project}
        http.post(f"{PREFIX}/batch", content=msgspec.msgpack.encode(entries), headers=headers).raise_for_status()
        http.post("/api/runs/status/update", json={"runId": run["runId"], "status": "COMPLETED"}).raise_for_status()


def seconds(call: Callable[[], object], times: int = 5) -> float:
    """The median of `times` calls after a first one."""
    call()
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        samples.append(time.perf_counter() - start)
    return round(statistics.median(samples), 3)


def measure() -> dict[str, float]:
    """Seconds of each kind of call."""
    import pluto.compat.neptune_query as nq
    import pluto.compat.neptune_query.runs as nq_runs
    from pluto.compat.neptune_query.filters import Filter

    with httpx.Client(
        transport=local_transport(Path(os.environ["PLUTO_DIR"]) / "store"), base_url="http://local"
    ) as http:
        seed(http, "many", 1000, 10, 20)
        seed(http, "deep", 100, 5, 1000)
    frame = nq.fetch_metrics(project="deep", experiments=".*", attributes="^metrics/")
    assert frame.shape == (100_000, 5), frame.shape
    table = nq.fetch_experiments_table(project="many", attributes=".*")
    assert table.shape[0] == 1000, table.shape
    few = Filter.eq("kind", "odd") & Filter.gt("metrics/m0", 0)
    return {
        "metrics": seconds(lambda: nq.fetch_metrics(project="deep", experiments=".*", attributes="^metrics/")),
        "metrics with time": seconds(
            lambda: nq.fetch_metrics(project="deep", experiments=".*", attributes="^m", include_time="absolute")
        ),
        "buckets": seconds(lambda: nq.fetch_metric_buckets(project="deep", experiments=".*", y="^metrics/")),
        "table": seconds(lambda: nq.fetch_experiments_table(project="many", attributes=".*")),
        "table of 3 attributes": seconds(
            lambda: nq_runs.fetch_runs_table(project="many", attributes=["kind", "group0/value0", "metrics/m1"])
        ),
        "table, filtered": seconds(lambda: nq.fetch_experiments_table(project="many", experiments=few, attributes="m")),
        "list": seconds(lambda: nq.list_experiments(project="many", experiments=few)),
        "attributes": seconds(lambda: nq.list_attributes(project="many")),
        "one run of many": seconds(
            lambda: nq_runs.fetch_metrics(project="many", runs=["id-500"], attributes=["metrics/m0"])
        ),
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["here"]:
        print(json.dumps(measure()))
    else:
        with scratch() as folder:
            print(json.dumps(measured("benchmarks.neptune_query", "here", folder=folder), indent=1))
