"""Imports, forks, and how scripts end."""

from __future__ import annotations

import time
from typing import Final

import pytest

from tests.programs import Scripts
from tests.test_imports import HEAVY

SLACK_S: Final = 5
"""For the end of a process on a machine that is busy."""
UNSEEN: Final = [*HEAVY, "sqlite3", "msgspec", "pluto.core.op", "argparse"]
UNUSED: Final = [name for name in HEAVY if name not in ("psutil", "pynvml", "asyncio")]
OPEN = """
import os, sys
import pluto.compat.neptune as neptune
def opened(**more):
    return neptune.init_run(project="ws/p", git_ref=False, capture_stdout=False, capture_stderr=False,
                            capture_hardware_metrics=False, monitoring_namespace="m", **more)
"""
READ = """
import pluto.compat.neptune as neptune
run = neptune.init_run("P-1", project="ws/p", mode="read-only")
"""


def test_the_import_is_light(scripts: Scripts) -> None:
    done = scripts.run(
        f"""
        import os, sys, threading
        import pluto.compat.neptune as neptune
        heavy = [name for name in {UNSEEN!r} if name in sys.modules]
        assert not heavy, heavy
        assert threading.active_count() == 1
        assert not os.path.exists(os.environ["PLUTO_DIR"])
        assert not os.path.exists(".neptune")
        """
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_run_that_logs_numbers_stays_light(scripts: Scripts) -> None:
    scripts.run(
        OPEN
        + f"""
run = opened()
run["params"] = {{"lr": 0.1}}
run["loss"].append(1.0)
heavy = [name for name in {UNUSED!r} if name in sys.modules]
assert not heavy, heavy
run.stop()
"""
    )


@pytest.mark.parametrize(
    ("ending", "code", "failed"),
    [("", 0, False), ("sys.exit(3)", 3, False), ("raise ValueError('boom')", 1, True), ("run.stop()", 0, False)],
)
def test_how_a_script_ends(scripts: Scripts, ending: str, code: int, failed: bool) -> None:
    done = scripts.run(f"{OPEN}\nrun = opened()\nfor i in range(100): run['s'].append(i)\n{ending}\n", check=False)
    assert done.returncode == code
    assert "Shutting down background jobs, please wait a moment..." in done.stdout
    assert done.stdout.count("Explore the metadata in the Neptune app") == 1
    found = scripts.run(
        READ
        + """
print(run["s"].fetch_last(), run["sys/failed"].fetch(), run["sys/state"]._get_attribute() is not None)
print(run.exists("m/traceback") and run["m/traceback"].fetch_values(progress_bar=False)["value"].tolist()[-1])
"""
    )
    lines = [line for line in found.stdout.splitlines() if not line.startswith("[neptune]")]
    assert lines == [f"99.0 {failed} True", "boom" if failed else "False"]


def test_a_forked_child_writes_the_same_run(scripts: Scripts) -> None:
    done = scripts.run(
        OPEN
        + """
run = opened()
run["parent"] = 1
run["s"].append(1.0)
run.wait()
child = os.fork()
if child == 0:
    try:
        run["child"] = 2
        run["t"].append(2.0)
        run.sync()
        assert run["parent"].fetch() == 1
        run.stop()
        assert run.get_state() == "stopped"
        os._exit(7)
    finally:
        os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
run["s"].append(3.0)
run.sync()
assert run["child"].fetch() == 2
assert run["t"].fetch_last() == 2.0
assert run["s"].fetch_values(include_timestamp=False).values.tolist() == [[0.0, 1.0], [1.0, 3.0]]
"""
    )
    assert done.stdout.count("Shutting down") == 1


def test_a_fork_while_others_write(scripts: Scripts) -> None:
    scripts.run(
        OPEN
        + """
import threading
run = opened()
halt = threading.Event()
def work(number):
    place = 0
    while not halt.is_set():
        run[f"t{number}"].append(1.0)
        run[f"f{number}/{place % 50}"] = place
        place += 1
threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
children = []
for number in range(8):
    child = os.fork()
    if child == 0:
        try:
            run[f"child/{number}"] = number
            run[f"series/{number}"].append(number)
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
halt.set()
for thread in threads:
    thread.join()
assert codes == [0] * 8, codes
import time
expected = {str(number): number for number in range(8)}
deadline = time.monotonic() + 60  # what the children have left is delivered once they are known to be gone
found = {}
while found != expected and time.monotonic() < deadline:
    run.sync()
    found = run["child"].fetch() if run.exists("child") else {}
assert found == expected, found
""",
    )


def test_a_server_that_is_away_costs_the_end_five_seconds_at_most(scripts: Scripts) -> None:
    done = scripts.run(
        """
import os, time
os.environ.update(PLUTO_HOST="http://127.0.0.1:9", PLUTO_API_KEY="key", PLUTO_INIT_TIMEOUT="1")
"""
        + OPEN
        + """
for run in [opened(), opened()]:
    run["x"] = 1
    run["s"].append(1.0)
print(time.time(), flush=True)
"""
    )
    took = time.time() - float(next(line for line in done.stdout.splitlines() if line[:1].isdigit()))
    assert took < 5 + SLACK_S
    assert done.stdout.count("Failed to sync all operations in") == 2
    assert "operations saved on disk" in done.stdout
