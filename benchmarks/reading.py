"""W10: reading one metric of 100,000 points, and one metric across 100 runs, in 1,000 buckets.

`python -m benchmarks.reading RUNS POINTS` prints milliseconds as JSON: at the store, and through `pluto.query`.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import pluto
from pluto import query
from pluto.protocol import records
from pluto.protocol.batch import LINES, Entry
from pluto.server.series import open_store

PROJECT = "benchmarks"


def milliseconds(call: Callable[[], object], times: int = 9) -> float:
    """Median of `times` calls after a first one."""
    call()
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples) * 1e3


def points(count: int, seed: int) -> records.Columns:
    generator = np.random.default_rng(seed)
    return records.Columns(
        "loss",
        np.arange(count, dtype="<f8").tobytes(),
        (np.arange(count, dtype="<i8") + time.time_ns() // 1000).tobytes(),
        generator.normal(size=count).cumsum().astype("<f8").tobytes(),
    )


def measure(runs: int, count: int) -> dict[str, float]:
    quiet = {"disable_system_metrics": True, "disable_console": True, "mode": "online"}
    numbers = []
    for index in range(runs):
        run = pluto.init(project=PROJECT, name=f"run-{index}", settings=quiet)
        run.finish()
        numbers.append(run.id)
    store = open_store(Path(os.environ["PLUTO_DIR"]) / "store" / "series")
    for number in numbers:
        body = records.encode(points(count, number))
        store.append(number, "benchmark", LINES, [Entry(1, records.Kind.COLUMNS, body)])
        store.seal(number)

    def every_run() -> None:
        for number in numbers:
            assert len(store.buckets(number, "loss", 1000).steps) == 1000

    one = numbers[0]
    assert len(store.points(one, "loss").steps) == count
    (drawn,) = query.buckets(PROJECT, [one], ["loss"], 1000)
    assert len(drawn.steps) == 1000
    return {
        "one at the store": milliseconds(lambda: store.buckets(one, "loss", 1000)),
        "all at the store": milliseconds(every_run),
        "one by query": milliseconds(lambda: query.buckets(PROJECT, [one], ["loss"], 1000)),
        "all by query": milliseconds(lambda: query.buckets(PROJECT, numbers, ["loss"], 1000)),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
