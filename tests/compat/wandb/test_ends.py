"""However a script ends, its run ends so, and for everybody else it is as if the door had not been there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.compat.wandb.stored import deliver, rows_of, run_of
from tests.programs import Scripts, of_home
from tests.waiting import until

TRAINING = """
import os, signal, sys, time
import pluto.compat.wandb as wandb
run = wandb.init(project="p", id="abc")
run.log({"loss": 0.5})
run.log({"open": 1}, commit=False)
print("out"); print("err", file=sys.stderr)
"""


@dataclass
class Case:
    """A way to end, and the run's status, and the exit codes of the run and the script."""

    code: str
    status: str
    exit: int = 0
    run_code: int | None = None


CASES = {
    "end": Case("pass", "COMPLETED"),
    "finish": Case("run.finish()", "COMPLETED"),
    "finish-code": Case("wandb.finish(exit_code=3)", "FAILED", 0, 3),
    "finish-2": Case("run.finish(2)", "FAILED", 0, 2),
    "twice": Case("wandb.finish(); wandb.finish(exit_code=1)", "COMPLETED"),
    "with": Case("with run:\n    pass", "COMPLETED"),
    "with-error": Case("with run:\n    raise ValueError('bad')", "FAILED", 1, 1),
    "with-caught": Case("try:\n    with run:\n        1 / 0\nexcept ZeroDivisionError:\n    pass", "FAILED", 0, 1),
    "error": Case("raise ValueError('bad')", "FAILED", 1, 1),
    "exit-0": Case("sys.exit(0)", "COMPLETED"),
    "exit-3": Case("sys.exit(3)", "FAILED", 3, 3),
    "interrupt": Case("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)", "FAILED", -2, 255),
    "sigterm": Case("os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)", "FAILED", -15),
    "sigkill": Case("os.kill(os.getpid(), signal.SIGKILL)", "FAILED", -9),
    "os-exit": Case("sys.stdout.flush()\nos._exit(5)", "FAILED", 5),
    "teardown": Case("wandb.teardown(exit_code=4)", "FAILED", 0, 4),
    "preempting": Case("run.mark_preempting()\nsys.exit(1)", "FAILED", 1, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_endings(home: Path, scripts: Scripts, name: str) -> None:
    case = CASES[name]
    done = scripts.run(TRAINING + case.code, check=False)
    assert done.returncode == case.exit, done.stderr
    assert done.stdout == "out\n"
    assert "err\n" in done.stderr
    deliver(home)
    assert rows_of("abc") == [{"loss": 0.5, "_step": 0}, {"open": 1, "_step": 1}]
    found = run_of("abc")
    assert found["status"] == case.status
    told = found["statusMetadata"] or {}
    if case.run_code is not None:
        assert told.get("code", 1 if told.get("reason") == "exception" else None) in (case.run_code, 1)
    elif case.status == "FAILED":
        assert told["reason"] == "lost"
    if name == "preempting":
        assert told["preempted"] is True
        assert found["config"]["_wandb"]["preempting"] is True


def test_ctrl_c_hands_over(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    """While a run waits for a server that is away, Ctrl-C leaves the rest to the uploader, and ends the script."""
    ready = tmp_path / "ready"
    training = scripts.start(
        TRAINING + f"open({str(ready)!r}, 'w').close()\nrun.finish()",
        env={"PLUTO_HOST": "127.0.0.1:9"},
        start_new_session=True,
    )
    until(ready.exists, 60)
    assert training.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        training.wait(1)
    os.kill(training.pid, signal.SIGINT)
    _, err = training.communicate(timeout=30)
    assert training.returncode == -2, err
    assert "delivered in the background" in err
    assert "KeyboardInterrupt" in err


def test_two_interrupts_take_nothing_away(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    training = scripts.start(TRAINING + f"open({str(ready)!r}, 'w').close()\ntime.sleep(60)", start_new_session=True)
    until(ready.exists, 60)
    for _ in range(2):
        os.kill(training.pid, signal.SIGINT)
    training.communicate(timeout=60)
    deliver(home)
    assert rows_of("abc") == [{"loss": 0.5, "_step": 0}, {"open": 1, "_step": 1}]


LOOP = """
import mmap, os, sys
import pluto.compat.wandb as wandb
counter, kind = sys.argv[1:]
handle = os.open(counter, os.O_RDWR | os.O_CREAT)
os.ftruncate(handle, 8)
acknowledged = mmap.mmap(handle, 8)
run = wandb.init(project="p", id="abc", settings=wandb.Settings(console="off", x_disable_stats=True))
for call in range(10**9):
    if kind == "rows":
        run.log({"v": call, "text": str(call)})
    elif kind == "open":
        run.log({f"v{call}": call}, commit=False)
        if call % 10 == 9:
            run.log({})
    else:
        run.log({f"v{call % 3}": call}, step=call // 3)
    acknowledged[:] = (call + 1).to_bytes(8, "little")
"""


@pytest.mark.parametrize("kind", ["rows", "open", "steps"])
def test_kill_9_takes_nothing_that_was_logged(home: Path, scripts: Scripts, tmp_path: Path, kind: str) -> None:
    counter = tmp_path / "counter"

    def count() -> int:
        return int.from_bytes(counter.read_bytes()[:8], "little") if counter.exists() else 0

    training = scripts.start(LOOP, str(counter), kind, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: count() > 333, 60)
        for process in of_home(home):
            if process.pid != training.pid and kind == "steps":
                process.kill()
        reached = count()
        until(lambda: count() > reached + 137, 60)
    finally:
        training.kill()
        training.wait()
    calls = count()
    deliver(home)
    rows = rows_of("abc")
    if kind == "rows":
        assert [row["v"] for row in rows][:calls] == list(range(calls))
        assert [row["text"] for row in rows][:calls] == [str(call) for call in range(calls)]
        assert len(rows) <= calls + 1
    elif kind == "open":
        found = {name: (value, row["_step"]) for row in rows for name, value in row.items() if name.startswith("v")}
        assert {f"v{call}": (call, call // 10) for call in range(calls)}.items() <= found.items()
    else:
        found = {(row["_step"], name): value for row in rows for name, value in row.items() if name != "_step"}
        assert {(call // 3, f"v{call % 3}"): call for call in range(calls)}.items() <= found.items()
        assert len(found) <= calls + 1
    assert run_of("abc")["status"] == "FAILED"


def test_an_import_costs_little_and_starts_nothing(scripts: Scripts) -> None:
    done = scripts.run(
        """
        import os, sys, threading
        import pluto.compat.wandb as wandb
        heavy = [name for name in ("PIL", "asyncio", "click", "httpx", "msgspec", "numpy", "pandas", "psutil",
                                   "pluto.server", "pluto.core.op", "sqlite3", "yaml") if name in sys.modules]
        assert not heavy, heavy
        assert threading.active_count() == 1
        assert not os.path.exists(os.environ["PLUTO_DIR"])
        assert not os.path.exists("wandb")
        assert wandb.sdk.wandb_run.Run is wandb.Run
        assert hasattr(wandb, "run") and wandb.__version__ >= "0.20"
        """
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_light_run_loads_nothing_heavy(scripts: Scripts) -> None:
    scripts.run(
        """
        import sys
        import pluto.compat.wandb as wandb
        run = wandb.init(project="p", settings=wandb.Settings(x_disable_stats=True, x_save_requirements=False))
        run.log({"loss": 1.0})
        heavy = [name for name in ("PIL", "httpx", "numpy", "pandas", "psutil", "pluto.server", "yaml")
                 if name in sys.modules]
        assert not heavy, heavy
        run.finish()
        """
    )


def test_a_disabled_run_starts_nothing(scripts: Scripts) -> None:
    scripts.run(
        """
        import os, threading
        import pluto.compat.wandb as wandb
        run = wandb.init(project="p", mode="disabled")
        for index in range(1000):
            run.log({"a": index})
        assert threading.active_count() == 1
        assert not os.path.exists(os.environ["PLUTO_DIR"]) and not os.path.exists("wandb")
        """
    )


def test_console_modes(home: Path, scripts: Scripts) -> None:
    for name, mode in (("wrapped", "wrap"), ("redirected", "redirect"), ("none", "off")):
        done = scripts.run(
            f"""
            import os, sys, logging
            import pluto.compat.wandb as wandb
            run = wandb.init(project="p", id="{name}", settings=wandb.Settings(
                console="{mode}", silent=True, capture_loggers={{"mine": "INFO"}}))
            print("printed"); print("slow\\rfast")
            os.system("echo from a child")
            run.write_logs("written\\nlines")
            logging.getLogger("mine").warning("captured")
            run.finish()
            print("after")
            output = os.path.join(run.dir, "output.log")
            print(repr(open(output).read()) if os.path.exists(output) else None, file=sys.stderr)
            """
        )
        assert sorted(done.stdout.split()) == ["a", "after", "child", "fast", "from", "printed", "slow"]
        text = eval(done.stderr.splitlines()[-1]) or ""
        assert ("printed\n" in text, "from a child\n" in text) == (mode != "off", mode == "redirect")
        assert ("fast\n" in text, "slow" in text) == (mode != "off", False)
        assert "written\nlines\n" in text or mode == "off"
        assert "WARNING:mine:captured\n" in text or mode == "off"
        from pluto.query import Client

        with Client() as client:
            stored = [line["message"] for line in client.iter_logs("p", run_of(name)["id"])]
        assert stored == (text.splitlines() if mode != "off" else ["written", "lines", "WARNING:mine:captured"])


def test_the_script_is_kept(home: Path, scripts: Scripts) -> None:
    done = scripts.run(
        """
        import os, sys
        import pluto.compat.wandb as wandb
        run = wandb.init(project="p", id="abc", save_code=True)
        print(os.path.exists(os.path.join(run.dir, "code", os.path.basename(sys.argv[0]))))
        run.finish()
        """
    )
    assert done.stdout == "True\n"
    found = run_of("abc")
    name = Path(str(done.args[1])).name  # type: ignore[index]
    assert found["config"]["_wandb"]["code_path"] == f"code/{name}"
    from pluto.query import Client

    with Client() as client:
        files = list(client.iter_files("p", found["id"]))
    paths = {json.loads(row["metadata"])["path"] for row in files if row["metadata"]}
    assert f"code/{name}" in paths


@pytest.mark.parametrize("way", ["-c", "-m", "file"])
def test_what_the_program_is_called(scripts: Scripts, tmp_path: Path, way: str) -> None:
    source = "import pluto.compat.wandb as w; print(w.setup().settings.program, w.setup().settings.program_relpath)"
    (tmp_path / "train.py").write_text(source)
    arguments = {"-c": ["-c", source], "-m": ["-m", "train"], "file": ["train.py"]}[way]
    done = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    expected = {"-c": "<python with no main file> None", "-m": "-m train None", "file": "train.py train.py"}[way]
    assert done.stdout.strip().replace(f"{tmp_path}/", "") == expected, done.stderr
