"""What a call of Neptune's clients costs the training process, against the native call and against raw SQLite.

`python -m benchmarks.neptune [--only CASE,…] [--seconds 20]` prints the table. All runs go to a `pluto server` on this
machine and are delivered by a thread of the measured process, with a backlog of 100,000 records: it is busy all the
time. Blocks of the door's calls, of native calls with the same values, and of raw inserts of as many bytes take turns.

A case is a door and a workload. To add one: a function that opens a run and gives a `Door`.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.calls import percentiles
from benchmarks.scratch import environment, measured, scratch
from benchmarks.yardstick import Yardstick

BACKLOG = 100_000
"""Records that wait when the measuring begins."""
GOAL = 1.5
"""Most a door's p50 may be, as a multiple of the native call's."""


@dataclass(frozen=True)
class Door:
    """A run of one of the clients, open."""

    call: Callable[[dict[str, float], int], object]
    close: Callable[[], object]


@dataclass(frozen=True)
class Case:
    """`width` values a call; `calls` calls in blocks of `block`."""

    title: str
    open: Callable[[], Door]
    width: int
    calls: int
    block: int
    configured: bool = False
    """Whether the native call is `Op.update_config`, and not `Op.log`."""


def scale() -> Door:
    """neptune_scale: `log_metrics`."""
    from pluto.compat.neptune_scale import Run

    run = Run(project="me/benchmarks", enable_console_log_capture=False, source_tracking_config=None)
    return Door(run.log_metrics, run.terminate)


def neptune() -> Any:
    """A run of the 1.x client with nothing but what a case writes."""
    from pluto.compat.neptune import init_run

    return init_run(
        project="me/benchmarks", git_ref=False, source_files=[], capture_stdout=False, capture_stderr=False,
        capture_hardware_metrics=False, capture_traceback=False,
    )  # fmt: skip


def appended() -> Door:
    """neptune: `append`, the path written out in each call, as scripts do."""
    run = neptune()
    return Door(lambda values, step: [run[name].append(value) for name, value in values.items()], run.stop)


def assigned() -> Door:
    """neptune: a dict assigned to a namespace."""
    run = neptune()
    return Door(lambda values, step: run.__setitem__("params", values), run.stop)


CASES = {
    "append": Case('`run["a"].append(x)`', appended, 1, 20_000, 500),
    "dict-10": Case('`run["p"] = …`, a dict of 10', assigned, 10, 2_000, 100, configured=True),
    "dict-1000": Case('`run["p"] = …`, a dict of 1,000', assigned, 1_000, 100, 5, configured=True),
    "scale-1": Case("`log_metrics` of 1 value", scale, 1, 20_000, 500),
    "scale-100": Case("`log_metrics` of 100 values", scale, 100, 2_000, 100),
    "scale-10000": Case("`log_metrics` of 10,000 values", scale, 10_000, 40, 4),
}


def native(*, configured: bool = False) -> Door:
    """`Op.log`, or `Op.update_config` with the values nested below a name."""
    import pluto

    quiet = {"disable_console": True, "disable_system_metrics": True}
    run = pluto.init(project="me/benchmarks", settings={**quiet, "delivery": "thread"})
    if configured:
        return Door(lambda values, step: run.update_config({"params": values}), run.finish)
    return Door(lambda values, step: run.log(values, step=step), run.finish)


def backlog(door: Door) -> None:
    """Fills the journal faster than it is delivered."""
    for step in range(BACKLOG):
        door.call({"backlog": float(step)}, step)


def measure(case: Case, seconds: float, folder: Path) -> dict[str, Any]:
    from pluto.protocol import records

    numbers = random.Random(1)
    names = [f"group{i % 7}/metric_{i}" for i in range(case.width)]
    values = [{name: numbers.random() for name in names} for _ in range(min(case.block, 20))]
    moment = time.time_ns() // 1000
    record = (
        records.Config(moment, json.dumps({"params": values[0]}))
        if case.configured
        else records.Metrics(moment, 1000, values[0])
    )
    size = len(records.encode(record))
    yardstick = Yardstick(folder, size)
    door, plain, other = case.open(), native(configured=case.configured), native()
    backlog(other)
    taken: dict[str, list[float]] = {"door": [], "native": [], "raw": []}
    steps = itertools.count(1)
    for warm in (door, plain):
        warm.call(values[0], next(steps))
    gc.collect()
    begun = time.monotonic()
    while len(taken["door"]) < case.calls or time.monotonic() - begun < seconds:
        for name, call in (("door", door.call), ("native", plain.call)):
            for _ in range(case.block):
                step = next(steps)
                chosen = values[step % len(values)]
                start = time.perf_counter()
                call(chosen, step)
                taken[name].append(time.perf_counter() - start)
        for _ in range(case.block):
            start = time.perf_counter()
            yardstick.insert()
            taken["raw"].append(time.perf_counter() - start)
        yardstick.renew()
    return {name: percentiles(samples) for name, samples in taken.items()}


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a `pluto server` with a store of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "pluto", "server", "--port", str(port)],
        env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def table(seconds: float, chosen: list[str]) -> None:
    """Prints a line for each case as it comes."""
    print("| | p50 | of native | of raw | p99 | of native | of raw | within |\n|---|---:|---:|---:|---:|---:|---:|---|")
    for name in chosen:
        case = CASES[name]
        with scratch() as folder, scratch() as store, serving(store) as address:
            options = ("--only", name, "--seconds", seconds, "--server", address)
            found = measured("benchmarks.neptune", *options, folder=folder)
        cells = []
        for part in ("p50", "p99"):
            ours, plain, raw = (found[what][part] for what in ("door", "native", "raw"))
            cells += [f"{ours:,.0f} µs", f"{ours / plain:.2f}×", f"{ours / raw:.2f}×"]
        within = found["door"]["p50"] <= GOAL * found["native"]["p50"]
        print(f"| {case.title} | {' | '.join(cells)} | {'yes' if within else '**no**'} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neptune", description=__doc__)
    parser.add_argument("--only", help=f"comma-separated cases of {', '.join(CASES)}")
    parser.add_argument("--seconds", type=float, default=0.0, help="at least so long for each case")
    parser.add_argument("--server", help="measure the one case here, against this server, and print JSON")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(CASES)
    if options.server is None:
        table(options.seconds, chosen)
        return
    os.environ["PLUTO_HOST"] = options.server
    print(json.dumps(measure(CASES[chosen[0]], options.seconds, Path.cwd())), flush=True)
    os._exit(0)  # the backlog is not waited for


if __name__ == "__main__":
    main()
