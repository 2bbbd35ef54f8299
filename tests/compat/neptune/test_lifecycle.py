"""Waiting, stopping, what is told meanwhile, and what works afterwards."""

from __future__ import annotations

import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.common.warnings import NeptuneWarning
from pluto.compat.neptune.exceptions import (
    FileUploadError,
    InactiveRunException,
    MetadataInconsistency,
    MissingFieldException,
    NeptuneMaxDiskUtilizationExceeded,
    NeptuneOfflineModeFetchException,
    NeptuneSynchronizationAlreadyStoppedException,
)
from pluto.compat.neptune.types import File
from tests.compat.neptune.conftest import QUIET, Open

STOPPING = "[neptune] [info   ] Shutting down background jobs, please wait a moment...\n[neptune] [info   ] Done!\n"


def test_what_an_async_run_tells(open_run: Open, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(project="ws/p")
    assert capsys.readouterr().out == f"[neptune] [info   ] Neptune initialized. Open in the app: {run.get_url()}\n"
    run["x"] = 1
    run.wait()
    run.stop()
    url = run.get_url()
    told = capsys.readouterr().out
    assert told.startswith(STOPPING)
    assert re.search(r"\[neptune\] \[info   \] All \d+ operations synced, thanks for waiting!\n", told)
    assert told.endswith(f"[neptune] [info   ] Explore the metadata in the Neptune app: {url}/metadata\n")
    run.stop()
    assert capsys.readouterr().out == ""


def test_what_waits_is_counted(open_run: Open, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run()
    capsys.readouterr()
    for place in range(2000):
        run["s"].append(place)
    run.stop()
    told = capsys.readouterr().out
    waiting = re.search(r"Waiting for the remaining (\d+) operations to synchronize with Neptune\. Do not kill", told)
    synced = re.search(r"All (\d+) operations synced, thanks for waiting!", told)
    assert synced
    assert waiting is None or waiting[1] == synced[1]


def test_what_other_modes_tell(open_run: Open, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(mode="debug")
    run.stop()
    assert capsys.readouterr().out == STOPPING
    run = open_run(mode="offline")
    assert capsys.readouterr().out == f"[neptune] [info   ] Neptune initialized. Open in the app: offline/{run._id}\n"
    run.stop()
    assert capsys.readouterr().out == STOPPING
    run = open_run(mode="sync")
    capsys.readouterr()
    run.stop()
    assert capsys.readouterr().out == (
        f"{STOPPING}[neptune] [info   ] Explore the metadata in the Neptune app: {run.get_url()}/metadata\n"
    )


@pytest.mark.parametrize("mode", ["debug", "async", "sync", "offline"])
def test_states_and_what_works_afterwards(open_run: Open, mode: str) -> None:
    run = open_run(mode=mode)
    run["x"] = 1
    handler = run["x"]
    assert run.get_state() == "started"
    run.stop()
    assert run.get_state() == "stopped"
    for call in (
        lambda: run["x"],
        lambda: run.__setitem__("x", 2),
        lambda: run.__delitem__("x"),
        lambda: run.assign({"x": 2}),
        lambda: run.fetch(),
        lambda: run.pop("x"),
    ):
        with pytest.raises(InactiveRunException):
            call()
    assert run.exists("x")
    assert "x" in run.get_structure()
    assert run.get_url()
    if mode != "debug":
        with pytest.warns(NeptuneWarning, match="stopped"):
            handler.assign(2)


@pytest.mark.parametrize("seconds", ["5", [5]])
def test_seconds_are_a_number(debug: Any, seconds: Any) -> None:
    with pytest.raises(TypeError, match="seconds"):
        debug.stop(seconds=seconds)
    assert debug.get_state() == "started"


def test_waiting_stores_everything(open_run: Open) -> None:
    import pluto

    run = open_run(project="ws/p")
    run["x"] = 1
    run["s"].append(1.5)
    run.wait()
    found = pluto.query.Client().find_run("ws/p", display_id=run._sys_id)
    assert found["config"]["x"] == 1
    run.wait(disk_only=True)
    run["y"].assign(2, wait=True)
    run.sync(wait=False)
    assert run["y"].fetch() == 2
    run.stop()
    with pytest.raises(NeptuneSynchronizationAlreadyStoppedException):
        run.wait()


def test_the_data_directory(open_run: Open, tmp_path: Path) -> None:
    run = open_run()
    (folder,) = (tmp_path / ".neptune/async").iterdir()
    assert folder.name.startswith(f"run__{run._id}__")
    assert run._op_processor.data_path == folder
    run["x"] = 1
    run.stop()
    assert list((tmp_path / ".neptune/async").iterdir()) == []


def test_offline(open_run: Open, tmp_path: Path) -> None:
    run = open_run(mode="offline", project="ws/p", custom_run_id="ignored")
    run["x"] = 1
    run["s"].append(2.0)
    assert run["sys/name"]._get_attribute()
    for call in (
        lambda: run["x"].fetch(), lambda: run["s"].fetch_last(), lambda: run["s"].fetch_values(), lambda: run.fetch(),
        lambda: run["sys/tags"].fetch(), lambda: run.sync(),
    ):  # fmt: skip
        with pytest.raises(NeptuneOfflineModeFetchException):
            call()
    with pytest.raises(MissingFieldException):
        run["y"].fetch()
    assert run.exists("x")
    assert not run.exists("y")
    run["copy"] = run["x"]
    run.wait()
    run.stop()
    (folder,) = (tmp_path / ".neptune/offline").iterdir()
    assert folder.name.startswith(f"run__{run._id}__")
    assert not (Path.home() / ".pluto/store").exists()


def test_sync_mode_raises(open_run: Open) -> None:
    import pluto

    run = open_run(mode="sync", project="ws/p")
    run["x"] = 1
    run["s"].append(1.0, step=5)
    run["s"].append(2.0)
    assert pluto.query.Client().find_run("ws/p", display_id=run._sys_id)["config"]["x"] == 1
    with pytest.raises(MetadataInconsistency, match="have to rise"):
        run["s"].append(3.0, step=5)
    with pytest.raises(FileUploadError):
        run["f"].upload("nowhere")
    with pytest.raises(MetadataInconsistency):
        run["sys/id"] = "mine"
    run["d"] = {"a": 1, "b": {"c": 2}}
    assert run["d"].fetch() == {"a": 1, "b": {"c": 2}}
    assert run["s"].fetch_last() == 2.0


def test_async_mode_tells(open_run: Open, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run()
    run["sys/id"] = "mine"
    told = capsys.readouterr().out
    assert told.count("[neptune] [error  ] Error occurred during asynchronous operation processing: ") >= 1
    assert run["sys/id"].fetch() == run._sys_id


def test_the_disk_has_a_limit(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_MAX_DISK_USAGE", "0.0001")
    monkeypatch.setenv("NEPTUNE_RAISE_ERROR_ON_DISK_USAGE_EXCEEDED", "False")
    with pytest.warns(NeptuneWarning, match="% of the disk are used"):
        run = open_run()
    run["x"] = 1
    run["s"].append(1.0)
    run["s"].append(1.0)
    run.sync()
    assert not run.exists("x")
    monkeypatch.delenv("NEPTUNE_RAISE_ERROR_ON_DISK_USAGE_EXCEEDED")
    with pytest.raises(NeptuneMaxDiskUtilizationExceeded):
        open_run(monitoring_namespace="m", capture_traceback=True)
    monkeypatch.setenv("NEPTUNE_MAX_DISK_USAGE", "nonsense")
    with pytest.warns(NeptuneWarning, match="nonsense"):
        run = open_run()
    run["x"] = 1
    assert run["x"].fetch() == 1


def test_a_block(open_run: Open) -> None:
    with neptune.init_run(mode="debug", **QUIET) as run:
        run["x"] = 1
        assert run.get_state() == "started"
    assert run.get_state() == "stopped"


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_an_exception_leaves_a_block(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = {**QUIET, "capture_traceback": True, "monitoring_namespace": "m"}
    with pytest.raises(RuntimeError, match="two\nlines"), neptune.init_run(mode=mode, **quiet) as run:
        raise RuntimeError("two\nlines")
    assert run.get_state() == "stopped"
    assert "RuntimeError: two" in capsys.readouterr().err
    if mode == "async":
        run = neptune.init_run(run._sys_id, mode="read-only", **QUIET)
        assert run["sys/failed"].fetch() is True
        lines = run["m/traceback"].fetch_values()["value"].tolist()
        assert lines[1] == "Marking run as failed"
        assert lines[-2:] == ["two", "lines"]
        run.stop()


def test_exceptions_that_do_not_fail_a_run(open_run: Open) -> None:
    run = open_run(fail_on_exception=False, capture_traceback=True, monitoring_namespace="m")
    sys.excepthook(ValueError, ValueError("text"), None)
    assert run["sys/failed"].fetch() is False
    assert run["m/traceback"].fetch_last() == "text"
    silent = open_run(capture_traceback=False, monitoring_namespace="m")
    sys.excepthook(ValueError, ValueError("text"), None)
    assert silent["sys/failed"].fetch() is False
    assert not silent.exists("m/traceback")


def test_the_exception_hook_goes_with_the_last_run(open_run: Open) -> None:
    before = sys.excepthook
    runs = [open_run(mode="debug", capture_traceback=True) for _ in range(2)]
    assert sys.excepthook is not before
    for run in runs:
        run.stop()
    assert sys.excepthook == before


def test_a_failed_run_of_pluto(open_run: Open) -> None:
    import pluto
    from tests.waiting import until

    run = open_run(project="ws/p")
    run["sys/failed"] = True
    number = run._sys_id
    run.stop()
    client = pluto.query.Client()
    until(lambda: client.find_run("ws/p", display_id=number)["status"] == "FAILED")


def test_ping(run: Any) -> None:
    run.ping()


def test_the_lock_may_be_taken_again(debug: Any) -> None:
    with debug.lock():
        debug["x"] = 1
        with debug.lock():
            debug["x"] = 2
    assert debug["x"].fetch() == 2


def test_threads_write_one_series(open_run: Open) -> None:
    run = open_run()

    def work() -> None:
        for _ in range(200):
            run["s"].append(1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    frame = run["s"].fetch_values()
    assert frame["step"].tolist() == list(range(800))


def test_writers_with_one_id_lose_nothing(open_run: Open) -> None:
    runs = [open_run(custom_run_id="many") for _ in range(3)]
    for place in range(10):
        runs[place % 3][f"field/{place}"] = place
    for run in runs:
        run.wait()
    runs[0].sync()
    assert runs[0]["field"].fetch() == {str(place): place for place in range(10)}


def test_a_run_that_is_away_is_still_made(open_run: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a server nobody answers for, everything is kept on disk, and the script goes on."""
    monkeypatch.setenv("PLUTO_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("PLUTO_API_KEY", "key")
    monkeypatch.setenv("PLUTO_INIT_TIMEOUT", "1")
    monkeypatch.setenv("NEPTUNE_SYNC_AFTER_STOP_TIMEOUT", "1")
    run = open_run(project="ws/p", name="x")
    run["x"] = 1
    run["s"].append(1.0)
    run["file"].upload(File.from_content("text"))
    began = time.monotonic()
    run.stop(seconds=1)
    assert time.monotonic() - began < 20
