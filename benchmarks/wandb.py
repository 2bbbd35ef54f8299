"""What a call of the W&B door costs the training process, against the native call and against raw SQLite.

`python -m benchmarks.wandb [--only CASE,…] [--seconds 20]` prints the tables. Blocks of the door's calls, of native
calls with the same values, and of raw inserts of as many bytes take turns; the uploader delivers on the same cores.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.calls import Workload, inputs, percentiles
from benchmarks.processes import imports
from benchmarks.scratch import measured, scratch
from benchmarks.yardstick import Yardstick

GOAL = 1.5
"""Most the door's p50 may be, as a multiple of the native call's."""

CASES = {
    "1": Workload("`run.log` of 1 scalar", 20_000, 1, 500, GOAL),
    "10": Workload("`run.log` of 10 scalars", 10_000, 10, 250, GOAL),
    "1000": Workload("`run.log` of 1,000 scalars", 400, 1_000, 20, GOAL),
    "10000": Workload("`run.log` of 10,000 scalars", 60, 10_000, 4, GOAL),
    "image": Workload("`run.log` of an image, 256×256×3", 60, 0, 5, GOAL),
}

Log = Callable[[dict[str, Any], int], object]


def door() -> tuple[Log, Log]:
    """`run.log` of numbers, and of an image."""
    import pluto.compat.wandb as wandb

    quiet = wandb.Settings(console="off", x_disable_stats=True, silent=True)
    run = wandb.init(project="benchmarks", settings=quiet)

    def image(values: dict[str, Any], step: int) -> None:
        run.log({name: wandb.Image(value) for name, value in values.items()})

    return lambda values, step: run.log(values), image


def native() -> tuple[Log, Log]:
    """`Op.log` of numbers, and of an image."""
    import pluto

    run = pluto.init(project="native", settings={"disable_console": True, "disable_system_metrics": True})

    def image(values: dict[str, Any], step: int) -> None:
        run.log({name: pluto.Image(value) for name, value in values.items()}, step=step)

    return lambda values, step: run.log(values, step=step), image


def measure(name: str, seconds: float, folder: Path) -> dict[str, Any]:
    """Microseconds of the door's calls, the native ones, and raw inserts."""
    case = CASES[name]
    values, size = inputs(case)
    yardstick = Yardstick(folder, size)
    kind = 0 if case.width else 1
    calls: dict[str, Log] = {
        "door": door()[kind],
        "native": native()[kind],
        "raw": lambda values, step: yardstick.insert(),
    }
    taken: dict[str, list[float]] = {which: [] for which in calls}
    steps = itertools.count()
    for call in calls.values():
        call(values[0], next(steps))
    gc.collect()
    begun = time.monotonic()
    while len(taken["door"]) < case.calls or time.monotonic() - begun < seconds:
        for which, call in calls.items():
            for _ in range(case.block):
                step = next(steps)
                chosen = values[step % len(values)]
                start = time.perf_counter()
                call(chosen, step)
                taken[which].append(time.perf_counter() - start)
        yardstick.renew()
    return {which: percentiles(samples) for which, samples in taken.items()}


def disabled(calls: int = 20_000) -> dict[str, Any]:
    """Microseconds of `run.log` of a disabled run, and of `dict.update` with the same."""
    import pluto.compat.wandb as wandb

    run, values = wandb.init(mode="disabled"), {"loss": 0.5, "acc": 0.25}
    plain: dict[str, float] = {}
    taken: dict[str, list[float]] = {"door": [], "dict": []}
    for _ in range(calls):
        for which, call in (("door", run.log), ("dict", plain.update)):
            start = time.perf_counter()
            call(values)
            taken[which].append(time.perf_counter() - start)
    return {which: percentiles(samples) for which, samples in taken.items()}


def tables(seconds: float, chosen: list[str]) -> None:
    """Prints a line for each case as it comes."""
    print("| | p50 | of native | of raw | p99 | of native | of raw | within |\n|---|---:|---:|---:|---:|---:|---:|---|")
    for name in chosen:
        with scratch() as folder:
            found = measured("benchmarks.wandb", "--case", name, "--seconds", seconds, folder=folder)
        cells = []
        for part in ("p50", "p99"):
            ours, plain, raw = (found[which][part] for which in ("door", "native", "raw"))
            cells += [f"{ours:,.0f} µs", f"{ours / plain:.2f}×", f"{ours / raw:.2f}×"]
        within = found["door"]["p50"] <= GOAL * found["native"]["p50"]
        print(f"| {CASES[name].title} | {' | '.join(cells)} | {'yes' if within else '**no**'} |", flush=True)
    with scratch() as folder:
        found = measured("benchmarks.wandb", "--case", "disabled", folder=folder)
        seconds_of = imports(folder, ["pluto", "pluto.compat.wandb"], 9)
    print("\n| | p50 |\n|---|---:|")
    print(f"| `run.log` of a disabled run | {found['door']['p50']:.2f} µs |")
    print(f"| `dict.update` of the same | {found['dict']['p50']:.2f} µs |")
    for what, taken in seconds_of.items():
        print(f"| `{what if what == 'pass' else f'import {what}'}` | {taken * 1e3:.0f} ms |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wandb", description=__doc__)
    parser.add_argument("--only", help=f"comma-separated cases of {', '.join(CASES)}")
    parser.add_argument("--seconds", type=float, default=0.0, help="at least so long for each case")
    parser.add_argument("--case", help="measure this one here, and print JSON")
    options = parser.parse_args()
    if options.case == "disabled":
        print(json.dumps(disabled()))
    elif options.case:
        print(json.dumps(measure(options.case, options.seconds, Path.cwd())))
    else:
        tables(options.seconds, options.only.split(",") if options.only else list(CASES))


if __name__ == "__main__":
    main()
