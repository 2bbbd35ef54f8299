"""Runs in a row and runs without end: what Pluto holds of the machine stays bounded."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pluto
from pluto import query
from tests.programs import Scripts
from tests.waiting import until

RUNS = 200

MANY = """
import json, os, sys, threading
import psutil
import pluto

def facts(process):
    with process.oneshot():
        return [process.num_fds(), process.num_threads(), process.memory_info().rss]

def uploaders():
    found = []
    for process in psutil.process_iter():
        try:
            if "uploader" in " ".join(process.cmdline()) and process.environ().get("HOME") == os.environ["HOME"]:
                found.append(process)
        except psutil.Error:
            continue
    return found

seen = []
for number in range(int(sys.argv[1])):
    with pluto.init(project="many", run_id=f"run {number}", config={"number": number}) as run:
        for step in range(10):
            run.log({"loss": step * 0.5}, step=step)
    if number in (int(sys.argv[1]) // 4, int(sys.argv[1]) - 1):
        (uploader,) = uploaders()
        seen.append([uploader.pid, facts(psutil.Process()), facts(uploader)])
print(json.dumps(seen))
"""


def test_one_run_after_the_other(scripts: Scripts, root: Path) -> None:
    program = scripts.run(MANY, str(RUNS), timeout=110)
    (first, own, uploader), (second, own_then, uploader_then) = json.loads(program.stdout)
    assert first == second, "one uploader serves them all"
    for (handles, threads, memory), (handles_then, threads_then, memory_then) in (
        (own, own_then), (uploader, uploader_then),
    ):  # fmt: skip
        assert handles_then <= handles + 3
        assert threads_then <= threads + 1
        assert memory_then - memory < 12 << 20
    until(lambda: not os.listdir(root / "sync" / "runs"), 60, "the folders go")
    found = query.list_runs("many", limit=RUNS + 1)
    assert [run["status"] for run in found] == ["COMPLETED"] * RUNS
    assert list(query.points("many", f"run {RUNS - 1}", "loss").steps) == list(range(10))


def test_a_run_in_a_tight_loop_leaves_nothing_behind(root: Path) -> None:
    """Four times a segment's size: at most two segments stay, but for what is on its way, and none after the end."""
    runs = root / "sync" / "runs"
    text = "x" * 4000

    def size() -> int:
        return sum(path.stat().st_blocks * 512 for path in runs.rglob("*") if path.is_file())

    with pluto.init(project="many", run_id="tight", disable_console=True, disable_system_metrics=True) as run:
        steps = 0
        for _ in range(8):
            for _ in range(2_000):
                run.log({"loss": steps * 0.5, "text": text}, step=steps)
                steps += 1
            assert run.flush(60)
            until(lambda: size() < 40 << 20, 60, "delivered segments are deleted")
        assert len(list(runs.rglob("*.db"))) <= 2
    until(lambda: not list(runs.iterdir()), 60, "the folder goes")
    assert len(query.points("many", "tight", "loss").values) == steps


def test_threads_that_come_and_go(root: Path) -> None:
    """Many runs open at once, from many threads: each has its own values, and nothing is left of them."""
    before = threading.active_count()

    def train(number: int) -> None:
        with pluto.init(
            project="many", run_id=f"thread {number}", disable_console=True, disable_system_metrics=True
        ) as run:
            for step in range(20):
                run.log({"loss": number}, step=step)

    threads = [threading.Thread(target=train, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert threading.active_count() <= before + 3
    until(lambda: not os.listdir(root / "sync" / "runs"), 60, "the folders go")
    for number in range(20):
        assert {float(value) for value in query.points("many", f"thread {number}", "loss").values} == {float(number)}
