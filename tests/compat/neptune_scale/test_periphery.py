"""Exceptions, environment, messages, folders, callbacks: what stands around a run."""

from __future__ import annotations

import inspect
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.neptune_scale import exceptions, legacy, projects
from pluto.compat.neptune_scale.logging.logging_utils import StepTracker, lines, parts
from pluto.compat.neptune_scale.sync.errors_tracking import ErrorsMonitor
from pluto.compat.neptune_scale.sync.files import guess_mime_type_from_bytes, guess_mime_type_from_file, prepared
from pluto.compat.neptune_scale.sync.folder import LogFolder, Pointer, base_of
from pluto.compat.neptune_scale.sync.lag_tracking import LagTracker
from pluto.compat.neptune_scale.sync.values import Intake
from pluto.compat.neptune_scale.types import File
from pluto.compat.neptune_scale.util import envs, logger
from pluto.compat.neptune_scale.util.timer import Timer
from tests.compat.neptune_scale.conftest import Said
from tests.waiting import until

KINDS = [kind for name in exceptions.__all__ for kind in [getattr(exceptions, name)]]

# exceptions


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_exception_has_a_text_and_survives_a_pool(kind: type[BaseException]) -> None:
    needs = [
        parameter
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    error = kind(*["the reason"] * len(needs))
    assert len(str(error)) > 10
    assert "{" not in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert issubclass(kind, (exceptions.NeptuneScaleError, exceptions.NeptuneScaleWarning))


def test_a_text_of_ones_own() -> None:
    assert str(exceptions.NeptuneScaleError("a", message="{0} of {what}", what="b")) == "a of b"
    assert "too many" in str(exceptions.NeptuneUnableToLogData("too many"))
    assert "418" in str(exceptions.NeptuneBadRequestError(status_code=418, reason="teapot"))
    assert "teapot" in str(exceptions.NeptuneBadRequestError(status_code=418, reason="teapot"))
    assert "db" in str(exceptions.NeptuneDatabaseConflict("db"))


@pytest.mark.parametrize(("value", "colours"), [("", sys.platform != "win32"), ("true", False), ("1", False)])
def test_colours_can_be_switched_off(value: str, colours: bool) -> None:
    program = "from pluto.compat.neptune_scale.exceptions import *; print(NeptuneRunNotFound())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"NEPTUNE_DISABLE_COLORS": value},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("\033[" in done.stdout) is colours


# environment


def test_flags_numbers_and_choices_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert envs.get_bool("X_NEPTUNE", True, False) is True
    for text, value in (("TRUE", True), ("1", True), ("False", False), ("0", False), ("maybe", True)):
        monkeypatch.setenv("X_NEPTUNE", text)
        assert envs.get_bool("X_NEPTUNE", False, True) is value
    monkeypatch.setenv("X_NEPTUNE", "5")
    assert envs.get_positive_int("X_NEPTUNE", 1) == 5
    assert envs.get_positive_int("Y_NEPTUNE", 7) == 7
    for text in ("0", "-1", "x", ""):
        monkeypatch.setenv("X_NEPTUNE", text)
        with pytest.raises(ValueError, match="X_NEPTUNE"):
            envs.get_positive_int("X_NEPTUNE", 1)
    monkeypatch.setenv("X_NEPTUNE", "Drop")
    assert envs.get_option("X_NEPTUNE", ("drop", "raise"), "raise") == "drop"
    monkeypatch.setenv("X_NEPTUNE", "x")
    with pytest.raises(ValueError, match="drop, raise"):
        envs.get_option("X_NEPTUNE", ("drop", "raise"), "raise")


@pytest.mark.parametrize(
    ("variables", "lines_"),
    [
        ({}, ["INFO", "WARNING", "ERROR"]),
        ({"NEPTUNE_LOGGER_LEVEL": "error"}, ["ERROR"]),
        ({"NEPTUNE_LOGGER_LEVEL": "none"}, []),
        ({"NEPTUNE_DEBUG_MODE": "1"}, ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ({"NEPTUNE_DEBUG_MODE": "1", "NEPTUNE_LOGGER_LEVEL": "warning"}, ["WARNING", "ERROR"]),
    ],
)
def test_what_is_said_follows_the_environment_and_goes_to_stderr(variables: dict[str, str], lines_: list[str]) -> None:
    program = """
from pluto.compat.neptune_scale.util.logger import get_logger
import io, sys
log = get_logger()
assert log is get_logger()
log.debug("one"); log.info("two"); log.warning("three")
kept, sys.stderr = sys.stderr, io.StringIO()
log.error("four")
kept.write(sys.stderr.getvalue())
sys.stderr = None
log.error("nobody hears it")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], env={"NEPTUNE_DISABLE_COLORS": "1", **variables},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [line.split("neptune:")[1].split(":")[0] for line in done.stderr.splitlines()] == lines_
    assert done.stdout == ""


def test_beside_the_1x_client_everything_is_said_once() -> None:
    program = """
import sys
for client in sys.argv[1:]:
    __import__(client)
from pluto.compat.neptune_scale.util.logger import get_logger
get_logger().warning("said")
"""
    clients = ["pluto.compat.neptune.internal.utils.logger", "pluto.compat.neptune_scale"]
    for order in (clients, clients[::-1]):
        done = subprocess.run([sys.executable, "-c", program, *order], capture_output=True, text=True, check=True)
        assert (done.stdout + done.stderr).count("said") == 1


def test_a_level_that_is_none_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from pluto.compat.neptune_scale import util; util.get_logger()"],
        env={"NEPTUNE_LOGGER_LEVEL": "loud"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ValueError: NEPTUNE_LOGGER_LEVEL" in done.stderr


def test_the_same_is_not_said_again_at_once(said: Said) -> None:
    throttled = logger.ThrottledLogger(logging.getLogger("neptune"))
    throttled.info("%d left", 5)
    throttled.info("%d left", 4)
    logger.ThrottledLogger(logging.getLogger("neptune"), enabled=False).info("never")
    assert said.text == "5 left"


def test_a_time_limit() -> None:
    assert Timer(None).remaining_time() is None
    assert not Timer(None).is_finite()
    assert not Timer(None).is_expired()
    assert Timer(0).is_expired()
    assert 59 < (Timer(60).remaining_time() or 0) <= 60
    assert Timer(60).is_finite()


# lines and steps


def test_steps_of_lines_are_millionths() -> None:
    steps = StepTracker(0)
    assert [steps.value, steps.increment(), steps.value] == [0.000001, 0.000002, 0.000002]
    assert StepTracker(7.5).value == 7.500001
    assert StepTracker(2).value == 2.000001


def test_lines_are_what_a_terminal_shows() -> None:
    assert list(lines("one\ntwo\n\nthree", 100)) == ["one", "two", "three"]
    assert list(lines("10%\r50%\r100%\ndone", 100)) == ["100%", "done"]
    assert list(lines("", 100)) == []
    assert list(lines("abcdef", 4)) == ["abcd", "ef"]


@given(st.text(), st.integers(4, 9))
def test_parts_of_a_line_cut_no_character(line: str, limit: int) -> None:
    found = list(parts(line, limit))
    assert "".join(found) == line.encode("utf-8", "replace").decode()
    assert all(0 < len(part.encode()) <= limit for part in found)


# files


def test_what_a_file_is(tmp_path: Path) -> None:
    assert guess_mime_type_from_bytes(b"\x89PNG\r\n\x1a\nrest") == "image/png"
    assert guess_mime_type_from_bytes(b"RIFF\x10\0\0\0WEBPrest") == "image/webp"
    assert guess_mime_type_from_bytes(b"nothing known") == "application/octet-stream"
    assert guess_mime_type_from_bytes(b"") == "application/octet-stream"
    assert guess_mime_type_from_bytes(b"\x89PNG\r\n\x1a\n", "a/b.txt") == "text/plain"
    (tmp_path / "x.MD").write_bytes(b"text")
    (tmp_path / "x").write_bytes(b"%PDF-1.4")
    assert guess_mime_type_from_file(tmp_path / "x.MD") == "text/markdown"
    assert guess_mime_type_from_file(str(tmp_path / "x")) == "application/pdf"
    assert guess_mime_type_from_file(tmp_path / "x", "y.csv") == "text/csv"
    for bad in (tmp_path / "missing", tmp_path):
        with pytest.raises(OSError, match=str(bad)):
            guess_mime_type_from_file(bad)


def test_files_that_can_not_be_read_are_left_out(tmp_path: Path, said: Said) -> None:
    intake = Intake([].append)
    (tmp_path / "a.txt").write_text("text")
    good = {
        "path": tmp_path / "a.txt",
        "text": str(tmp_path / "a.txt"),
        "bytes": b"x",
        "file": File(b"x", "a/b", 1, "d"),
        "five": File(b"x", destination=5),
    }
    assert list(prepared(good, intake)) == list(good)
    assert not said.warnings()
    bad: dict[Any, Any] = {
        "missing": "nowhere",
        "folder": tmp_path,
        "number": 5,
        "source": File(3),  # type: ignore[arg-type]
        "mime": File(b"x", mime_type=5),  # type: ignore[arg-type]
        "long": File(b"x", destination="x" * 801),
        "type": File(b"x", "x" * 129),
        5: b"x",
    }
    assert list(prepared({**bad, "good": b"x"}, intake)) == ["good"]
    assert len(said.warnings()) == len(bad)


# folders


def test_a_folder_tells_where_a_run_is_kept_and_can_be_moved(tmp_path: Path) -> None:
    base = tmp_path / "logs"
    pointer = Pointer(base / "pluto" / "sync" / "runs" / "key", "team/pro:ject", "run__1" + "x" * 100)
    folder = LogFolder(base, pointer)
    assert folder.file.name == "run_operations.sqlite3"
    assert folder.path.name.startswith("team_pro_ject_run_1xxx")
    assert len(folder.path.name.rsplit("_", 1)[0]) <= 64 * 2 + 1
    assert Pointer.read(folder.file) == pointer
    moved = tmp_path / "elsewhere"
    base.rename(moved)
    there = moved / folder.path.name / folder.file.name
    assert Pointer.read(there).folder == moved / "pluto" / "sync" / "runs" / "key"
    moved.rename(base)
    folder.remove()
    assert not folder.path.exists()
    folder.remove()


def test_folders_of_runs_that_were_delivered_since_are_tidied_up(tmp_path: Path) -> None:
    kept, foreign = tmp_path / "kept" / "run", tmp_path / "logs" / "foreign" / "run_operations.sqlite3"
    kept.mkdir(parents=True)
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"SQLite format 3")
    gone = LogFolder(tmp_path / "logs", Pointer(tmp_path / "gone", "a/b", "gone"))
    left = LogFolder(tmp_path / "logs", Pointer(kept, "a/b", "left"))
    LogFolder(tmp_path / "logs", Pointer(kept, "a/b", "new"))
    assert not gone.path.exists()
    assert left.file.exists()
    assert foreign.exists()


def test_a_folder_people_have_put_something_into_stays(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path, Pointer(Path("/elsewhere"), "a/b", "r"))
    assert Pointer.read(folder.file).folder == Path("/elsewhere")
    (folder.path / "mine.txt").touch()
    folder.remove()
    assert [path.name for path in folder.path.iterdir()] == ["mine.txt"]


def test_a_folder_that_can_not_be_made_is_said_and_missed_by_nobody(tmp_path: Path, said: Said) -> None:
    (tmp_path / "file").touch()
    folder = LogFolder(tmp_path / "file", Pointer(Path("/elsewhere"), "a/b", "r"))
    (warning,) = said.warnings()
    assert "/elsewhere" in warning
    folder.remove()


@pytest.mark.parametrize("content", [b"SQLite format 3\0", b"[]", b"{}", b"\xff", b'{"folder": 5}'])
def test_a_file_that_points_nowhere_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="x does not say"):
        Pointer.read(tmp_path / "x")


def test_where_folders_lie(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    assert base_of(None) == here / ".neptune"
    monkeypatch.setenv("NEPTUNE_LOG_DIRECTORY", "logs")
    assert base_of(None) == here / "logs"
    assert base_of("mine") == here / "mine"
    assert base_of(Path("/abs")) == Path("/abs")


# callbacks


def test_errors_reach_the_callback_they_are_for_in_order_on_another_thread() -> None:
    heard: list[tuple[str, type, bool, str]] = []

    def callback(name: str) -> Any:
        return lambda error, last: heard.append((name, type(error), last is None, threading.current_thread().name))

    monitor = ErrorsMonitor(lambda: iter(()), callback("network"), callback("error"), callback("warning"))
    given = [
        exceptions.NeptuneSeriesStepNonIncreasing(),
        exceptions.NeptuneConnectionLostError(),
        exceptions.NeptuneSeriesPointDuplicate(),
        exceptions.NeptuneInternalServerError(),
        exceptions.NeptuneSeriesStepNonIncreasing(),
        OSError("disk"),
    ]
    for error in given:
        monitor.tell(error)
    monitor.stop(10)
    names = ["error", "network", "warning", "warning", "error", "error"]
    kinds = [type(error) for error in given[:-1]] + [exceptions.NeptuneUnexpectedError]
    assert [(name, kind) for name, kind, _, _ in heard] == list(zip(names, kinds, strict=True))
    assert [first for _, _, first, _ in heard] == [True, True, True, True, False, True]
    assert threading.current_thread().name not in {thread for _, _, _, thread in heard}


def test_a_callback_that_fails_or_stops_the_monitor_is_no_trouble(said: Said) -> None:
    heard: list[BaseException] = []

    def failing(error: BaseException, last: float | None) -> None:
        heard.append(error)
        raise RuntimeError("mine")

    def stopping(error: BaseException, last: float | None) -> None:
        heard.append(error)
        monitor.stop(None)

    monitor = ErrorsMonitor(lambda: iter(()), on_error_callback=failing, on_warning_callback=stopping)
    monitor.tell(exceptions.NeptuneRunNotFound())
    monitor.tell(exceptions.NeptuneRunDuplicate())
    until(lambda: len(heard) == 2)
    assert "A callback of the run failed" in said.text
    monitor.stop(10)


def test_what_goes_wrong_elsewhere_is_looked_for() -> None:
    found = [exceptions.NeptuneConnectionLostError(because=" (no route)")]
    heard: list[BaseException] = []

    def look() -> Iterator[BaseException]:
        while found:
            yield found.pop()
        raise OSError("the next look finds nothing either")

    monitor = ErrorsMonitor(look, on_network_error_callback=lambda error, _: heard.append(error))
    monitor.start()
    until(lambda: heard)
    assert "(no route)" in str(heard[0])
    monitor.tell(exceptions.NeptuneConnectionLostError())
    monitor.stop(10)
    assert len(heard) == 2


def test_without_callbacks_errors_are_logged_at_once_and_network_errors_now_and_then(said: Said) -> None:
    monitor = ErrorsMonitor(None, on_error_callback=None)
    monitor.tell(exceptions.NeptuneRunDuplicate())
    assert len(said.warnings()) == 1
    for _ in range(3):
        monitor.tell(exceptions.NeptuneConnectionLostError())
    assert len(said.warnings()) == 1
    monitor.tell(exceptions.NeptuneRunNotFound())
    assert [record.levelname for record in said.records] == ["ERROR"]
    monitor.stop(1)


def test_lag_is_told_once_until_it_is_made_good(monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    now = [100.0]
    monkeypatch.setattr("pluto.compat.neptune_scale.sync.lag_tracking.time.monotonic", lambda: now[0])
    calls: list[float] = []
    lag = LagTracker(5, lambda: calls.append(now[0]))

    def look(seconds: float, delivered: int, written: int) -> None:
        now[0] += seconds
        lag.look(delivered, written)

    look(0, 0, 0)
    look(1, 0, 10)
    look(4, 0, 20)
    assert calls == []
    look(2, 0, 20)
    look(1, 5, 20)
    assert calls == [107]
    look(1, 10, 30)
    look(1, 20, 30)
    look(1, 30, 30)
    look(1, 30, 31)
    look(6, 30, 31)
    assert calls == [107, 118]
    broken = LagTracker(0, lambda: calls[99])  # type: ignore[arg-type, return-value]
    broken.look(0, 1)
    now[0] += 1
    broken.look(0, 1)
    assert "A callback of the run failed" in said.text


# projects and the older way to write


def test_names_of_projects() -> None:
    assert projects.extract_workspace_and_project("my-own.workspace_/pr_oj-ect") == ("my-own.workspace_", "pr_oj-ect")
    assert projects.extract_workspace_and_project("project", "workspace") == ("workspace", "project")
    assert projects.normalize_project_name("workspace/project", "workspace") == "workspace/project"
    for name, workspace in (
        ("w/p", "other"),
        ("p", None),
        ("w/p!@#", None),
        ("a/b/c", None),
        ("", "w"),
        ("w/p\n", None),
    ):
        with pytest.raises(ValueError, match=r"workspace|name"):
            projects.extract_workspace_and_project(name, workspace)
    with pytest.raises(TypeError, match="name"):
        projects.create_project(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="secret"):
        projects.create_project("w/p", visibility="secret")
    with pytest.raises(TypeError, match="api_token"):
        projects.list_projects(api_token=5)  # type: ignore[arg-type]


def test_paths_in_brackets() -> None:
    assert legacy.cleanup_path("/a/b") == "a/b"
    for path in ("", "/", "a/", "a//b", "a/ /b", "a ", " "):
        with pytest.raises(ValueError, match="path"):
            legacy.cleanup_path(path)
    run = legacy.Run(mode="disabled")
    run["a"] = {"b": 1, "c": {"d": 2}}
    run["a"].append({"b": 1}, step=1, timestamp=5.0)
    run["a"].extend([1, 2], steps=[1, 2], previews=[True, False])
    with pytest.raises(ValueError, match="steps"):
        run["a"].extend([1, 2], steps=[1])
    with pytest.raises(ValueError, match="dict"):
        run["a"] = {"b": {}}
    with pytest.warns(UserWarning, match="name"):
        run["a"].append(1, step=2, name="x")
    with pytest.warns(UserWarning, match="wait"):
        run["a"].add("x", wait=True)
    run["a"].remove("x")
