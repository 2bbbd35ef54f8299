"""The series store alone: what it takes in a second, what a point costs on disk, how long a chart takes to read.

    python benchmarks/series.py [folder]

Prints a line for each number: reads as the best and the median of some, ingest as one pass with folding included.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pluto.protocol import records
from pluto.protocol.batch import LINES, Entry
from pluto.protocol.records import Columns, Metrics
from pluto.server.series import SeriesStore, open_store

RUNS = 100
POINTS = 100_000
BUCKETS = 1_000
START = 1_700_000_000_000_000


def entry(seq: int, record: records.Record) -> Entry:
    return Entry(seq, int(records.kind_of(record)), records.encode(record))


def say(what: str, number: str) -> None:
    print(f"{what:<66} {number:>22}", flush=True)


def rate(store: SeriesStore, what: str, run: int, batches: list[list[Entry]], points: int, unit: str) -> None:
    start = time.perf_counter()
    for batch in batches:
        store.append(run, "bench", LINES, batch)
    store.seal(run)
    say(what, f"{points / (time.perf_counter() - start):,.0f} {unit}/s")


def timing(what: str, read: Callable[[], object], times: int) -> None:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        read()
        taken.append((time.perf_counter() - start) * 1000)
    say(what, f"{min(taken):.2f} / {statistics.median(taken):.2f} ms")


def lines(count: int, width: int, per_batch: int) -> list[list[Entry]]:
    random = np.random.default_rng(1)
    walk = random.normal(size=(count, width)).cumsum(axis=0)
    times = START + random.integers(500, 1500, count).cumsum()
    names = [f"train/layer{i}/loss" for i in range(width)]
    made = [
        entry(i + 1, Metrics(int(times[i]), i, dict(zip(names, walk[i].tolist(), strict=True)))) for i in range(count)
    ]
    return [made[at : at + per_batch] for at in range(0, count, per_batch)]


def columns(random: np.random.Generator, single: bool) -> Entry:
    values = random.normal(size=POINTS).cumsum()
    if single:
        values = values.astype(np.float32).astype(np.float64)
    times = START + random.integers(9_000, 11_000, POINTS).cumsum()
    steps = np.arange(POINTS, dtype=np.float64)
    return entry(1, Columns("loss", steps.tobytes(), times.tobytes(), values.tobytes()))


def main(folder: Path) -> None:
    store = open_store(folder)
    rate(store, "ingest, lines of 1 scalar, batches of 2,000", 1001, lines(200_000, 1, 2_000), 200_000, "lines")
    rate(store, "ingest, lines of 10, batches of 1,000", 1002, lines(20_000, 10, 1_000), 200_000, "points")
    rate(store, "ingest, lines of 1,000, batches of 100", 1003, lines(2_000, 1_000, 100), 2_000_000, "points")
    rate(store, "ingest, lines of 10,000, batches of 10", 1004, lines(200, 10_000, 10), 2_000_000, "points")

    random = np.random.default_rng(2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    for run in range(RUNS):
        store.append(run, "bench", LINES, [columns(random, run % 2 == 1)])
        store.seal(run)
    say(
        f"ingest, {RUNS} runs of {POINTS:,} points as columns",
        f"{RUNS * POINTS / (time.perf_counter() - start):,.0f} points/s",
    )
    say(
        "  memory it took at the peak", f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MB"
    )
    for run, what in ((0, "random walk of float64"), (1, "random walk of float32")):
        size = (folder / f"{run}.db").stat().st_size
        say(f"size, {what}, times 10 ms apart and off by up to 1", f"{size / POINTS:.2f} bytes/point")

    for run, what in ((0, "float64"), (1, "float32")):
        timing(
            f"read one metric of {POINTS:,} points in {BUCKETS:,} buckets, {what}",
            lambda run=run: store.buckets(run, "loss", BUCKETS),  # type: ignore[misc]
            50,
        )

    def chart() -> None:
        for run in range(RUNS):
            store.buckets(run, "loss", BUCKETS)

    timing(f"read one metric of {RUNS} runs of {POINTS:,} points in {BUCKETS:,} buckets", chart, 10)
    timing("read 10,000 points as a page", lambda: store.points(0, "loss", limit=10_000), 20)
    timing("read the summaries of 1,000 metrics", lambda: store.summaries(1003), 20)
    store.append(0, "bench", LINES, [entry(2 + i, Metrics(START, POINTS + i, {"loss": 0.5})) for i in range(900)])
    timing("read one metric with a hot tail of 900 points", lambda: store.buckets(0, "loss", BUCKETS), 50)
    store.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
