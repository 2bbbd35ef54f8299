"""W1 to W5: what one call costs the training process, uploader at work on the same cores.

`python -m benchmarks.calls SYSTEM WORKLOAD SECONDS` prints microseconds per call as JSON. Blocks of calls and blocks of
yardstick inserts take turns, so both meet the same machine.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.yardstick import Yardstick


@dataclass(frozen=True)
class Workload:
    """`calls` calls of `width` values each; an image has no width."""

    title: str
    calls: int
    width: int
    block: int
    budget: float
    """Most our p50 may be, as a multiple of the yardstick's."""


WORKLOADS = {
    "W1": Workload("20,000 × 1 scalar", 20_000, 1, 500, 1.6),
    "W2": Workload("2,000 × 10 scalars", 2_000, 10, 100, 1.6),
    "W3": Workload("200 × 1,000 scalars", 200, 1_000, 20, 2.5),
    "W4": Workload("20 × 10,000 scalars", 20, 10_000, 4, 3.0),
    "W5": Workload("50 images 256×256×3", 50, 0, 5, 2.0),
}


def percentiles(samples: list[float]) -> dict[str, float]:
    """p50, p99 and max, in microseconds."""
    ordered = sorted(samples)
    return {
        "p50": ordered[len(ordered) // 2] * 1e6,
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1e6,
        "max": ordered[-1] * 1e6,
        "calls": len(ordered),
    }


def inputs(workload: Workload) -> tuple[list[dict[str, Any]], int]:
    """What to log, ready made, and the bytes a raw INSERT of one of them takes."""
    if not workload.width:
        import numpy as np

        generator = np.random.default_rng(1)
        images = [generator.integers(0, 255, (256, 256, 3), dtype=np.uint8) for _ in range(workload.block)]
        return [{"picture": image} for image in images], images[0].nbytes
    from pluto.protocol import records

    numbers = random.Random(1)
    names = [f"group{i % 7}/metric_{i}" for i in range(workload.width)]
    logged = [{name: numbers.random() for name in names} for _ in range(min(workload.block, 20))]
    return logged, len(records.encode(records.Metrics(time.time_ns() // 1000, 1000, dict(logged[0]))))


def timed(call: Callable[[], object], samples: list[float]) -> None:
    start = time.perf_counter()
    call()
    samples.append(time.perf_counter() - start)


def measure(system: str, name: str, seconds: float, folder: Path) -> dict[str, Any]:
    workload = WORKLOADS[name]
    peer = peers.load(system)
    values, size = inputs(workload)
    yardstick = Yardstick(folder, size)
    peer.start(folder)
    log = peer.log if workload.width else peer.log_image
    for step in range(2):
        log(values[step % len(values)], step)
        yardstick.insert()
    ours: list[float] = []
    raw: list[float] = []
    step = 2
    gc.collect()
    begun = time.monotonic()
    while len(ours) < workload.calls or time.monotonic() - begun < seconds:
        for _ in range(workload.block):
            chosen, at = values[step % len(values)], step
            start = time.perf_counter()
            log(chosen, at)
            ours.append(time.perf_counter() - start)
            step += 1
        for _ in range(workload.block):
            timed(yardstick.insert, raw)
        yardstick.renew()
    start = time.perf_counter()
    peer.finish()
    return {"ours": percentiles(ours), "raw": percentiles(raw), "finish": time.perf_counter() - start}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path.cwd())))
