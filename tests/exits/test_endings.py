"""However a script ends, its run ends so, and for everybody else it is as if Pluto had not been there."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pluto import query
from tests.waiting import until

# With an argument the script has a run of that id, without one something that does nothing in its place.
TRAINING = """
import atexit, os, signal, sys, threading, time
mine = [signal.getsignal(number) for number in range(1, signal.NSIG)]
if len(sys.argv) > 1:
    import pluto
    run = pluto.init(project="exits", run_id=sys.argv[1])
else:
    class run:
        log = finish = classmethod(lambda *given: None)
        __enter__ = lambda self: self
        __exit__ = lambda *given: None
    run = run()
assert [signal.getsignal(number) for number in range(1, signal.NSIG)] == mine
print("out"); print("err", file=sys.stderr)
run.log({"loss": 0.5})
"""


@dataclass
class Case:
    """A way to end, and what the run's status, reason and exit code are then."""

    code: str
    status: str
    exit: int = 0
    reason: str | None = None


CASES = {
    "end": Case("pass", "COMPLETED"),
    "finish": Case("run.finish()", "COMPLETED"),
    "finish-1": Case("run.finish(1)", "FAILED", reason="exit code"),
    "finish-2": Case("run.finish(2)", "TERMINATED", reason="exit code"),
    "finish-15": Case("run.finish(15)", "TERMINATED", reason="exit code"),
    "finish-137": Case("run.finish(137)", "FAILED", reason="exit code"),
    "with": Case("with run:\n    run.log({'loss': 1})", "COMPLETED"),
    "with-error": Case("with run:\n    raise ValueError('bad')", "FAILED", 1, "exception"),
    "with-caught": Case(
        "try:\n    with run:\n        1 / 0\nexcept ZeroDivisionError:\n    print('went on')", "FAILED", 0, "exception"
    ),
    "error": Case("def step():\n    raise ValueError('bad')\nstep()", "FAILED", 1, "exception"),
    "exit-0": Case("sys.exit(0)", "COMPLETED"),
    "exit-3": Case("sys.exit(3)", "FAILED", 3, "exit code"),
    "exit-text": Case("sys.exit('no data')", "FAILED", 1, "exit code"),
    "exit-builtin": Case("exit(4)", "FAILED", 4, "exit code"),
    "exit-looked-at": Case(
        "try:\n    sys.exit(3)\nexcept SystemExit as error:\n    print(repr(error), type(error), error.code)",
        "COMPLETED",
    ),
    "interrupt": Case("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)", "TERMINATED", -2, "exception"),
    "sigterm": Case("os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)", "FAILED", -15, "lost"),
    "sigkill": Case("os.kill(os.getpid(), signal.SIGKILL)", "FAILED", -9, "lost"),
    "own-sigterm": Case(
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)",
        "FAILED", 7, "exit code",
    ),
    "os-exit": Case("sys.stdout.flush()\nos._exit(5)", "FAILED", 5, "lost"),
    "abort": Case("sys.stdout.flush()\nos.abort()", "FAILED", -6, "lost"),
    "segfault": Case("sys.stdout.flush()\nimport ctypes\nctypes.string_at(0)", "FAILED", -11, "lost"),
    "thread-error": Case(
        "def work():\n    raise ValueError('bad')\n"
        "thread = threading.Thread(target=work, name='worker')\nthread.start(); thread.join()",
        "COMPLETED",
    ),
    "thread-goes-on": Case(
        "def work():\n    for step in range(20):\n        run.log({'late': step}); time.sleep(0.01)\n"
        "threading.Thread(target=work).start()",
        "COMPLETED",
    ),
    "daemon-thread": Case(
        "def work():\n    while True:\n        run.log({'beside': 1})\n"
        "threading.Thread(target=work, daemon=True).start()\ntime.sleep(0.05)",
        "COMPLETED",
    ),
    "atexit": Case("atexit.register(lambda: (run.log({'late': 1}), print('saved')))", "COMPLETED"),
    "daemon-thread-through-pluto": Case(
        "def work():\n    while True:\n        pluto.log({'beside': 1})\n"
        "if len(sys.argv) > 1: threading.Thread(target=work, daemon=True).start()\ntime.sleep(0.05)",
        "COMPLETED",
    ),
    "closed-stdout": Case("sys.stdout.close(); sys.stderr.close()", "COMPLETED"),
    "closed-descriptors": Case("sys.stdout.flush(); sys.stderr.flush(); os.close(1); os.close(2)", "COMPLETED"),
}  # fmt: skip


def result(script: Path, *arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, stdout, and stderr without Pluto's own lines."""
    command = [sys.executable, str(script), *arguments]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    own = [line for line in process.stderr.splitlines() if not line.startswith("pluto: ")]
    return process.returncode, process.stdout, own


def ended(run_id: str) -> dict[str, Any]:
    """The run, as soon as it has ended."""
    run: dict[str, Any] = until(
        lambda: (run := query.get_run("exits", run_id))["status"] != "RUNNING" and run, 20, f"{run_id} ends"
    )
    return run


def test_every_end(tmp_path: Path) -> None:
    def one(name: str) -> tuple[object, object]:
        path = tmp_path / f"{name}.py"
        path.write_text(TRAINING + CASES[name].code)
        return result(path, name), result(path)

    with ThreadPoolExecutor(3) as pool:
        results = dict(zip(CASES, pool.map(one, CASES), strict=True))
    assert {name: with_it for name, (with_it, _) in results.items()} == {
        name: without for name, (_, without) in results.items()
    }
    assert {name: with_it[0] for name, (with_it, _) in results.items()} == {  # type: ignore[index]
        name: case.exit for name, case in CASES.items()
    }
    runs = {name: ended(name) for name in CASES}
    found = {name: (run["status"], (run.get("statusMetadata") or {}).get("reason")) for name, run in runs.items()}
    assert found == {name: (case.status, case.reason) for name, case in CASES.items()}
    assert [float(value) for value in query.points("exits", "thread-goes-on", "late").values] == list(range(20))
    assert len(query.points("exits", "atexit", "late").values) == 1
    assert all(len(query.points("exits", name, "loss").values) for name in CASES)
    assert "bad" in runs["error"]["statusMetadata"]["message"]
