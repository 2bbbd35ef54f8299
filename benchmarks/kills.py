"""W9: points that were acknowledged and are gone after kill -9, of the training process alone or of everything."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.scratch import environment, processes

# Counts what log() has acknowledged into a file that outlives the process.
TRAINING = """
import os, sys, time
import pluto
run = pluto.init(project="kills", run_id=sys.argv[1])
pause = float(sys.argv[2])
counter = os.open(sys.argv[3], os.O_RDWR | os.O_CREAT)
step = 0
while True:
    run.log({"loss": step * 0.5}, step=step)
    step += 1
    os.pwrite(counter, step.to_bytes(8, "little"), 0)
    if pause:
        time.sleep(pause)
"""

READING = """
import json, sys
from collections import Counter
from pluto import query
points = query.points("kills", sys.argv[1], "loss")
seen = Counter(points.steps)
acknowledged = int(sys.argv[2])
print(json.dumps({
    "lost": sum(seen[step] == 0 for step in range(acknowledged)),
    "repeated": sum(count > 1 for count in seen.values()),
}))
"""


def acknowledged(counter: Path) -> int:
    try:
        return int.from_bytes(counter.read_bytes(), "little")
    except OSError:
        return 0


def kill_once(folder: Path, name: str, pause: float, everything: bool, seconds: float) -> dict[str, int]:
    """Acknowledged, lost and repeated points of one run that was killed after `seconds` of logging."""
    counter = folder / f"{name}.count"
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, name, str(pause), str(counter)],
        cwd=folder,
        env=environment(folder),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not acknowledged(counter):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("the training process did not start logging")
        time.sleep(0.01)
    time.sleep(seconds)
    for member in processes(folder) if everything else [psutil.Process(process.pid)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            os.kill(member.pid, signal.SIGKILL)
    process.wait()
    count = acknowledged(counter)
    subprocess.run(
        [sys.executable, "-m", "pluto", "sync"],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        timeout=300,
    )
    found = subprocess.run(
        [sys.executable, "-c", READING, name, str(count)],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return {"acknowledged": count, **json.loads(found.stdout.strip().splitlines()[-1])}


def kills(folder: Path, times: int) -> dict[str, dict[str, int]]:
    """The sums over `times` kills of each kind."""
    chance = random.Random(5)
    answer = {}
    for speed, pause in (("tight loop", 0.0), ("5 Hz", 0.2)):
        for everything in (False, True):
            total = {"acknowledged": 0, "lost": 0, "repeated": 0}
            for count in range(times):
                name = f"{speed}-{everything}-{count}".replace(" ", "-")
                once = kill_once(folder, name, pause, everything, chance.uniform(0.2, 1.0) * (4 if pause else 1))
                total = {key: total[key] + once[key] for key in total}
            answer[f"{speed}, {'every process' if everything else 'training process'}"] = total
    return answer
