"""How fast runs come over, and in how much memory: `python -m benchmarks.migration [--full] [--only SOURCE,…]`.

Makes an archive of each source and runs `pluto migrate` on it into an empty local store. Beside it, in the same run,
the yardstick: raw SQLite taking as many points as blobs of 20,000, 24 bytes a point.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.archives import ARCHIVES, Size
from benchmarks.scratch import environment, processes, scratch
from benchmarks.yardstick import Yardstick

GOALS = {"parquet": 300_000, "neptune-exporter": 300_000, "wandb": 100_000}
"""Points a second, at least."""
MEMORY_MB = 500
"""Of all processes together, at most, whatever the size of the archive."""
BLOB_POINTS = 20_000


class Measured(NamedTuple):
    """What one migration took."""

    seconds: float
    peak_mb: float
    points: int


def migrated(source: str, archive: Path, home: Path, workers: int) -> Measured:
    """Runs the command, and watches what its processes hold."""
    report = home / "report.json"
    command = [
        sys.executable, "-m", "pluto", "migrate", source, str(archive), "--project", "bench", "--to", "local",
        "--workers", str(workers), "--report", str(report),
    ]  # fmt: skip
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):
            held = 0
            for process in processes(home):
                try:
                    memory = process.memory_full_info()
                    held += getattr(memory, "pss", memory.uss)
                except psutil.Error:
                    continue
            peak = max(peak, held)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    try:
        done = subprocess.run(command, env=environment(home), cwd=home, capture_output=True, text=True)
    finally:
        seconds = time.perf_counter() - begun
        over.set()
        watcher.join()
    if done.returncode:
        raise RuntimeError(f"pluto migrate {source}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    runs = json.loads(report.read_text())["runs"]
    return Measured(seconds, peak / 2**20, sum(run["read"]["points"] for run in runs))


def raw(folder: Path, points: int) -> float:
    """Points a second that bare SQLite takes."""
    yardstick = Yardstick(folder, BLOB_POINTS * 24)
    begun = time.perf_counter()
    for count in range(max(points // BLOB_POINTS, 1)):
        if count % 50 == 49:
            yardstick.renew()
        yardstick.insert()
    return points / (time.perf_counter() - begun)


def main() -> int:
    """Prints a line for each source; the exit code is 1 where one could not be measured or lost points."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.migration", description=__doc__)
    parser.add_argument("--full", action="store_true", help="10 million points in 100 runs; a million in 20 without")
    parser.add_argument("--only", help=f"comma-separated sources out of {', '.join(ARCHIVES)}")
    parser.add_argument("--workers", type=int, default=2, help="processes that read (2)")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(ARCHIVES)
    size = Size(100, 10_000) if options.full else Size(20, 5_000)
    print(f"{size.total:,} points in {size.runs} runs, {options.workers} workers.\n")
    print(
        "| source | points/s | goal | of raw SQLite | peak memory | goal | within |\n|---|---:|---:|---:|---:|---:|---|"
    )
    failed = 0
    for source in chosen:
        with scratch() as folder:
            archive, home = folder / "archive", folder / "home"
            archive.mkdir()
            home.mkdir()
            ARCHIVES[source](archive, size)
            try:
                found = migrated(source, archive, home, options.workers)
            except RuntimeError as error:
                failed = 1
                print(f"| {source} | could not be measured | | | | | **no** |", flush=True)
                print(error, file=sys.stderr)
                continue
            bare = raw(folder, size.total)
        rate, goal = size.total / found.seconds, GOALS.get(source)
        if found.points != size.total:
            failed = 1
            print(f"{source}: {found.points:,} points came over", file=sys.stderr)
        within = found.peak_mb <= MEMORY_MB and (goal is None or rate >= goal)
        print(
            f"| {source} | {rate:,.0f} | {f'{goal:,}' if goal else ''} | {rate / bare:.3f}× | {found.peak_mb:.0f} MB | "
            f"{MEMORY_MB} MB | {'yes' if within else '**no**'} |",
            flush=True,
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
