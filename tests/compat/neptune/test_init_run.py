"""The parameters of a run."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from platform import node
from typing import Any

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.common.warnings import NeptuneWarning
from pluto.compat.neptune.exceptions import (
    NeptuneException,
    NeptunePossibleLegacyUsageException,
    NeptuneRunResumeAndCustomIdCollision,
    RunNotFound,
)
from pluto.compat.neptune.internal.utils.hashing import generate_hash
from pluto.compat.neptune.types import GitRef
from tests.compat.neptune.conftest import Open


@pytest.mark.parametrize(
    "given",
    [
        {"with_id": 5}, {"project": 5}, {"api_token": 5}, {"custom_run_id": 5}, {"mode": 5}, {"name": 5},
        {"description": 5}, {"tags": 5}, {"tags": ["a", 5]}, {"source_files": 5}, {"source_files": [5]},
        {"capture_stdout": "yes"}, {"capture_stderr": 1}, {"capture_hardware_metrics": "no"},
        {"fail_on_exception": None}, {"monitoring_namespace": 5}, {"flush_period": "5"}, {"proxies": "x"},
        {"capture_traceback": None}, {"git_ref": 5}, {"dependencies": 5}, {"async_lag_callback": 5},
        {"async_lag_threshold": "5"}, {"async_no_progress_callback": 5}, {"async_no_progress_threshold": "5"},
    ],
)  # fmt: skip
def test_types_are_checked(open_run: Open, given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(given))):
        open_run(**{"mode": "debug", **given})


def test_unknown_parameters(open_run: Open) -> None:
    with pytest.raises(TypeError, match=r"Run\(\) got an unexpected keyword argument 'foo'"):
        open_run(mode="debug", foo=1)
    for name in ("backend", "project_qualified_name"):
        with pytest.raises(NeptunePossibleLegacyUsageException):
            open_run(mode="debug", **{name: 1})


def test_modes(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="'online' is not a valid Mode"):
        open_run(mode="online")
    monkeypatch.setenv("NEPTUNE_MODE", "debug")
    assert open_run()["sys/id"].fetch().startswith("OFFLINE-")
    monkeypatch.setenv("NEPTUNE_MODE", "nonsense")
    with pytest.raises(ValueError, match="is not a valid Mode"):
        open_run()


def test_debug_mode_knows_no_ids(open_run: Open) -> None:
    with pytest.raises(RunNotFound):
        open_run("A-1", mode="debug")
    with pytest.raises(NeptuneRunResumeAndCustomIdCollision):
        open_run("A-1", mode="debug", custom_run_id="x")


def test_debug_mode_leaves_nothing_on_disk(open_run: Open, tmp_path: Path, root: Path) -> None:
    run = open_run(mode="debug", custom_run_id="x")
    run["x"] = 1
    assert not root.exists()
    assert list(tmp_path.iterdir()) == []
    assert run.get_url().startswith("offline/")


def test_names_in_debug_mode(open_run: Open) -> None:
    run = open_run(mode="debug")
    assert (run["sys/name"].fetch(), run["sys/description"].fetch()) == ("Untitled", "")
    run = open_run(mode="debug", name="mine", description="what it is", tags=("a", "b"))
    assert (run["sys/name"].fetch(), run["sys/description"].fetch()) == ("mine", "what it is")
    assert run["sys/tags"].fetch() == {"a", "b"}


def test_a_new_run(open_run: Open) -> None:
    run = open_run(project="ws/proj", name="mine", description="what it is", tags="one")
    assert run["sys/name"].fetch() == "mine"
    assert run["sys/description"].fetch() == "what it is"
    assert run["sys/tags"].fetch() == {"one"}
    assert run["sys/state"]._get_attribute()
    assert run["sys/failed"].fetch() is False
    assert run["sys/trashed"].fetch() is False
    assert run["sys/id"].fetch() == run._sys_id
    run.sync()
    fields = set(run.get_structure()["sys"])
    assert fields >= {
        "id", "name", "description", "owner", "tags", "state", "failed", "creation_time", "modification_time",
        "ping_time", "running_time", "monitoring_time", "size", "trashed",
    }  # fmt: skip


def test_a_run_gets_a_name(open_run: Open) -> None:
    run = open_run()
    assert run["sys/name"].fetch()
    assert run["sys/description"].fetch() == ""


@pytest.mark.parametrize("given", [{}, {"custom_run_id": "mine"}])
def test_what_is_known_before_it_is_read_is_what_is_read(open_run: Open, given: dict[str, str]) -> None:
    run = open_run(**given)
    known = set(run._ipython_key_completions_())
    run.sync()
    assert known - {"source_code/files"} == set(run._ipython_key_completions_())


def test_reconnecting(open_run: Open) -> None:
    first = open_run(project="ws/proj", name="first", description="text", tags=["a"])
    first["x"] = 1
    name = first["sys/id"].fetch()
    first.stop()
    again = open_run(name, project="ws/proj", tags=["b"])
    assert again["x"].fetch() == 1
    assert again._sys_id == name
    assert again["sys/name"].fetch() == "first"
    assert again["sys/description"].fetch() == "text"
    assert again["sys/tags"].fetch() == {"a", "b"}
    again["x"] = 2
    again["new"].append(5.0)
    again.stop()
    third = open_run(name, project="ws/proj", name="third", description="")
    assert (third["x"].fetch(), third["new"].fetch_last()) == (2, 5.0)
    assert (third["sys/name"].fetch(), third["sys/description"].fetch()) == ("third", "")
    third["new"].append(6.0)
    assert third["new"].fetch_values(include_timestamp=False).values.tolist() == [[0, 5.0], [1, 6.0]]


def test_a_run_that_is_not_there(open_run: Open) -> None:
    open_run(project="ws/proj")
    with pytest.raises(RunNotFound, match="ws/proj/PROJ-77"):
        open_run("PROJ-77", project="ws/proj")


def test_custom_ids(open_run: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    first = open_run(custom_run_id="mine", description="text")
    assert first["sys/custom_run_id"].fetch() == "mine"
    monkeypatch.setenv("NEPTUNE_CUSTOM_RUN_ID", "mine")
    second = open_run()
    assert second["sys/id"].fetch() == first["sys/id"].fetch()
    assert second["sys/description"].fetch() == "text"
    assert second["sys/failed"].fetch() is False
    third = open_run(first["sys/id"].fetch())  # the variable does not collide
    assert third._sys_id == first._sys_id
    monkeypatch.delenv("NEPTUNE_CUSTOM_RUN_ID")
    assert open_run(custom_run_id="x" * 36)._sys_id != first._sys_id
    capsys.readouterr()
    long = open_run(custom_run_id="x" * 37)
    assert "more than 36 characters" in capsys.readouterr().out
    assert not long.exists("sys/custom_run_id")
    long.sync()
    assert not long.exists("sys/custom_run_id")


def test_projects_from_the_environment(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_PROJECT", "ws/from-env")
    monkeypatch.setenv("NEPTUNE_API_TOKEN", "nonsense")
    run = open_run()
    found = open_run(run["sys/id"].fetch(), project="ws/from-env", mode="read-only")
    assert found["sys/id"].fetch() == run["sys/id"].fetch()


def test_without_a_project(open_run: Open) -> None:
    import pluto

    run = open_run(api_token=neptune.ANONYMOUS_API_TOKEN)
    run["x"] = 1
    run.wait()
    assert pluto.query.find_run("pluto", display_id=run._sys_id)["config"]["x"] == 1


# What is recorded beside


def test_the_monitoring_namespace(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = generate_hash(node(), os.getpid(), threading.get_ident(), length=8)
    assert open_run(mode="debug").monitoring_namespace == f"monitoring/{hashed}"
    monkeypatch.setenv("NEPTUNE_MONITORING_NAMESPACE", "from/env")
    assert open_run(mode="debug").monitoring_namespace == "from/env"
    assert open_run(mode="debug", monitoring_namespace="mine").monitoring_namespace == "mine"


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_where_a_run_is(open_run: Open, mode: str) -> None:
    run = open_run(mode=mode, monitoring_namespace="m", capture_traceback=True)
    assert run["m/hostname"].fetch() == node()
    assert run["m/pid"].fetch() == str(os.getpid())
    assert run["m/tid"].fetch() == str(threading.get_ident())
    assert run["sys/hostname"].fetch() == node()
    assert not run.exists("m/stdout")
    assert not open_run(mode=mode, monitoring_namespace="m").exists("m")


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_the_console(open_run: Open, mode: str) -> None:
    from tests.waiting import until

    run = open_run(mode=mode, monitoring_namespace="m", capture_stdout=True, capture_stderr=True)
    assert run.exists("m/stdout")
    assert run.exists("m/stderr")
    print("a line of mine")
    print("to stderr", file=sys.stderr)

    def lines(stream: str) -> str:
        frame = run[f"m/{stream}"].fetch_values(include_timestamp=False)
        return "\n".join(frame["value"]) if len(frame) else ""

    until(lambda: "a line of mine" in lines("stdout"))
    until(lambda: "to stderr" in lines("stderr"))
    assert "to stderr" not in lines("stdout")


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_one_stream_alone(open_run: Open, mode: str) -> None:
    run = open_run(mode=mode, monitoring_namespace="m", capture_stdout=True)
    assert run.exists("m/stdout")
    assert not run.exists("m/stderr")


def test_the_console_ends_before_delivery_is_waited_for(open_run: Open) -> None:
    run = open_run(monitoring_namespace="m", capture_stdout=True)
    print("a line of mine")
    run.stop()
    print("after it all")
    read = open_run(with_id=run._sys_id, mode="read-only")
    lines = list(read["m/stdout"].fetch_values(include_timestamp=False)["value"])
    assert "a line of mine" in lines
    assert lines[-1].endswith("Shutting down background jobs, please wait a moment...")


def test_hardware(open_run: Open) -> None:
    from tests.waiting import until

    run = open_run(mode="debug", monitoring_namespace="m", capture_hardware_metrics=True)
    assert run.exists("m/cpu")
    assert run.exists("m/memory")
    until(lambda: run["m/memory"].fetch_last())
    assert 0 <= run["m/cpu"].fetch_last() <= 100


def test_hardware_in_the_store(open_run: Open) -> None:
    from tests.waiting import until

    run = open_run(monitoring_namespace="m", capture_hardware_metrics=True)

    def measured() -> bool:
        run.sync()
        return run.exists("m/memory") and run.exists("m/cpu")

    until(measured)
    assert run["m/memory"].fetch_last() > 0


def test_at_a_prompt_nothing_is_recorded(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    free = {"capture_stdout": None, "capture_stderr": None, "capture_hardware_metrics": None}
    with pytest.warns(NeptuneWarning, match="prompt"):
        run = open_run(mode="offline", monitoring_namespace="m", **free)
    assert not run.exists("m/stdout")
    assert not open_run(mode="debug", monitoring_namespace="m", **free).exists("m")
    asked = open_run(mode="debug", monitoring_namespace="m", **{**free, "capture_stdout": True})
    assert asked.exists("m/stdout")


# Where the code comes from


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The main script, in the current folder."""
    path = tmp_path / "train.py"
    path.write_text("print('training')")
    (tmp_path / "net").mkdir()
    (tmp_path / "net/model.py").write_text("pass")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(path), raising=False)
    return path


def files_of(run: Any) -> list[str]:
    run["source_code/files"].download("sources.zip")
    import zipfile

    with zipfile.ZipFile("sources.zip") as archive:
        return sorted(name for name in archive.namelist() if not name.endswith("/"))


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_source_files(open_run: Open, script: Path, mode: str) -> None:
    run = open_run(mode=mode, source_files=None)
    assert run["source_code/entrypoint"].fetch() == "train.py"
    assert files_of(run) == ["train.py"]
    run = open_run(mode=mode, source_files=[])
    assert run["source_code/entrypoint"].fetch() == "train.py"
    run = open_run(mode=mode, source_files="**/*.py")
    assert run["source_code/entrypoint"].fetch() == "train.py"
    assert files_of(run) == ["net/model.py", "train.py"]
    run = open_run(mode=mode, source_files=["net"])
    assert files_of(run) == ["net/model.py"]


def test_source_files_on_reconnecting(open_run: Open, script: Path) -> None:
    first = open_run(source_files=[])
    again = open_run(first["sys/id"].fetch(), source_files=None)
    assert not again.exists("source_code/files")
    once_more = open_run(first["sys/id"].fetch(), source_files="net")
    assert files_of(once_more) == ["net/model.py"]


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_dependencies(open_run: Open, mode: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = open_run(mode=mode, dependencies="infer")
    run["source_code/requirements"].download("found.txt")
    assert any(line.startswith("pytest==") for line in Path("found.txt").read_text().splitlines())
    Path("mine.txt").write_text("a==1")
    run = open_run(mode=mode, dependencies=tmp_path / "mine.txt")
    run["source_code/requirements"].download("found.txt")
    assert Path("found.txt").read_text() == "a==1"
    capsys.readouterr()
    run = open_run(mode=mode, dependencies="nowhere.txt")
    assert "[neptune] [warning] 'nowhere.txt' does not exist" in capsys.readouterr().out
    assert not run.exists("source_code/requirements")


def git(*arguments: str) -> None:
    import subprocess

    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(script: Path) -> Path:
    """The folder of the script is a repository with one commit, and a change that is not in it."""
    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "first")
    script.write_text("print('changed')")
    return script.parent


def test_a_repository(open_run: Open, repository: Path) -> None:
    from tests.waiting import until

    run = open_run(git_ref=GitRef(repository_path=repository))
    until(lambda: run.exists("source_code/diff"))
    assert type(run.get_structure()["source_code"]["git"]).__name__ == "GitRef"
    run["source_code/diff"].download("found.patch")
    assert "+print('changed')" in Path("found.patch").read_text()
    assert run["source_code/diff"].fetch_extension() == "patch"
    run.sync()
    assert type(run.get_structure()["source_code"]["git"]).__name__ == "GitRef"
    with pytest.raises(AttributeError):
        run["source_code/git"].fetch()


@pytest.mark.parametrize("left", ["nothing", "an untracked file", "a change"])
def test_what_makes_a_repository_dirty(open_run: Open, repository: Path, script: Path, left: str) -> None:
    from tests.waiting import until

    if left != "a change":
        git("commit", "-a", "-m", "second")
    if left == "an untracked file":
        (repository / "new.py").write_text("")
    run = open_run(git_ref=GitRef(repository_path=repository))
    until(lambda: run.exists("source_code/git"))
    run.wait()
    assert run._backend.run().atom("source_code/git").dirty is (left != "nothing")


def test_no_repository(open_run: Open, repository: Path, tmp_path: Path) -> None:
    for given in (False, GitRef.DISABLED, GitRef("/nowhere/at/all")):
        run = open_run(mode="debug", git_ref=given)
        assert not run.exists("source_code/diff")


def test_proxies_are_accepted(open_run: Open) -> None:
    assert open_run(mode="debug", proxies={"https": "http://proxy:1"})


@pytest.mark.filterwarnings("ignore:models and model versions")
def test_an_object_that_can_t_be_made_offline() -> None:
    for make in (neptune.init_project, neptune.init_model, neptune.init_model_version):
        with pytest.raises(NeptuneException, match="can't be initialized in OFFLINE mode"):
            make(mode="offline")
