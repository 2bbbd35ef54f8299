"""The uploader process: started without a trace, elected, deaf to what is meant for the job, gone when done."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pluto.core import bell, options
from pluto.core.settings import Local
from pluto.core.uploader import spawn
from pluto.core.uploader.spawn import ensure
from tests.programs import Scripts, of_home
from tests.uploader.making import Made, points, read
from tests.waiting import until

# Logs through the real journal until it is told to end, and says how far it came.
TRAINING = """
    import sys, time
    from pathlib import Path
    sys.path.insert(0, sys.argv[3])
    from tests.uploader.making import Made
    from pluto.core.settings import Local
    from pluto.core.uploader.spawn import ensure

    root, steps = Path(sys.argv[1]), int(sys.argv[2])
    made = Made(root / "sync", Local(root / "store"))
    writer = made.writer(alive=True)
    ensure(made.sync)
    print("started", flush=True)
    for step in range(steps):
        writer.metrics(step, loss=step)
        writer.console(step + 1, f"line {step}")
        if step % 200 == 0:
            writer.file(step, "f", str(step).encode() * 1000)
            time.sleep(0.01)
    print("done", flush=True)
    sys.stdin.readline()
    writer.end()
    ensure(made.sync)
"""
SOURCE = str(Path(__file__).resolve().parents[2])


@pytest.fixture
def made(root: Path) -> Made:
    return Made(root / "sync", Local(root / "store"))


def uploaders(home: Path, *besides: int) -> list[psutil.Process]:
    found = []
    for process in of_home(home):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.pid not in besides and process.status() != "zombie":
                found.append(process)
    return found


def test_it_delivers_and_leaves_no_trace(made: Made, home: Path, root: Path) -> None:
    made.writer().end()
    started = time.monotonic()
    ensure(made.sync)
    assert time.monotonic() - started < 1
    until(lambda: made.receipt().finished, 20)
    until(lambda: not uploaders(home), 20)
    assert not bell.ring(made.sync)
    assert (made.sync / "uploader.log").read_text() == ""
    assert not made.path.exists()


def test_one_serves_everybody_while_somebody_lives(made: Made, home: Path) -> None:
    writer = made.writer(alive=True)
    for _ in range(5):
        ensure(made.sync)  # several start before the first listens: one is elected
    until(lambda: len(uploaders(home)) == 1 and bell.ring(made.sync), 20)
    (only,) = uploaders(home)
    for number in range(3):
        other = Made(made.sync, made.target, f"other-{number}")
        other.writer(alive=True).end()
        ensure(made.sync)
        until(lambda other=other: other.receipt().finished, 20)
    assert uploaders(home) == [only]
    writer.end()


def test_it_is_no_child_and_holds_nothing_of_the_training(made: Made, home: Path, root: Path) -> None:
    secret = os.open(root.parent / "held", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(secret, True)
    made.writer(alive=True)
    ensure(made.sync)
    until(lambda: bell.ring(made.sync), 20)
    (uploader,) = until(lambda: uploaders(home), 20)
    until(lambda: uploader.ppid() != os.getpid(), 20)
    assert os.getsid(uploader.pid) != os.getsid(0)
    assert uploader.cwd() == "/"
    names = {os.readlink(entry.path) for entry in os.scandir(f"/proc/{uploader.pid}/fd")}
    assert str(root.parent / "held") not in names
    assert "/dev/null" in names
    os.close(secret)


def test_signals_for_the_job_do_not_end_it(made: Made, home: Path) -> None:
    writer = made.writer(alive=True)
    ensure(made.sync)
    until(lambda: made.receipt().run, 20)
    (uploader,) = uploaders(home)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        uploader.send_signal(number)
    writer.metrics(1, loss=1)
    writer.end()
    ensure(made.sync)
    until(lambda: made.receipt().finished, 20)
    assert uploader.is_running()


def test_no_secret_is_seen_from_outside(home: Path, root: Path) -> None:
    from pluto.core.settings import Remote

    url = "http://127.0.0.1:9"
    made = Made(root / "sync", Remote(url, url, url, url, "mlps_verysecret"))
    made.writer(alive=True)
    ensure(made.sync)
    (uploader,) = until(lambda: uploaders(home) if bell.ring(made.sync) else None, 20)
    until(lambda: made.receipt().problem, 20)
    seen = [*uploader.cmdline(), *uploader.environ().values(), (made.sync / "uploader.log").read_text()]
    seen.append((made.sync / "receipts" / f"{made.folder.key}.json").read_text())
    assert not any("verysecret" in text for text in seen)
    for path in made.sync.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path


def test_what_lies_beside_the_script_is_not_imported(scripts: Scripts, root: Path, home: Path, made: Made) -> None:
    for name in ("logging", "queue", "httpx", "json", "sqlite3", "filelock"):
        (scripts.folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the user was imported')")
    made.writer().end()
    done = scripts.run(
        """
        import sys
        beside = sys.path.pop(0)
        import pathlib, json, logging, queue, subprocess
        from pluto.core.uploader.spawn import ensure
        sys.path.insert(0, beside)
        ensure(pathlib.Path(sys.argv[1]))
        """,
        str(made.sync),
    )
    assert done.stderr == ""
    until(lambda: made.receipt().finished, 20)
    assert (made.sync / "uploader.log").read_text() == ""


def test_a_pipe_behind_the_script_ends_with_it(scripts: Scripts, made: Made) -> None:
    made.writer(alive=True)
    script = scripts.folder / "job.py"
    script.write_text(
        "import pathlib, sys\nfrom pluto.core.uploader.spawn import ensure\n"
        "ensure(pathlib.Path(sys.argv[1]))\nprint('over')\n"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' '{script}' '{made.sync}' 2>&1 | cat"], capture_output=True, timeout=30
    )
    assert done.stdout == b"over\n"
    until(lambda: bell.ring(made.sync), 20)


def test_waiting_for_all_children_does_not_wait_for_it(scripts: Scripts, made: Made) -> None:
    made.writer(alive=True)
    done = scripts.run(
        """
        import os, pathlib, sys
        from pluto.core.uploader.spawn import ensure
        ensure(pathlib.Path(sys.argv[1]))
        try:
            while True:
                os.wait()
        except ChildProcessError:
            print("no child left")
        ensure(pathlib.Path(sys.argv[1]))
        """,
        str(made.sync),
        timeout=30,
    )
    assert done.stdout == "no child left\n" and done.stderr == ""


@pytest.mark.parametrize("executable", ["", None, "/usr/bin/blender"])
def test_without_a_python_it_is_said_once(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, executable: str | None
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "_base_executable", executable, raising=False)
    monkeypatch.setattr(sys, "exec_prefix", "/nowhere")
    monkeypatch.setattr(options, "_said", set())
    writer = made.writer()
    ensure(made.sync)
    ensure(made.sync)
    assert [record.message for record in caplog.records if "pluto sync" in record.message].__len__() == 1
    writer.end()


def test_it_never_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure(tmp_path / "nowhere" / "sync")
    monkeypatch.setattr(spawn, "executable", lambda: "/bin/false")
    ensure(tmp_path)


def test_the_path_for_imports_has_nothing_in_front(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "packages").mkdir()
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "packages", *sys.path])
    found = spawn.import_path()
    assert os.path.dirname(json.__file__).startswith(found[1 if found[0].endswith(".zip") else 0])
    assert "" not in found and str(tmp_path) not in found and str(tmp_path / "packages") in found


@pytest.fixture
def training(scripts: Scripts, root: Path) -> Iterator[subprocess.Popen[str]]:
    process = scripts.start(TRAINING, str(root), "4000", SOURCE, stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_killed_at_random_moments_it_delivers_everything_once(
    training: subprocess.Popen[str], made: Made, home: Path
) -> None:
    assert training.stdout is not None and training.stdin is not None
    assert training.stdout.readline() == "started\n"
    chance = random.Random(7)
    for _ in range(6):
        for process in until(lambda: uploaders(home, training.pid), 20):
            process.kill()
        until(lambda: not bell.ring(made.sync), 20)
        ensure(made.sync)
        time.sleep(chance.random() * 0.4)  # when it is hit is left to chance: this is no waiting for anything
    assert training.stdout.readline() == "done\n"
    training.stdin.write("\n")
    training.stdin.flush()
    until(lambda: training.poll() is not None, 20)
    until(lambda: made.receipt().finished, 30)
    run = made.receipt().run.run_id  # type: ignore[union-attr]
    assert run is not None
    assert points(made.target, run, "loss") == [(step, step) for step in range(4000)]
    logs = read(made.target, "/api/runs/logs", runId=run, projectName="p", limit=10000)["logs"]
    assert [log["message"] for log in logs] == [f"line {step}" for step in range(4000)]
    files = read(made.target, "/api/runs/files", runId=run, projectName="p")["files"]
    assert [int(file["step"]) for file in files] == list(range(0, 4000, 200))
    assert read(made.target, f"/api/runs/details/{run}")["status"] == "COMPLETED"


def test_a_killed_training_is_noticed(training: subprocess.Popen[str], made: Made, home: Path) -> None:
    assert training.stdout is not None
    assert training.stdout.readline() == "started\n"
    until(lambda: made.receipt().run, 20)
    training.kill()
    training.wait()
    until(lambda: made.receipt().finished, 20)
    details = read(made.target, "/api/runs/details/1")
    assert details["status"] == "FAILED" and details["statusMetadata"] == {"reason": "lost"}
    until(lambda: not uploaders(home), 20)


def test_an_unreachable_server_is_given_up_in_the_end(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pluto.core.settings import Remote
    from pluto.core.uploader import loop, process

    url = "http://127.0.0.1:9"
    made = Made(root / "sync", Remote(url, url, url, url, None))
    made.writer().end()
    began = time.monotonic()
    monkeypatch.setattr(loop.Loop.stuck, "__defaults__", (0.3,))
    process._serve(made.sync)
    assert 0.3 <= time.monotonic() - began < 20
    assert made.path.exists() and "refused" in str(made.receipt().problem).lower()


def test_offline_runs_and_those_of_another_host_are_left_alone(made: Made, root: Path, home: Path) -> None:
    offline = Made(made.sync, made.target, "offline", mode="offline")
    offline.writer().end()
    elsewhere = Made(made.sync, made.target, "elsewhere")
    writer = elsewhere.writer()
    told = elsewhere.path / writer.name / "writer.json"
    told.write_text(json.dumps({**json.loads(told.read_text()), "host": "another-machine"}))
    writer.end()
    made.writer().end()
    ensure(made.sync)
    until(lambda: made.receipt().finished, 20)
    until(lambda: not uploaders(home), 20)
    assert offline.path.exists() and elsewhere.path.exists()
    assert offline.deliver() == {} and offline.receipt().finished
