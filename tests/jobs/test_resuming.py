"""Runs that go on: by any name, behind what is there, with a server that is dead just then."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import pluto
from pluto import query
from pluto.core.errors import RunNotFoundError
from pluto.core.op import Op
from tests.jobs.jobs import QUIET, points, settled, sync
from tests.programs import Scripts, free_port, serving
from tests.waiting import until


def opened(**options: Any) -> Op:
    return pluto.init(**{"project": "p", "disable_console": True, "disable_system_metrics": True, **options})


def status(run: int | str) -> str:
    return str(query.get_run("p", run)["status"])


@pytest.fixture
def first() -> Op:
    """A run that ended at step 7."""
    with opened(run_id="first", config={"lr": 1, "deep": {"a": 1}}, tags=["old"], notes="kept") as run:
        for step in (3, 7):
            run.log({"loss": float(step)}, step=step)
    return run


@pytest.mark.parametrize("by", ["external id", "number", "display id", "must"])
def test_it_goes_on_by_every_name_and_from_another_project(first: Op, by: str) -> None:
    """A number or a display id names a run of any project; an external id one of the project given."""
    named: dict[str, Any] = {
        "external id": {"run_id": "first", "resume": True},
        "number": {"run_id": first.id, "project": "another"},
        "display id": {"display_id": "P-1", "project": "another"},
        "must": {"run_id": "first", "resume": "must"},
    }[by]
    with opened(**named) as run:
        assert (run.id, run.resumed, run.project) == (first.id, True, "p")
        run.log({"loss": 8.0})
        run.update_config({"deep": {"b": 2}})
        run.add_tags("new")
        assert status("first") == "RUNNING"
    found = query.get_run("p", "first")
    assert points("p", "first", "loss") == [(3, 3.0), (7, 7.0), (8, 8.0)]
    assert found["config"] == {"lr": 1, "deep": {"a": 1, "b": 2}}
    assert sorted(found["tags"]) == ["new", "old"]
    assert query.get_notes("p", "first") == "kept"
    assert found["status"] == "COMPLETED"
    assert [project["name"] for project in query.list_projects()] == ["p"]


def test_what_init_says_is_added_to_what_is_there(first: Op) -> None:
    with opened(run_id="first", resume=True, config={"deep": {"b": 2}}, tags=["new"]) as run:
        assert run.resumed
    with opened(run_id=first.id, config={"deep": {"c": 3}}, tags="number", notes="changed"):
        pass
    found = query.get_run("p", "first")
    assert found["config"] == {"lr": 1, "deep": {"a": 1, "b": 2, "c": 3}}
    assert sorted(found["tags"]) == ["new", "number", "old"]
    assert query.get_notes("p", "first") == "changed"


@pytest.mark.parametrize("name", ["20240101", "EXP-1", "7", "1", "P-1", "-1", " x "])
def test_any_text_is_an_external_id(first: Op, name: str) -> None:
    """Though the first run is number 1 and has the display id P-1."""
    with opened(run_id=name) as run:
        run.log({"loss": 1.0})
        assert run.id != first.id and run.resumed is False
    with opened(run_id=name, resume="must") as again:
        assert again.id == run.id
        again.log({"loss": 2.0})
    assert points("p", run.id or 0, "loss") == [(1, 1.0), (2, 2.0)]
    assert query.find_run("p", external_id=name)["id"] == run.id
    assert len(points("p", first.id or 0, "loss")) == 2


def test_a_run_that_exists_is_not_opened_and_not_reopened(first: Op) -> None:
    before = query.get_run("p", "first")
    for resume in (False, "never"):
        with pytest.raises(pluto.RunExistsError, match="resume=True"):
            opened(run_id="first", resume=resume, config={"lr": 2}, tags=["other"], notes="other")
    after = query.get_run("p", "first")
    for key in ("status", "config", "tags"):
        assert after[key] == before[key]
    assert query.get_notes("p", "first") == "kept"
    assert pluto.ops == []
    with opened(run_id="third", resume="never") as run:
        assert run.resumed is False


def test_a_run_refused_leaves_nothing_behind(first: Op, home: Path, scripts: Scripts) -> None:
    scripts.run(
        f"""
        import pluto
        try:
            pluto.init(project="p", run_id="first", {QUIET})
        except pluto.RunExistsError:
            pass
        """
    )
    until(lambda: not list((home / ".pluto" / "sync" / "runs").iterdir()), what="the refused writer is cleared away")
    assert status("first") == "COMPLETED"


def test_a_failed_run_goes_on_and_completes(scripts: Scripts) -> None:
    """At once, while the deliverer may still have it open, and again when it has not."""
    failed = scripts.run(
        f"""
        import pluto
        run = pluto.init(project="p", run_id="f", {QUIET})
        run.log({{"loss": 1.0}})
        run.finish(1)
        with pluto.init(project="p", run_id="f", resume=True, {QUIET}) as run:
            run.log({{"loss": 2.0}})
        run = pluto.init(project="p", run_id="f", resume=True, {QUIET})
        run.log({{"loss": 3.0}})
        raise RuntimeError("no")
        """,
        check=False,
    )
    assert failed.returncode == 1
    until(lambda: status("f") == "FAILED")
    with opened(run_id="f", resume=True) as run:
        run.log({"loss": 4.0})
    assert status("f") == "COMPLETED"
    assert points("p", "f", "loss") == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)]


def test_a_killed_run_goes_on(scripts: Scripts) -> None:
    source = f"""
        import os, pluto, signal, sys
        run = pluto.init(project="p", run_id="k", resume=True, {QUIET})
        for _ in range(10):
            run.log({{"loss": float(run.step + 1)}})
        if sys.argv[1] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        """
    for _ in range(3):
        scripts.run(source, "kill", check=False)
    scripts.run(source, "end")
    assert points("p", "k", "loss") == [(step, step) for step in range(1, 41)]
    until(lambda: status("k") == "COMPLETED", what="the dead ones are known to be dead, and the last one counts")


def test_a_deleted_run_is_no_more(first: Op) -> None:
    query.delete_run("p", "first")
    for named in ({"run_id": "first", "resume": "must"}, {"run_id": first.id}, {"display_id": "P-1"}):
        with pytest.raises(RunNotFoundError):
            opened(**named)
    with opened(run_id="first", resume=True) as run:
        run.log({"loss": 1.0})
        assert run.resumed is False and run.step == 1
    assert points("p", "first", "loss") == [(1, 1.0)]


def test_a_run_deleted_while_it_goes_on_ends_quietly(home: Path, scripts: Scripts) -> None:
    program = scripts.start(
        f"""
        import sys, pluto
        run = pluto.init(project="p", {QUIET})
        run.log({{"loss": 1.0}})
        print(run.id, flush=True)
        sys.stdin.readline()
        for _ in range(100):
            run.log({{"loss": 1.0}})
        """,
        stdin=subprocess.PIPE,
    )
    assert program.stdout is not None
    query.delete_run("p", int(program.stdout.readline()))
    _, err = program.communicate("\n", timeout=60)
    assert program.returncode == 0, err
    assert query.list_runs("p") == []


def test_a_fork_has_what_it_inherits(first: Op) -> None:
    with opened(run_id="fork", fork_run_id=first.display_id, fork_step=3, config={"deep": {"b": 2}}) as fork:
        assert (fork.fork_run_id, fork.fork_step, fork.resumed) == (first.id, 3, False)
        fork.log({"loss": 40.0})
        assert fork.step == 4
    with opened(
        fork_run_id=first.id, fork_step=7, inherit_config=False, inherit_tags=True, config={"x": 1}, tags=["own"]
    ) as other:
        assert other.fork_step == 7
    with opened(fork_run_id=str(first.id), fork_step=5) as plain:
        pass
    assert query.get_run("p", "fork")["config"] == {"lr": 1, "deep": {"a": 1, "b": 2}}
    assert query.get_run("p", "fork")["tags"] == []
    assert query.get_run("p", other.id or 0)["config"] == {"x": 1}
    assert sorted(query.get_run("p", other.id or 0)["tags"]) == ["old", "own"]
    assert query.get_run("p", plain.id or 0)["config"] == {"lr": 1, "deep": {"a": 1}}
    with pytest.raises(RunNotFoundError):
        opened(fork_run_id=99, fork_step=1)
    for wrong in ({"fork_run_id": 1}, {"fork_step": 1}, {"inherit_tags": True}):
        with pytest.raises(ValueError, match="fork"):
            opened(**wrong)


def test_a_resume_with_a_dead_server_lands_behind_what_it_holds(home: Path, scripts: Scripts) -> None:
    port = free_port()
    source = f"""
        import sys, time, pluto
        began = time.monotonic()
        run = pluto.init(project="p", run_id="r", resume=True, host="127.0.0.1:{port}", init_timeout=0.3,
                         finish_wait=0, exit_wait=0, {QUIET})
        for n in range(5):
            run.log({{"loss": float(n)}})
        run.log({{"part": 1.0}}, commit=False)
        run.log({{"other": 1.0}})
        assert time.monotonic() - began < 20
        """
    with serving(home / "server", port=port):
        scripts.run(source.replace("init_timeout=0.3", "init_timeout=60").replace("=0,", "=60,"))
        settled(home)
    said = scripts.run(source).stderr
    assert said.count("no answer on run r") == 1
    with serving(home / "server", port=port):
        sync("--patience", "20")
        with query.Client(host=f"127.0.0.1:{port}") as client:
            found = client.points("p", "r", "loss")
            assert found.steps.tolist() == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
            assert found.values.tolist() == [0, 1, 2, 3, 4] * 2
            for name in ("part", "other"):
                assert client.points("p", "r", name).steps.tolist() == [6, 12]
            assert client.get_run("p", "r")["status"] == "COMPLETED"
    assert os.listdir(home / ".pluto" / "sync" / "runs") == []
