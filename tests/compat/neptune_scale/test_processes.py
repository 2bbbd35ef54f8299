"""Processes: forked, spawned, killed, many at once, and without a server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.attributes import AttributeReader
from tests.programs import Scripts, Server, free_port, serving
from tests.waiting import until

PROJECT = "team/tests"
OPEN = f"""
import os, sys
from pluto.compat.neptune_scale import Run
def start(run_id, **more):
    return Run(run_id=run_id, project={PROJECT!r}, **{{
        "enable_console_log_capture": False, "source_tracking_config": None, **more}})
"""


@pytest.fixture
def reader() -> Iterator[AttributeReader]:
    with AttributeReader() as found:
        yield found


def numbers(reader: AttributeReader, run_id: str, path: str) -> list[float]:
    run = reader.find(PROJECT, external_id=run_id)
    return [] if run is None else reader.floats(run, path).values.tolist()


def test_a_script_that_never_closes_loses_nothing(scripts: Scripts, reader: AttributeReader, here: Path) -> None:
    done = scripts.run(
        OPEN
        + """
run = start("r")
for step in range(100):
    run.log_metrics({"a": float(step)}, step)
run.log_configs({"lr": 0.1})
"""
    )
    assert numbers(reader, "r", "a") == list(map(float, range(100)))
    assert not list(here.glob(".neptune/*/*"))
    assert done.stdout == ""


def test_callbacks_hear_of_the_last_call_of_a_script(scripts: Scripts) -> None:
    done = scripts.run(
        OPEN
        + """
run = start("r", on_error_callback=lambda error, last: print(type(error).__name__))
run.log_metrics({"a": 1.0}, 2)
run.log_metrics({"a": 1.0}, 1)
"""
    )
    assert done.stdout == "NeptuneSeriesStepNonIncreasing\n"


def test_a_script_needs_no_guard_around_its_main_part(scripts: Scripts, reader: AttributeReader) -> None:
    scripts.run(
        OPEN
        + """
import multiprocessing
run = start("main")
run.log_metrics({"a": 1.0}, 1)
if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=print, args=("from the child",))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
run.close()
"""
    )
    assert numbers(reader, "main", "a") == [1.0]
    assert len(list(reader.runs(PROJECT))) == 1


def test_a_forked_child_writes_the_same_run(scripts: Scripts, reader: AttributeReader, here: Path) -> None:
    scripts.run(
        OPEN
        + """
run = start("r")
run.log_metrics({"before": 1.0}, 1)
child = os.fork()
if child == 0:
    run.log_metrics({"child": 1.0}, 1)
    run.log_metrics({"before": 0.5}, 1)
    run.log_configs({"by": "child"})
    run.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
run.log_metrics({"after": 1.0}, 1)
run.close()
"""
    )
    for path in ("before", "child", "after"):
        assert numbers(reader, "r", path) == [1.0]
    run = reader.find(PROJECT, external_id="r")
    assert run is not None
    assert run.atom("by") == "child"
    assert run.status == "COMPLETED"
    assert not list(here.glob(".neptune/*/*"))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ten_writers_of_one_run_lose_and_double_nothing(method: str, scripts: Scripts, reader: AttributeReader) -> None:
    scripts.run(
        OPEN
        + f"""
import multiprocessing
def work(number):
    run = start("shared")
    for step in range(50):
        run.log_metrics({{f"w{{number}}/a": float(step)}}, step)
    run.log_configs({{f"c{{number}}": number}})
    run.add_tags([f"t{{number}}"])
    run.log_string_series({{f"s{{number}}": "text"}}, 1)

if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(3) as pool:
        pool.map(work, range(10), 1)
        pool.close()
        pool.join()
""",
        timeout=120,
    )
    run = reader.find(PROJECT, external_id="shared")
    assert run is not None
    assert len(list(reader.runs(PROJECT))) == 1
    until(lambda: all(len(numbers(reader, "shared", f"w{number}/a")) == 50 for number in range(10)))
    for number in range(10):
        assert numbers(reader, "shared", f"w{number}/a") == list(map(float, range(50)))
    run = reader.find(PROJECT, external_id="shared")
    assert run is not None
    assert [run.atom(f"c{number}") for number in range(10)] == list(range(10))
    assert run.atom("sys/tags") == {f"t{number}" for number in range(10)}
    assert [reader.texts(run, f"s{number}").values for number in range(10)] == [["text"]] * 10


def test_kill_9_loses_nothing_that_was_acknowledged(scripts: Scripts, reader: AttributeReader) -> None:
    with scripts.start(
        OPEN
        + """
run = start("r")
for step in range(10**9):
    run.log_metrics({"a": float(step)}, step)
    if step % 50 == 0:
        print(step, flush=True)
"""
    ) as program:
        assert program.stdout is not None
        acknowledged = 0
        for line in program.stdout:
            acknowledged = int(line)
            if acknowledged >= 2000:
                break
        program.send_signal(signal.SIGKILL)
        for line in program.stdout:
            acknowledged = int(line)
    until(lambda: len(numbers(reader, "r", "a")) > acknowledged)
    found = numbers(reader, "r", "a")
    assert found == list(map(float, range(len(found))))


def test_signals_and_exit_codes_stay_the_scripts(scripts: Scripts, reader: AttributeReader) -> None:
    source = (
        OPEN
        + """
import signal, time
before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
run = start(sys.argv[1])
run.log_metrics({"a": 1.0}, 1)
assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
if sys.argv[1] == "exit":
    sys.exit(7)
if sys.argv[1] == "error":
    raise RuntimeError("mine")
print("ready", flush=True)
time.sleep(60)
"""
    )
    assert scripts.run(source, "exit", check=False).returncode == 7
    failed = scripts.run(source, "error", check=False)
    assert failed.returncode == 1
    assert "RuntimeError: mine" in failed.stderr
    for name, number in (("int", signal.SIGINT), ("term", signal.SIGTERM)):
        with scripts.start(source, name) as program:
            assert program.stdout is not None
            program.stdout.readline()
            program.send_signal(number)
            assert program.wait(30) == -number
    for name in ("exit", "error", "int", "term"):
        until(lambda name=name: numbers(reader, name, "a") == [1.0])


# without a server


DEAD = {"PLUTO_API_KEY": "key"}


@pytest.fixture
def dead() -> dict[str, str]:
    """The environment of a process whose server is not there."""
    return {**DEAD, "PLUTO_HOST": f"http://127.0.0.1:{free_port()}"}


def test_without_a_server_the_exit_takes_5_seconds_at_most_and_nothing_is_lost(
    scripts: Scripts, dead: dict[str, str], here: Path, root: Path
) -> None:
    source = (
        OPEN
        + """
import time
run = start("r")
run.log_metrics({"a": 1.0}, 1)
run.assign_files({"f": b"content"})
print(time.time(), flush=True)
sys.exit(3)
"""
    )
    with scripts.start(source, env=dead) as program:
        out, err = program.communicate(timeout=60)
        ended = time.time()
    assert program.returncode == 3
    assert ended - float(out) < 6 * slowness()
    (file,) = here.glob(".neptune/*/run_operations.sqlite3")
    assert f"pluto neptune sync {file}" in err
    folder = root / "server"
    port = dead["PLUTO_HOST"].rpartition(":")[2]
    with serving(folder, port=int(port)):
        done = subprocess.run(
            [sys.executable, "-m", "pluto.compat.neptune_scale.cli.commands", "sync", str(file)],
            env={**os.environ, **dead}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with AttributeReader(settings={"host": dead["PLUTO_HOST"], "api_key": "key"}) as reader:
            assert numbers(reader, "r", "a") == [1.0]
            run = reader.find(PROJECT, external_id="r")
            assert run is not None
            assert reader.read(reader.files(run, "f")[0]) == b"content"
    assert not file.exists()


def test_without_a_server_calls_are_quick_and_callbacks_hear_of_it(scripts: Scripts, dead: dict[str, str]) -> None:
    done = scripts.run(
        OPEN
        + """
import threading, time
network, lag = threading.Event(), threading.Event()
begun = time.monotonic()
run = start("r", on_network_error_callback=lambda error, last: network.set(),
            async_lag_threshold=1, on_async_lag_callback=lag.set)
opened = time.monotonic() - begun
for step in range(100):
    run.log_metrics({"a": float(step)}, step)
logged = time.monotonic() - begun
assert network.wait(30) and lag.wait(30)
assert not run.wait_for_processing(timeout=0.5)
begun = time.monotonic()
run.terminate()
ended = time.monotonic() - begun
print(opened, logged, ended)
os._exit(0)
""",
        env=dead,
    )
    opened, logged, ended = map(float, done.stdout.split())
    assert opened < 1 * slowness()
    assert logged < 2 * slowness()
    assert ended < 2 * slowness()


def test_close_gives_a_dead_server_up(scripts: Scripts, dead: dict[str, str]) -> None:
    done = scripts.run(
        OPEN
        + """
import time
run = start("r")
run.log_metrics({"a": 1.0}, 1)
begun = time.monotonic()
run.close(timeout=1)
print(time.monotonic() - begun)
other = start("s")
other.log_metrics({"a": 1.0}, 1)
begun = time.monotonic()
other.close()
print(time.monotonic() - begun)
os._exit(0)
""",
        env=dead,
    )
    limited, patient = map(float, done.stdout.split())
    assert limited < 2 * slowness()
    assert patient < 30 * slowness()
    assert "pluto neptune sync" in done.stderr


def test_ctrl_c_ends_the_waiting_and_not_the_script(scripts: Scripts, dead: dict[str, str]) -> None:
    with scripts.start(
        OPEN
        + """
run = start("r")
run.log_metrics({"a": 1.0}, 1)
print(run.wait_for_processing(), flush=True)
os._exit(5)
""",
        env=dead,
    ) as program:
        assert program.stdout is not None and program.stderr is not None
        assert any("Waiting for" in line for line in iter(program.stderr.readline, ""))
        program.send_signal(signal.SIGINT)
        told = program.stdout.readline()
        assert told == "False\n", program.stderr.read()
        assert program.wait(30) == 5


def test_a_server_takes_everything(scripts: Scripts, server: Server) -> None:
    scripts.run(
        OPEN
        + """
run = start("r", experiment_name="served")
for step in range(200):
    run.log_metrics({"a": float(step), "b": 1.0}, step)
run.log_configs({"lr": 0.1})
run.assign_files({"f": b"content"})
assert run.wait_for_processing(30)
assert run.get_run_url().startswith(os.environ["PLUTO_HOST"]), run.get_run_url()
run.close()
""",
        env={"PLUTO_HOST": server.url},
    )
    with AttributeReader(settings={"host": server.url}) as reader:
        assert numbers(reader, "r", "a") == list(map(float, range(200)))
        run = reader.find(PROJECT, external_id="r")
        assert run is not None
        assert run.atom("sys/experiment/name") == "served"
        assert reader.read(reader.files(run, "f")[0]) == b"content"


# what is recorded beside


def test_what_a_script_prints_is_read_under_runtime(scripts: Scripts, reader: AttributeReader) -> None:
    done = scripts.run(
        OPEN
        + """
for run_id, namespace in (("plain", None), ("renamed", "logs/mine/")):
    run = start(run_id, enable_console_log_capture=True, runtime_namespace=namespace)
    print("to stdout of", run_id)
    print("to stderr of", run_id, file=sys.stderr)
    run.close()
"""
    )
    assert "to stdout of plain\n" in done.stdout
    for run_id, namespace in (("plain", "runtime"), ("renamed", "logs/mine")):
        run = reader.find(PROJECT, external_id=run_id)
        assert run is not None
        assert f"to stdout of {run_id}" in reader.texts(run, f"{namespace}/stdout").values
        assert f"to stderr of {run_id}" in reader.texts(run, f"{namespace}/stderr").values


def test_the_code_of_a_script_is_described(scripts: Scripts, reader: AttributeReader, here: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(["git", *identity, *arguments], cwd=here, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    (here / "notes.txt").write_text("one\n")
    git("add", "notes.txt")
    git("commit", "-q", "-m", "First")
    git("remote", "add", "origin", "https://ada:secret@example.org/code.git")
    (here / "notes.txt").write_text("two\n")
    scripts.run(
        OPEN
        + """
from pluto.compat.neptune_scale.api.run import SourceTrackingConfig
start("default", source_tracking_config=SourceTrackingConfig())
run = start("all", source_tracking_config=SourceTrackingConfig(
    namespace="code", upload_run_command=False, upload_entry_point=True, upload_diff_head=True))
run.close()
""",
        "--password", "hunter22",
    )  # fmt: skip
    run = reader.find(PROJECT, external_id="default")
    assert run is not None
    told: dict[str, Any] = {
        path.removeprefix("source_code/"): run.atom(path) for path in run.definitions if path.startswith("source_code/")
    }
    assert told["commit/commit_id"] == git("rev-parse", "HEAD")
    assert (told["commit/message"], told["commit/author_name"]) == ("First\n", "Ada")
    assert (told["commit/author_email"], told["branch"], told["dirty"]) == ("ada@example.org", "main", True)
    assert told["remote/origin"] == "https://example.org/code.git"
    assert told["commit/commit_date"].tzinfo is not None
    assert "train1.py" in told["run_command"]
    assert "hunter22" not in told["run_command"]
    run = reader.find(PROJECT, external_id="all")
    assert run is not None
    assert "code/run_command" not in run.definitions
    (entry,), (diff,) = reader.files(run, "code/entry_point"), reader.files(run, "code/diff/head")
    assert b"SourceTrackingConfig" in reader.read(entry)
    assert b"-one\n+two\n" in reader.read(diff)
    assert diff.mime == "application/patch"


def slowness() -> float:
    """How many times slower than expected this machine may be: its load for each core."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_a_program_that_only_imports_the_client_starts_nothing(scripts: Scripts) -> None:
    done = scripts.run(
        """
        import os, sys, threading
        import pluto.compat.neptune_scale
        heavy = [name for name in ("numpy", "pandas", "PIL", "httpx", "click", "sqlite3", "git") if name in sys.modules]
        assert not heavy, heavy
        assert threading.active_count() == 1
        assert not os.path.exists(os.environ["PLUTO_DIR"])
        """
    )
    assert done.stdout + done.stderr == ""
