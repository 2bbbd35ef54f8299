"""W11: how fast journals become a store. Two lengths of journal: their difference leaves out what starting costs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.scratch import environment, scratch

WRITING = """
import sys
import pluto
calls, width = int(sys.argv[1]), int(sys.argv[2])
settings = {"mode": "offline", "disable_system_metrics": True, "disable_console": True}
run = pluto.init(project="benchmarks", settings=settings)
names = [f"metric_{i}" for i in range(width)]
for step in range(calls):
    run.log({name: step * 0.5 for name in names}, step=step)
run.finish()
"""


COUNTING = """
from pluto import query
(run,) = query.list_runs("benchmarks")
print(sum(summary.count for summary in query.summaries("benchmarks", int(run["id"])).values()))
"""


def sync_seconds(calls: int, width: int, folder: Path) -> float:
    """Seconds `pluto sync` takes for a journal of `calls` lines of `width` values."""
    subprocess.run(
        [sys.executable, "-c", WRITING, str(calls), str(width)],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
    )
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pluto", "sync"], cwd=folder, env=environment(folder), check=True, capture_output=True
    )
    taken = time.perf_counter() - start
    done = subprocess.run(
        [sys.executable, "-c", COUNTING],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    )
    if int(done.stdout) != calls * width:
        raise RuntimeError(f"of {calls * width} points {int(done.stdout)} arrived")
    return taken


def rate(calls: int, width: int) -> float:
    """Points a second from journal to local store."""
    few = max(1, calls // 10)
    with scratch() as folder:
        short = sync_seconds(few, width, folder)
    with scratch() as folder:
        long = sync_seconds(calls, width, folder)
    return (calls - few) * width / max(long - short, 1e-9)
