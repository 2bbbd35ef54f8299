"""sync, status and clear over real journals, as click commands and as `pluto neptune …`."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import pluto
import pluto.compat.neptune as neptune
import pluto.compat.neptune.cli as cli
from pluto.compat.neptune.cli.commands import clear, status, sync
from pluto.compat.neptune.exceptions import CannotSynchronizeOfflineRunsWithoutProject
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.data_directory import note, notes, offline_root
from pluto.query import Client
from tests.programs import PLUTO, Scripts, free_port, serving
from tests.waiting import until

PROJECT = "me/project"
QUIET = {"disable_system_metrics": True, "disable_console": True}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, whose `.neptune` it is."""
    for name in ("NEPTUNE_PROJECT", "NEPTUNE_DATA_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: Any, *arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command, list(arguments), catch_exceptions=False, **options)


def journal(root: Path) -> Path:
    """The newest run folder of a root."""
    return max((root / "sync" / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def offline(value: float = 1.0) -> tuple[str, Path]:
    """The id and the folder of a finished offline run that logged `value`."""
    id = str(uuid.uuid4())
    with pluto.init(
        dir=offline_root(), project="offline/project-placeholder", mode="offline", run_id=id, **QUIET
    ) as op:
        op.log({"value": value})
    path = note("offline", ContainerType.RUN, id, "offline/project-placeholder", journal(offline_root()))
    assert path is not None
    return id, path


def unreachable(root: Path) -> tuple[str, Path]:
    """The id and the folder of a run whose server does not answer."""
    id = str(uuid.uuid4())
    settings = {**QUIET, "host": f"127.0.0.1:{free_port()}", "api_key": "k", "mode": "offline"}
    with pluto.init(project=PROJECT, run_id=id, **settings) as op:
        op.log({"value": 1.0})
    path = note("async", ContainerType.RUN, id, PROJECT, journal(root))
    assert path is not None
    return id, path


def values(name: str) -> list[float]:
    """What the run of this name, `workspace/project/ID`, has logged."""
    project, _, id = name.rpartition("/")
    with Client() as client:
        return [float(value) for value in client.points(project, id, "value").values]


def test_the_names_are_where_they_were() -> None:
    assert cli.sync is sync
    assert cli.status is status


def test_an_offline_run_becomes_a_run_of_the_project() -> None:
    id, path = offline(0.25)
    result = run(sync, "--path", ".", "-p", PROJECT)
    assert result.exit_code == 0
    found = re.search(r"[\w-]+/[\w-]+/([\w-]+)", result.stdout)
    assert found is not None
    assert result.stdout.splitlines() == [
        f"Offline container {id} registered as {found[0]}",
        f"Synchronising {found[0]}",
        f"Deleted: {path}",
        f"Synchronization of run {found[0]} completed.",
    ]
    assert found[0].startswith(f"{PROJECT}/")
    assert values(found[0]) == [0.25]
    assert not path.exists()
    assert run(sync, "-p", PROJECT).stdout == ""


def test_what_offline_mode_wrote_is_read_back_from_the_run_it_became(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"12345")
    run_ = neptune.init_run(mode="offline", custom_run_id="ignored", capture_hardware_metrics=False)
    run_["params"] = {"lr": 0.5, "name": "adam"}
    run_["loss"].extend([3.0, 2.0])
    run_["weights"].upload("weights.bin")
    run_["sys/tags"].add("offline-tag")
    (noted,) = notes(folder / ".neptune")
    assert re.fullmatch(rf"run__{noted.id}__\d+__[a-z0-9]{{8}}", noted.path.name)
    assert str(uuid.UUID(noted.id)) == noted.id
    run_.stop()
    (folder / "weights.bin").unlink()
    result = run(sync, "-p", PROJECT)
    found = re.search(rf"Offline container {noted.id} registered as {PROJECT}/(\S+)", result.stdout)
    assert found is not None
    with neptune.init_run(with_id=found[1], project=PROJECT, mode="read-only") as read:
        assert read["params"].fetch() == {"lr": 0.5, "name": "adam"}
        assert list(read["loss"].fetch_values()["value"]) == [3.0, 2.0]
        assert read["sys/tags"].fetch() == {"offline-tag"}
        read["weights"].download("copy.bin")
    assert (folder / "copy.bin").read_bytes() == b"12345"


def test_an_object_in_use_and_one_that_is_delivered(folder: Path) -> None:
    with neptune.init_run(project=PROJECT, capture_hardware_metrics=False) as opened:
        opened["a"] = 1
        (noted,) = notes(folder / ".neptune")
        assert noted.kind == "async"
        assert opened._backend.data_path == noted.path
        opened.wait()
        id = opened["sys/id"].fetch()
        assert f"Unsynchronized objects:\n- {PROJECT}/{id}\n" in run(status).stdout
    assert not noted.path.exists()
    assert run(status).exit_code == 1


def test_the_environment_names_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    offline()
    monkeypatch.setenv("NEPTUNE_PROJECT", "you/other")
    assert " registered as you/other/" in run(sync).stdout


def test_without_a_project_nothing_is_delivered() -> None:
    id, path = offline()
    with pytest.raises(CannotSynchronizeOfflineRunsWithoutProject):
        run(sync)
    assert path.exists()
    assert f"- offline/{id}" in run(status).stdout
    done = subprocess.run([*PLUTO, "neptune", "sync"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout.startswith("Project name not provided.")
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_only_the_objects_that_are_named_are_delivered() -> None:
    first, path = offline(1.0)
    second, other = offline(2.0)
    assert f"- offline/{first}\n" in run(status).stdout
    result = run(
        sync, "-p", PROJECT, "--object", f"offline/{second}", "--object", "offline/none", "--object", "me/x/X-1"
    )
    assert result.exit_code == 0
    assert "Container me/x/X-1 not found\n" in result.stdout
    assert "Offline container none not found on disk.\n" in result.stdout
    assert (path.exists(), other.exists()) == (True, False)


def test_offline_runs_alone(root: Path) -> None:
    _, path = offline()
    _, waiting = unreachable(root)
    result = run(sync, "-p", PROJECT, "--offline-only")
    assert result.exit_code == 0
    assert (path.exists(), waiting.exists()) == (False, True)
    with pytest.raises(CannotSynchronizeOfflineRunsWithoutProject):
        run(sync, "--offline-only")


def test_objects_and_offline_only_exclude_each_other() -> None:
    offline()
    result = run(sync, "--offline-only", "--object", "offline/x")
    assert result.exit_code == 2
    assert "--object and --offline-only are mutually exclusive" in result.output


def test_what_can_not_be_delivered_stays_and_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    id, path = unreachable(root)
    monkeypatch.setenv("NEPTUNE_SYNC_BATCH_TIMEOUT", "0.5")
    result = run(sync)
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0] == f"Synchronising {PROJECT}/{id}"
    assert lines[1].startswith(f"{PROJECT}/{id} is not synchronized to its end: ")
    assert path.exists()
    assert f"Unsynchronized objects:\n- {PROJECT}/{id}\n" in run(status).stdout


def test_what_a_killed_process_has_left_goes_where_it_was_bound_for(
    scripts: Scripts, home: Path, root: Path, folder: Path
) -> None:
    port = free_port()
    killed = scripts.run(
        f"""
        import os, signal, pluto
        op = pluto.init(project="{PROJECT}", run_id="killed", host="127.0.0.1:{port}", api_key="k", **{QUIET!r})
        op.log({{"value": 5.0}})
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        check=False,
    )
    assert killed.returncode == -9
    path = note("async", ContainerType.RUN, "killed", PROJECT, journal(root))
    assert path is not None
    assert run(status).stdout.startswith(f"Unsynchronized objects:\n- {PROJECT}/killed\n")
    with serving(home / "server", port=port):
        result = run(sync, "--object", f"{PROJECT}/killed")
        assert result.exit_code == 0
        last = result.stdout.splitlines()[-1]
        found = re.fullmatch(rf"Synchronization of run {PROJECT}/(\S+) completed\.", last)
        assert found is not None
        with Client(host=f"127.0.0.1:{port}") as client:
            assert list(client.points(PROJECT, found[1], "value").values) == [5.0]
    assert not path.exists()


def test_the_file_of_a_run_of_the_other_client_is_delivered(scripts: Scripts, folder: Path) -> None:
    scripts.run(
        """
        from pluto.compat.neptune_scale import Run
        for name in ("one", "two"):
            with Run(run_id=name, project="me/scale", mode="offline") as run:
                run.log_metrics({"value": 0.5}, step=1)
        """
    )
    files = sorted(folder.glob(".neptune/*/run_operations.sqlite3"))
    assert len(files) == 2
    result = run(sync, *map(str, files))
    assert result.exit_code == 0
    with Client() as client:
        for name in ("one", "two"):
            assert list(client.points("me/scale", name, "value").values) == [0.5]
    assert not any(file.exists() for file in files)


def test_status_of_a_folder_in_which_all_is_delivered(root: Path) -> None:
    with pluto.init(project=PROJECT, run_id="done", **QUIET) as op:
        op.log({"value": 1.0})
        path = note("async", ContainerType.RUN, "done", PROJECT, journal(root))
    assert path is not None
    until(lambda: not any((root / "sync" / "runs").iterdir()), 30, "delivery")
    assert run(status).stdout.splitlines()[:2] == ["", f"There are no unsynchronized objects in {path.parent.parent}"]
    result = run(clear)
    assert result.exit_code == 0
    assert result.stdout == f"Deleted: {path}\n"
    assert run(status).exit_code == 1


def test_clear_asks_before_it_deletes_what_is_not_delivered(root: Path) -> None:
    id, path = offline()
    name, waiting = unreachable(root)
    listed = [
        "",
        "Unsynchronized objects:",
        f"- {PROJECT}/{name}",
        "",
        "Unsynchronized offline objects:",
        f"- offline/{id}",
        "",
    ]
    question = "Do you want to delete the listed metadata? [y/N]: "
    kept = run(clear, input="n")
    assert kept.output.splitlines() == [*listed, f"{question}n"]
    assert [one.path for one in notes(path.parent.parent)] == [waiting, path]
    gone = run(clear, "--path", ".", input="y")
    assert gone.output.splitlines() == [*listed, f"{question}y", f"Deleted: {path}", f"Deleted: {waiting}"]
    assert not list(notes(path.parent.parent))
    for place in (root, offline_root()):
        assert list((place / "sync" / "runs").iterdir()) == []
    assert run(status).exit_code == 1


def test_clear_leaves_alone_what_a_process_is_writing(root: Path) -> None:
    op = pluto.init(project=PROJECT, run_id="live", mode="offline", **QUIET)
    path = note("async", ContainerType.RUN, "live", PROJECT, journal(root))
    assert path is not None
    result = run(clear, input="y")
    assert f"{PROJECT}/live stays: a process is writing or delivering it" in result.output
    assert path.exists()
    op.log({"value": 2.0})
    op.finish()


def test_what_the_neptune_package_has_left_is_named_and_left_alone(folder: Path) -> None:
    left = folder / ".neptune" / "offline" / "run__0af3__77__abcdefgh"
    left.mkdir(parents=True)
    (left / "data-1.log").write_text("{}")
    for command, code in ((status, 1), (sync, 0), (clear, 0)):
        result = run(command)
        assert result.exit_code == code
        assert f"    pluto migrate neptune {folder / '.neptune'} --project WORKSPACE/PROJECT\n" in result.stdout
    assert (left / "data-1.log").exists()


@pytest.mark.parametrize("command", [sync, status, clear], ids=lambda command: command.name)
def test_a_folder_without_data_directory_is_wrong_usage(command: Any, folder: Path) -> None:
    for arguments in ([], ["--path", str(folder)], ["--path", str(folder / "gone")]):
        result = run(command, *arguments)
        assert result.exit_code == 2, arguments
        assert "Invalid value for '--path'" in result.output


def test_the_data_directory_itself_may_be_named(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    id, _ = offline()
    assert f"offline/{id}" in run(status, "--path", str(folder / ".neptune")).stdout
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", str(folder / "elsewhere"))
    other, path = offline()
    assert path.parent.parent == folder / "elsewhere"
    assert f"offline/{other}" in run(status, "--path", str(folder / "elsewhere")).stdout


def test_a_data_directory_goes_with_its_offline_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    id, _ = offline(0.5)
    (folder / "moved").mkdir()
    (folder / ".neptune").rename(folder / "moved" / ".neptune")
    result = run(sync, "--path", "moved", "-p", PROJECT)
    assert result.exit_code == 0
    name = re.search(rf"Offline container {id} registered as (\S+)", result.stdout)
    assert name is not None
    assert values(name[1]) == [0.5]


def test_ids_that_are_no_file_names_have_folders_all_the_same(root: Path) -> None:
    for id in ("a/b", "..", "x__y", "", "é" * 200, "ok-1.2_3"):
        path = note("async", ContainerType.MODEL, id, PROJECT, root / "sync" / "runs" / "none")
        assert path is not None
        assert path.parent.name == "async"
        assert len(path.name.split("__")) == 4
        (found,) = [one for one in notes(path.parent.parent) if one.path == path]
        assert (found.id, found.type, found.project) == (id, ContainerType.MODEL, PROJECT)


def test_a_folder_that_can_not_be_written_stops_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", str(folder / "file" / "x"))
    assert note("async", ContainerType.RUN, "a", PROJECT, folder) is None
