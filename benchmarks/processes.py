"""W6 to W8: importing, starting, finishing, and the memory it takes."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.scratch import environment, processes


def import_seconds(statement: str, folder: Path, times: int) -> float:
    """Median wall time of `python -c statement`, caches warm."""
    samples = []
    for count in range(times + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], cwd=folder, env=environment(folder), check=True)
        if count:
            samples.append(time.perf_counter() - start)
    return statistics.median(samples)


def imports(folder: Path, modules: list[str], times: int = 11) -> dict[str, float]:
    """Seconds of `python -c pass`, and of importing each module."""
    seconds = {"pass": import_seconds("pass", folder, times)}
    for module in modules:
        seconds[module] = import_seconds(f"import {module}", folder, times)
    return seconds


LIFE = """
import json, sys, time
import pluto
start = time.perf_counter()
run = pluto.init(project="benchmarks")
ready = time.perf_counter() - start
for step in range(int(sys.argv[1])):
    run.log({"loss": 0.5}, step=step)
start = time.perf_counter()
run.finish()
print(json.dumps({"init": ready, "finish": time.perf_counter() - start}))
"""


def life(folder: Path, calls: int) -> dict[str, float]:
    """Seconds of init to ready, and of finish after W1, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", LIFE, str(calls)],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    )
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


GROWTH = """
import json, sys
import psutil
import pluto
run = pluto.init(project="benchmarks")
values = [{f"metric_{i}": i * 0.1 + j for i in range(1000)} for j in range(20)]
for step in range(5):
    run.log(values[step], step=step)
me = psutil.Process()
before = me.memory_info().rss
for step in range(5, 205):
    run.log(values[step % 20], step=step)
after = me.memory_info().rss
run.finish()
print(json.dumps({"growth": after - before}))
"""


def memory(folder: Path) -> dict[str, Any]:
    """Bytes the training process grew over W3, and the most that it and the uploader held together."""
    process = subprocess.Popen(
        [sys.executable, "-c", GROWTH], cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True
    )
    peak = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.02):
            held = 0
            for member in processes(folder):
                with contextlib.suppress(psutil.Error):
                    held += member.memory_info().rss
            peak = max(peak, held)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = process.communicate(timeout=300)
    over.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}")
    return {"growth": json.loads(out.strip().splitlines()[-1])["growth"], "peak": peak}
