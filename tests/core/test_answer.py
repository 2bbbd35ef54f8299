"""What needs the server's answer: identities, resuming, forking, cancelling. With the real uploader and store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import pluto
import pluto.query
from pluto.core import process
from pluto.core.errors import NotDeliveredError, RunNotFoundError
from pluto.core.op import Op
from tests.core.journals import points, writers
from tests.programs import Scripts, Server, free_port
from tests.waiting import until


def online(**options: Any) -> Op:
    return pluto.init(**{"project": "p", "disable_console": True, "disable_system_metrics": True, **options})


def steps(run: Op, name: str) -> list[float]:
    return [float(step) for step in pluto.query.points("p", run.display_id, name).steps]  # type: ignore[arg-type]


def test_a_new_run_is_open_at_once_and_known_soon(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as nobody:
        nobody.setattr(process, "wake", lambda sync: None)
        run = online(init_timeout=120)  # nobody is there to answer: it would wait as long
        run.log({"a": 1.0})
    assert run.resumed is False and run.run_id
    assert (run.id, run.display_id) == (1, "P-1")
    assert run.url is None
    assert run.flush(60)
    assert steps(run, "a") == [1]
    run.finish()
    assert f"run P-1 started (external_id={run.run_id}) in ~/.pluto/store; look: pluto query run p P-1" in caplog.text
    assert pluto.query.get_run("p", run.id)["status"] == "COMPLETED"
    until(lambda: not list((root / "sync" / "runs").iterdir()), what="the run's folder is cleared away")


def test_a_run_that_was_deleted_is_not_waited_for(root: Path) -> None:
    run = online()
    run.log({"a": 1.0})
    assert run.flush(30)
    assert not run.refused
    with pluto.query.Client() as client:
        client.delete_run("p", run.id)
        run.log({"a": 2.0})
        began = time.monotonic()
        assert run.flush(100) is False
        assert run.refused
        assert client.list_runs("p") == []
        assert time.monotonic() - began < 30
    run.finish()


def test_a_line_says_how_to_look_at_a_store_elsewhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with online(dir=str(tmp_path / "my root"), project="a b") as run:
        run.log({"a": 1.0})
        assert run.id == 1
    assert f"look: pluto query run 'a b' AB-1 --dir '{tmp_path}/my root'" in caplog.text


@pytest.mark.parametrize("run_id", ["20240101", "EXP-1", "ünï/../code"])
def test_any_text_is_an_ordinary_identity(run_id: str) -> None:
    with online(run_id=run_id) as run:
        assert (run.run_id, run.resumed) == (run_id, False)
    with pytest.raises(pluto.RunExistsError, match="resume=True"):
        online(run_id=run_id)
    assert pluto.ops == []
    with online(run_id=run_id, resume=True) as again:
        assert again.id == run.id and again.resumed


def test_a_resumed_run_counts_on_from_where_it_stood() -> None:
    with online(run_id="r") as run:
        for _ in range(5):
            run.log({"a": 1.0})
    with online(run_id="r", resume="must") as run:
        run.log({"a": 1.0})
        assert run.step == 6
    with online(run_id=run.id) as run:
        run.log({"a": 1.0})
    with online(display_id="P-1", project="another") as run:
        assert run.project == "p"
        run.log({"a": 1.0}, step=20)
        run.log({"a": 1.0})
        assert run.flush(60)
    assert steps(run, "a") == [1, 2, 3, 4, 5, 6, 7, 20, 21]


def test_what_does_not_exist_cannot_be_resumed() -> None:
    for parameters in ({"run_id": "nope", "resume": "must"}, {"run_id": 77}, {"display_id": "P-9"}):
        with pytest.raises(RunNotFoundError):
            online(**parameters)
    with online(run_id="new", resume=True) as run:
        assert run.resumed is False
        run.log({"a": 1.0})
        assert run.step == 1


def test_a_fork_starts_where_its_parent_was() -> None:
    with online(config={"lr": 1, "deep": {"a": 1}}) as parent:
        for _ in range(6):
            parent.log({"a": 1.0})
    with online(fork_run_id=parent.display_id, fork_step=4, config={"deep": {"b": 2}}) as fork:
        assert (fork.fork_run_id, fork.fork_step) == (parent.id, 4)
        fork.log({"a": 2.0})
        assert fork.step == 5
    with pytest.raises(RuntimeError):
        online(fork_run_id=99, fork_step=1)
    assert parent.fork_run_id is None and parent.fork_step is None


def test_processes_that_find_the_id_in_the_environment_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_RUN_ID", "shared")
    with online() as first, online() as second:
        first.log({"a": 1.0}, step=1)
        second.log({"b": 1.0}, step=1)
        assert first.id == second.id == 1
    assert pluto.query.get_names("p", 1)


def test_a_server_that_is_not_there_holds_nobody_up(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    run = online(host=f"127.0.0.1:{free_port()}", init_timeout=0.2, finish_wait=0.2, exit_wait=0)
    for i in range(100):
        run.log({"a": float(i)})
    assert time.monotonic() - began < 20
    for question in ("id", "url", "display_id"):
        with pytest.raises(NotDeliveredError, match="init_timeout"):
            getattr(run, question)
    assert run.flush(0.1) is False
    run.finish()
    assert "records left" in caplog.text
    assert len(points(writers(root)[0], "a")) == 100


def test_a_resume_without_an_answer_leaves_its_steps_to_the_delivery(root: Path) -> None:
    run = online(host=f"127.0.0.1:{free_port()}", run_id="r", resume=True, init_timeout=0.2, finish_wait=0, exit_wait=0)
    run.log({"a": 1.0})
    run.log({"a": 2.0}, commit=False)
    run.log({"b": 2.0})
    run.log({"a": 3.0}, step=50)
    run.log({"a": 4.0})
    run.finish()
    assert points(writers(root)[0], "a") == [([1], 1.0), ([2], 2.0), (50, 3.0), (51, 4.0)]
    assert points(writers(root)[0], "b") == [([2], 2.0)]


def test_a_thread_of_the_process_delivers_where_that_was_asked_for(server: Server, root: Path) -> None:
    from pluto.query import Client

    with online(host=server.url, delivery="thread") as run:
        for i in range(200):
            run.log({"a": float(i)})
        run.log({"t": pluto.Text("x")})
        assert run.id == 1
    assert not (root / "sync" / "uploader.lock").exists(), "no uploader process was started"
    with Client(host=server.url) as client:
        assert len(client.points("p", 1, "a").steps) == 200
        assert client.get_run("p", 1)["status"] == "COMPLETED"


def test_a_cancelled_run_stops_the_script_where_that_was_asked_for(scripts: Scripts) -> None:
    program = scripts.start(
        """
        import sys, time
        import pluto
        run = pluto.init(project="p", run_id="c", stop_on_cancel=True, disable_console=True)
        print(run.id, flush=True)
        try:
            while True:
                run.log({"a": 1.0})
                time.sleep(0.01)
        except KeyboardInterrupt:
            print("stopped", run.cancelled, flush=True)
            run.finish(130)
        """
    )
    assert program.stdout is not None
    number = int(program.stdout.readline())
    pluto.query.cancel_run("p", number)
    out, err = program.communicate(timeout=60)
    assert out.strip() == "stopped True", err
    assert err.count("was cancelled") == 1
    assert pluto.query.get_run("p", number)["status"] == "CANCELLED"


def test_what_was_lost_is_failed_and_what_its_children_left_is_not(scripts: Scripts) -> None:
    start = """
        import os
        import pluto
        run = pluto.init(project="p", disable_console=True, disable_system_metrics=True)
        print(run.id)
        """
    lost = scripts.run(start + "import sys; sys.stdout.flush(); os._exit(0)")
    children = scripts.run(
        start
        + """
        import multiprocessing
        context = multiprocessing.get_context("fork")
        def work():
            run.log({"child": 1.0})
        child = context.Process(target=work)
        child.start()
        child.join()
        run.finish()
        """
    )

    def status(program: Any) -> Any:
        return pluto.query.get_run("p", int(program.stdout))["status"]

    until(lambda: status(lost) == "FAILED", what="the lost run is marked")
    until(lambda: status(children) != "RUNNING", what="the parent's word counts")
    assert status(children) == "COMPLETED"


def test_the_receipt_line_says_what_was_delivered(scripts: Scripts) -> None:
    program = scripts.run(
        """
        import pluto
        run = pluto.init(project="p", disable_console=True, disable_system_metrics=True)
        for i in range(98):
            run.log({"a": i})
        run.finish()
        """
    )
    said = program.stderr.splitlines()
    assert said[0].startswith("pluto: run P-1 started (external_id=")
    assert said[1] == "pluto: run P-1: 100 records delivered"
    assert program.stdout == ""


def test_output_ends_with_the_script(scripts: Scripts, tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "logging.py").write_text("raise RuntimeError('the wrong logging')")
    (tmp_path / "queue.py").write_text("raise RuntimeError('the wrong queue')")
    (tmp_path / "run.py").write_text(
        "import sys; here = sys.path.pop(0)\n"
        "import pluto, logging, queue\n"
        "sys.path.insert(0, here)\n"
        "run = pluto.init(project='p'); run.log({'a': 1}); print('done')\n"
    )
    import sys

    piped = subprocess.run(
        f"{sys.executable} run.py | cat", shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert piped.stdout == "done\n", piped.stderr
    until(lambda: pluto.query.get_run("p", 1)["status"] == "COMPLETED")
