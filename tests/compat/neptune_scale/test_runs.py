"""Runs of the logging client, kept in the local store and read back."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pluto import finish
from pluto.cli import pluto
from pluto.compat.attributes import AttributeKind, AttributeReader, RunAttributes
from pluto.compat.neptune_scale import Run, exceptions, legacy, projects
from pluto.compat.neptune_scale.cli.commands import main, sync
from pluto.compat.neptune_scale.exceptions import (
    NeptuneAttributePathNonWritable,
    NeptuneAttributeTypeMismatch,
    NeptunePreviewStepNotAfterLastCommittedStep,
    NeptuneRunDuplicate,
    NeptuneRunForkParentNotFound,
    NeptuneSeriesPointDuplicate,
    NeptuneSeriesStepNonIncreasing,
    NeptuneSeriesStepNotAfterForkPoint,
    NeptuneSeriesTimestampDecreasing,
    NeptuneUnableToLogData,
)
from pluto.core.leftovers import of_path
from tests.compat.neptune_scale.conftest import Said
from tests.waiting import until

PROJECT = "team/tests"


class Heard:
    """What the callbacks of a run heard."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.warnings: list[BaseException] = []

    @property
    def kinds(self) -> list[type]:
        return [type(error) for error in self.errors]

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_error_callback": lambda error, _: self.errors.append(error),
            "on_warning_callback": lambda warning, _: self.warnings.append(warning),
        }


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def reader() -> Iterator[AttributeReader]:
    with AttributeReader() as found:
        yield found


def start(run_id: str, project: str = PROJECT, **arguments: Any) -> Run:
    """A run without console and source."""
    return Run(
        run_id=run_id,
        project=project,
        **{"enable_console_log_capture": False, "source_tracking_config": None, **arguments},
    )


def found(reader: AttributeReader, run_id: str, project: str = PROJECT) -> RunAttributes:
    run = reader.find(project, external_id=run_id)
    assert run is not None
    return run


def numbers(reader: AttributeReader, run_id: str, path: str, **asked: Any) -> list[tuple[float, float]]:
    points = reader.floats(found(reader, run_id), path, **asked)
    return list(zip(points.steps.tolist(), points.values.tolist(), strict=True))


# where a run goes


def test_without_a_token_and_a_project_runs_stay_in_the_local_store_and_the_default_project(
    root: Path, reader: AttributeReader
) -> None:
    with Run(run_id="r", enable_console_log_capture=False, source_tracking_config=None) as run:
        run.log_configs({"lr": 0.1})
    assert found(reader, "r", "pluto").atom("lr") == 0.1
    assert (root / "store").is_dir()


def test_a_token_of_neptune_selects_nothing_and_nobody_is_contacted(
    root: Path, reader: AttributeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments[-1]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    facts = {"api_address": "https://app.neptune.ai", "api_url": "https://app.neptune.ai"}
    token = base64.b64encode(json.dumps(facts).encode()).decode()
    monkeypatch.setenv("NEPTUNE_API_TOKEN", token)
    monkeypatch.setenv("NEPTUNE_PROJECT", PROJECT)
    with Run(run_id="r", api_token=token, source_tracking_config=None, enable_console_log_capture=False) as run:
        run.log_metrics({"a": 1.0}, 1)
        assert run.get_run_url().startswith((root / "store").as_uri())
    assert numbers(reader, "r", "a") == [(1, 1.0)]


def test_names_of_runs_and_experiments(reader: AttributeReader) -> None:
    with start("plain"):
        pass
    with start("head", experiment_name="digits") as run:
        assert run.get_experiment_url() == run.get_run_url()
    plain, head = found(reader, "plain"), found(reader, "head")
    assert plain.atom("sys/custom_run_id") == "plain"
    assert "sys/name" not in plain.definitions
    assert "sys/experiment/name" not in plain.definitions
    assert head.atom("sys/name") == head.atom("sys/experiment/name") == "digits"
    assert plain.name == "plain"


def test_a_run_has_neither_metrics_of_the_machine_nor_facts_it_was_not_asked_for(reader: AttributeReader) -> None:
    with start("r") as run:
        run.log_configs({"a": 1})
    run_ = found(reader, "r")
    assert [path for path in run_.definitions if not path.startswith("sys/")] == ["a"]


# steps


def test_steps_rise_and_what_does_not_is_told_and_left_out(reader: AttributeReader, heard: Heard) -> None:
    run = start("r", **heard.callbacks())
    run.log_metrics({"a": 1.0, "b": 1.0}, 5)
    run.log_metrics({"a": 1.0, "b": 2.0}, 5)
    run.log_metrics({"a": 3.0, "c": 3.0}, 4)
    run.log_metrics({"a": 4.0}, 5.000001)
    run.log_string_series({"s": "x"}, 2)
    run.log_string_series({"s": "y"}, 1)
    run.close()
    assert heard.kinds == [NeptuneSeriesStepNonIncreasing] * 3
    assert [type(one) for one in heard.warnings] == [NeptuneSeriesPointDuplicate]
    assert "`b` at step 5" in str(heard.errors[0])
    assert "`a` at step 5" in str(heard.warnings[0])
    assert numbers(reader, "r", "a") == [(5, 1.0), (5.000001, 4.0)]
    assert numbers(reader, "r", "b") == [(5, 1.0)]
    assert numbers(reader, "r", "c") == [(4, 3.0)]
    assert reader.texts(found(reader, "r"), "s").values == ["x"]


def test_points_do_not_grow_younger(reader: AttributeReader, heard: Heard) -> None:
    moment = datetime(2024, 5, 1, tzinfo=timezone.utc)
    run = start("r", **heard.callbacks())
    run.log_metrics({"a": 1.0}, 1, timestamp=moment)
    run.log_metrics({"a": 2.0}, 2, timestamp=moment)
    run.log_metrics({"a": 3.0}, 3, timestamp=moment - timedelta(seconds=1))
    run.log_metrics({"a": 4.0}, 4)
    run.close()
    assert heard.kinds == [NeptuneSeriesTimestampDecreasing]
    assert numbers(reader, "r", "a") == [(1, 1.0), (2, 2.0), (4, 4.0)]
    times = reader.floats(found(reader, "r"), "a").times.tolist()
    assert times[:2] == [int(moment.timestamp() * 1e6)] * 2


def test_a_clock_that_is_set_back_costs_no_point(
    reader: AttributeReader, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    run = start("r", **heard.callbacks())
    now = time.time()
    for step, clock in enumerate((now, now - 3600, now + 1)):
        with monkeypatch.context() as patch:
            patch.setattr("time.time", lambda clock=clock: clock)
            run.log_metrics({"a": float(step)}, step)
    run.close()
    assert not heard.errors
    assert len(numbers(reader, "r", "a")) == 3
    times = reader.floats(found(reader, "r"), "a").times.tolist()
    assert times == sorted(times)


def test_metrics_without_a_step_go_on_behind_the_last_one(reader: AttributeReader) -> None:
    with start("r") as run:
        run.log_metrics({"a": 1.0}, step=None)  # type: ignore[arg-type]
        run.log_metrics({"a": 2.0}, 4.5)
        run.log(metrics={"a": 3.0, "b": 1.0})
    assert numbers(reader, "r", "a") == [(0, 1.0), (4.5, 2.0), (5, 3.0)]
    assert numbers(reader, "r", "b") == [(0, 1.0)]


def test_previews_come_after_what_is_settled_and_give_way_to_it(reader: AttributeReader, heard: Heard) -> None:
    run = start("r", **heard.callbacks())
    run.log_metrics({"a": 1.0}, 1)
    run.log_metrics({"a": 2.5}, 2, preview=True, preview_completion=0.5)
    run.log_metrics({"a": 2.6}, 2, preview=True, preview_completion=0.25)
    run.log_metrics({"a": 3.0, "only": 9.0}, 3, preview=True)
    run.log_metrics({"a": 2.0}, 2)
    run.log_metrics({"a": 0.0, "b": 0.0}, 2, preview=True)
    run.close()
    assert heard.kinds == [NeptunePreviewStepNotAfterLastCommittedStep]
    assert numbers(reader, "r", "a") == [(1, 1.0), (2, 2.0)]
    assert numbers(reader, "r", "a", previews=True) == [(1, 1.0), (2, 2.0), (3, 3.0)]
    points = reader.floats(found(reader, "r"), "a", previews=True)
    assert points.previews == {3: 0.0}
    assert found(reader, "r").kind("only") is AttributeKind.FLOAT_SERIES
    assert numbers(reader, "r", "only") == []


def test_numbers_that_are_not_finite_are_points_like_others(reader: AttributeReader, heard: Heard) -> None:
    run = start("r", **heard.callbacks())
    run.log_metrics({"a": float("nan"), "b": 1.0}, 1)
    run.log_metrics({"a": float("-inf"), "b": 2.0}, 2)
    run.close()
    assert not heard.errors
    assert [value for _, value in numbers(reader, "r", "a")][1] == float("-inf")
    assert str(numbers(reader, "r", "a")[0][1]) == "nan"
    assert len(numbers(reader, "r", "b")) == 2


def test_the_short_way_takes_what_the_long_one_takes(reader: AttributeReader, said: Said) -> None:
    class Name(str):
        __slots__ = ()

    with start("r") as run:
        for step, data in enumerate(
            [
                {"a": 1.0, "b": 1},
                {"a": 2.0, "b": 2},
                {Name("a"): 3.0, Name("b"): 3.0},
                {"a": 10**400, "b": 2**63},
                {"a": 5.0, "b": True},
                {"b": 6.0, "a": 6.0},
                {"a": 7.0},
                {"a": 8.0, "b": 8.0},
            ]
        ):
            run.log_metrics(data, step)
    assert len(said.warnings()) == 1
    assert [value for _, value in numbers(reader, "r", "a")] == [1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0]
    assert [value for _, value in numbers(reader, "r", "b")] == [1.0, 2.0, 3.0, 2.0**63, 1.0, 6.0, 8.0]


# kinds and names


def test_an_attribute_keeps_its_type(reader: AttributeReader, heard: Heard) -> None:
    run = start("r", **heard.callbacks())
    run.log_configs({"a": 1, "b": "x"})
    run.log_configs({"a": "text", "b": "y"})
    run.log_metrics({"a": 1.0, "c": 1.0}, 1)
    run.log_string_series({"c": "x"}, 2)
    run.assign_files({"b": b"x"})
    run.close()
    assert heard.kinds == [NeptuneAttributeTypeMismatch] * 4
    assert "`a` holds an int" in str(heard.errors[0])
    kept = found(reader, "r")
    assert kept.atom("a") == 1
    assert kept.atom("b") == "y"
    assert kept.kind("c") is AttributeKind.FLOAT_SERIES


def test_what_the_tracker_writes_itself_is_not_the_scripts(reader: AttributeReader, heard: Heard) -> None:
    run = start("r", **heard.callbacks())
    run.log_configs({"sys/id": "X-1", "sys/name": "mine", "sys/description": "about", "sys/tags": ["t"], "a": 1})
    run.log_metrics({"sys/loss": 1.0}, 1)
    run.close()
    assert heard.kinds == [NeptuneAttributePathNonWritable] * 2
    assert "`sys/id`" in str(heard.errors[0])
    kept = found(reader, "r")
    assert (kept.atom("sys/name"), kept.atom("sys/description"), kept.atom("sys/tags")) == ("mine", "about", {"t"})
    assert kept.sys_id != "X-1"


def test_a_path_may_hold_a_value_and_have_others_below(reader: AttributeReader) -> None:
    with start("r") as run:
        run.log_configs({"model": "resnet", "model/depth": 50})
        run.log_configs({"data/size": 5})
        run.log_configs({"data": "digits"})
    kept = found(reader, "r")
    assert (kept.atom("model"), kept.atom("model/depth")) == ("resnet", 50)
    assert (kept.atom("data"), kept.atom("data/size")) == ("digits", 5)


def test_nothing_of_a_call_is_kept_where_a_bad_value_shall_raise(
    reader: AttributeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEPTUNE_LOG_FAILURE_ACTION", "raise")
    with start("r") as run:
        run.log_configs({"good": 1})
        with pytest.raises(NeptuneUnableToLogData, match="bad"):
            run.log_configs({"never": 1, "bad": None})
        with pytest.raises(NeptuneUnableToLogData, match="bad"):
            run.log(1, configs={"never": 1}, metrics={"bad": "x"})
        run.log_metrics({"after": 1.0}, 1)
    kept = found(reader, "r")
    assert [path for path in kept.definitions if not path.startswith("sys/")] == ["good", "after"]


# a run that goes on


def test_a_run_of_the_same_id_goes_on(reader: AttributeReader, heard: Heard) -> None:
    with start("r", experiment_name="first") as run:
        run.log_metrics({"a": 1.0, "b": 1.0}, 10)
        run.log_configs({"lr": 0.1})
        run.add_tags(["one"])
    run = start("r", **heard.callbacks())
    until(lambda: heard.warnings)
    run.log_metrics({"a": 2.0, "new": 1.0}, 9)
    run.log_metrics({"a": 1.0}, 10)
    run.log_metrics({"a": 3.0, "b": 3.0}, 11)
    run.log_configs({"depth": 3})
    run.add_tags(["two"])
    run.close()
    assert [type(one) for one in heard.warnings] == [NeptuneRunDuplicate, NeptuneSeriesPointDuplicate]
    assert heard.kinds == [NeptuneSeriesStepNonIncreasing]
    assert numbers(reader, "r", "a") == [(10, 1.0), (11, 3.0)]
    assert numbers(reader, "r", "b") == [(10, 1.0), (11, 3.0)]
    assert numbers(reader, "r", "new") == [(9, 1.0)]
    kept = found(reader, "r")
    assert (kept.atom("lr"), kept.atom("depth"), kept.atom("sys/tags")) == (0.1, 3, {"one", "two"})
    assert kept.atom("sys/name") == "first"
    assert len(list(reader.runs(PROJECT))) == 1


def test_a_new_run_tells_nobody_that_it_was_there(heard: Heard) -> None:
    run = start("r", **heard.callbacks())
    assert run.wait_for_processing(30)
    run.close()
    assert not heard.warnings


# forks


def fork(run_id: str, parent: str, step: float, **arguments: Any) -> Run:
    return start(run_id, fork_run_id=parent, fork_step=step, **arguments)


def test_a_fork_has_its_parents_past(reader: AttributeReader, heard: Heard) -> None:
    with start("parent") as run:
        run.log_configs({"lr": 0.1})
        for step in range(1, 6):
            run.log_metrics({"a": float(step)}, step)
    run = fork("child", "parent", 3, **heard.callbacks())
    run.log_metrics({"a": 99.0}, 3)
    run.log_metrics({"a": 40.0}, 4)
    run.log_metrics({"b": 1.0}, step=None)  # type: ignore[arg-type]
    run.close()
    with fork("grandchild", "child", 4, inherit_configs=False) as run:
        run.log_metrics({"a": 500.0}, 5)
    assert heard.kinds == [NeptuneSeriesStepNotAfterForkPoint]
    assert not heard.warnings
    assert numbers(reader, "child", "a") == [(4, 40.0)]
    assert numbers(reader, "child", "a", inherited=True) == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 40.0)]
    assert numbers(reader, "child", "b") == [(4, 1.0)]
    assert numbers(reader, "grandchild", "a", inherited=True) == [
        (1, 1.0), (2, 2.0), (3, 3.0), (4, 40.0), (5, 500.0),
    ]  # fmt: skip
    assert found(reader, "child").atom("lr") == 0.1
    assert "lr" not in found(reader, "grandchild").definitions
    assert [run.external_id for run, _ in reader.lineage(found(reader, "grandchild"))] == ["child", "parent"]


def test_a_parent_that_is_open_still_can_be_forked(reader: AttributeReader) -> None:
    with start("parent") as parent:
        parent.log_metrics({"a": 1.0}, 1)
        with fork("child", "parent", 1) as child:
            child.log_metrics({"a": 2.0}, 2)
        parent.log_metrics({"a": 3.0}, 2)
    assert numbers(reader, "child", "a", inherited=True) == [(1, 1.0), (2, 2.0)]


def test_a_parent_that_is_not_there_is_told_and_the_run_begins_without(reader: AttributeReader, heard: Heard) -> None:
    run = fork("orphan", "nobody", 3, **heard.callbacks())
    run.log_metrics({"a": 4.0}, 4)
    until(lambda: heard.warnings)
    run.close()
    assert [type(one) for one in heard.warnings] == [NeptuneRunForkParentNotFound]
    assert numbers(reader, "orphan", "a", inherited=True) == [(4, 4.0)]
    assert found(reader, "orphan").parent is None


# callbacks and ends


def test_a_callback_may_terminate_the_run(reader: AttributeReader, said: Said) -> None:
    called = threading.Event()

    def terminate(error: BaseException, last_seen: float | None) -> None:
        run.terminate()
        called.set()

    run = start("r", on_error_callback=terminate)
    run.log_metrics({"a": 1.0}, 2)
    run.log_metrics({"a": 1.0}, 1)
    assert called.wait(30)
    run.log_metrics({"a": 3.0}, 3)
    run.close()
    until(lambda: reader.find(PROJECT, external_id="r") and numbers(reader, "r", "a") == [(2, 1.0)])


def test_without_callbacks_errors_are_said_and_the_run_goes_on(reader: AttributeReader, said: Said) -> None:
    with start("r") as run:
        run.log_metrics({"a": 1.0}, 2)
        run.log_metrics({"a": 2.0}, 1)
        run.log_metrics({"a": 3.0}, 3)
    assert "NeptuneSeriesStepNonIncreasing" in said.text
    assert numbers(reader, "r", "a") == [(2, 1.0), (3, 3.0)]


def test_an_offline_run_calls_nobody_back(said: Said, heard: Heard) -> None:
    with start("r", mode="offline", **heard.callbacks()) as run:
        run.log_metrics({"a": 1.0}, 2)
        run.log_metrics({"a": 2.0}, 1)
        assert "NeptuneSeriesStepNonIncreasing" in said.text
    assert not heard.errors


def test_after_the_end_nothing_is_kept_and_nothing_raises(reader: AttributeReader) -> None:
    run = start("r")
    run.log_metrics({"a": 1.0}, 1)
    run.close()
    run.close(timeout=0)
    run.log_metrics({"a": 2.0}, 2)
    run.log_configs({"b": 1})
    run.terminate()
    assert run.wait_for_processing(1)
    assert numbers(reader, "r", "a") == [(1, 1.0)]
    assert "b" not in found(reader, "r").definitions


def test_a_run_that_pluto_has_finished_takes_nothing_more_and_says_nothing(reader: AttributeReader) -> None:
    run = start("r")
    run.log_metrics({"a": 1.0}, 1)
    finish()
    run.log_metrics({"a": 2.0}, 2)
    run.log_configs({"b": 1})
    run.close()
    assert numbers(reader, "r", "a") == [(1, 1.0)]


@pytest.mark.parametrize(
    ("error", "status"), [(None, "COMPLETED"), (ValueError("x"), "FAILED"), (KeyboardInterrupt(), "TERMINATED")]
)
def test_a_block_ends_the_run_as_it_ends_itself(
    error: BaseException | None, status: str, reader: AttributeReader
) -> None:
    try:
        with start("r") as run:
            run.log_metrics({"a": 1.0}, 1)
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert raised is error
    assert found(reader, "r").status == status


def test_waiting_says_how_it_went(reader: AttributeReader, said: Said) -> None:
    run = start("r")
    for step in range(100):
        run.log_metrics({"a": float(step)}, step)
    assert run.wait_for_submission()
    assert run.wait_for_processing(timeout=30, verbose=False)
    assert len(numbers(reader, "r", "a")) == 100
    assert "All records are delivered" in said.text
    run.close()


def test_several_threads_log_to_one_run(reader: AttributeReader) -> None:
    run = start("r")

    def work(number: int) -> None:
        for step in range(200):
            run.log_metrics({f"t{number}/a": float(step), f"t{number}/b": 1.0}, step)
            run.log_configs({f"c{number}": step})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.close()
    for number in range(4):
        assert [step for step, _ in numbers(reader, "r", f"t{number}/a")] == list(range(200))
        assert found(reader, "r").atom(f"c{number}") == 199


# files


def test_a_file_is_kept_as_it_was_when_it_was_logged(reader: AttributeReader, here: Path) -> None:
    (here / "a.txt").write_text("before")
    with start("r") as run:
        run.assign_files({"file": "a.txt"})
        run.log_files({"series": Path("a.txt")}, 1)
        (here / "a.txt").write_text("after!")
        os.chdir("/")
        run.log_files({"series": here / "a.txt"}, 2)
    kept = found(reader, "r")
    assert [reader.read(file) for file in reader.files(kept, "file")] == [b"before"]
    assert [reader.read(file) for file in reader.files(kept, "series")] == [b"before", b"after!"]
    assert [file.mime for file in reader.files(kept, "series")] == ["text/plain"] * 2


def test_a_big_file_and_many_files(reader: AttributeReader, here: Path) -> None:
    content = os.urandom(3_000_000)
    (here / "model.bin").write_bytes(content)
    with start("r") as run:
        run.assign_files({"model": "model.bin"})
        run.log_files({f"f{number}": b"%d" % number for number in range(100)}, 1)
    kept = found(reader, "r")
    assert reader.read(reader.files(kept, "model")[0]) == content
    assert [reader.read(reader.files(kept, f"f{number}")[0]) for number in range(100)] == [
        b"%d" % number for number in range(100)
    ]


# folders and what is left


def test_the_folder_of_a_run_is_there_while_something_is_left(here: Path) -> None:
    run = start("r", log_directory="logs")
    (file,) = here.glob("logs/team_tests_r_*/run_operations.sqlite3")
    run.log_metrics({"a": 1.0}, 1)
    assert file.exists()
    run.close()
    assert not file.parent.exists()


def test_a_folder_that_can_not_be_written_keeps_nobody_from_logging(
    here: Path, said: Said, reader: AttributeReader
) -> None:
    (here / "file").touch()
    with start("r", log_directory=here / "file" / "logs") as run:
        run.log_metrics({"a": 1.0}, 1)
    assert len(said.warnings()) == 1
    assert numbers(reader, "r", "a") == [(1, 1.0)]


def test_an_offline_run_is_kept_even_where_its_folder_can_not_be(here: Path, root: Path, said: Said) -> None:
    (here / "file").touch()
    with start("r", mode="offline", log_directory=here / "file" / "logs") as run:
        run.log_metrics({"a": 1.0}, 1)
    (warning,) = said.warnings()
    (kept,) = of_path(root)
    assert kept.run_id == "r"
    assert kept.records >= 2
    assert kept.folder in warning


def test_an_offline_run_goes_where_its_folder_goes(here: Path, reader: AttributeReader, said: Said) -> None:
    with start("r", mode="offline") as run:
        run.log_metrics({"a": 1.0}, 1)
        run.assign_files({"f": b"content"})
        assert not run.wait_for_processing(0)
    (here / ".neptune").rename(here / "moved")
    (file,) = here.glob("moved/team_tests_r_*/run_operations.sqlite3")
    assert f"pluto neptune sync {here}" in said.text
    done = CliRunner().invoke(main, ["sync", str(file)])
    assert done.exit_code == 0, done.output
    assert numbers(reader, "r", "a") == [(1, 1.0)]
    assert not file.parent.exists()


def test_pluto_sync_delivers_offline_runs_too(here: Path, reader: AttributeReader) -> None:
    with start("r", mode="offline") as run:
        run.log_metrics({"a": 1.0}, 1)
    done = CliRunner().invoke(pluto, ["sync"])
    assert done.exit_code == 0, done.output
    assert numbers(reader, "r", "a") == [(1, 1.0)]
    assert not (here / ".neptune" / "pluto" / "store").exists()
    with start("next"):
        pass
    assert not list(here.glob(".neptune/team_tests_*"))


def test_a_run_that_is_delivered_already_is_nothing_to_sync(here: Path, said: Said) -> None:
    with start("r", mode="offline") as run:
        run.log_metrics({"a": 1.0}, 1)
    (file,) = here.glob(".neptune/team_tests_r_*/run_operations.sqlite3")
    copy = file.parent.with_name("copy") / file.name
    copy.parent.mkdir()
    copy.write_bytes(file.read_bytes())
    assert CliRunner().invoke(sync, [str(file)]).exit_code == 0
    assert CliRunner().invoke(sync, [str(copy)]).exit_code == 0
    assert "delivered already" in said.text
    assert not copy.exists()


def test_a_database_of_the_original_is_not_for_this_command(here: Path) -> None:
    (here / "x.sqlite3").write_bytes(b"SQLite format 3\0")
    done = CliRunner().invoke(sync, ["x.sqlite3"])
    assert done.exit_code == 1
    assert "does not say where a run is kept" in done.output
    assert CliRunner().invoke(sync, ["missing"]).exit_code == 2


# beside the run


def test_projects_can_be_made_and_listed() -> None:
    assert projects.create_project("digits", workspace="team", description="Digits", key="DIG") == "team/digits"
    assert projects.create_project("team/digits") == "team/digits"
    with pytest.raises(exceptions.NeptuneProjectAlreadyExists):
        projects.create_project("team/digits", fail_if_exists=True)
    with start("r", project="team/other"):
        pass
    assert set(projects.list_projects()) == {"team/digits", "team/other"}


def test_the_older_way_to_write(reader: AttributeReader) -> None:
    with legacy.Run(run_id="r", project=PROJECT, enable_console_log_capture=False, source_tracking_config=None) as run:
        run["params"] = {"lr": 0.1, "model": {"depth": 3}}
        run["loss"].append(0.5, step=1)
        run["m"].append({"a": 1.0, "b": 2.0}, step=1)
        run["series"].extend([1, 2], steps=[1, 2])
        run["sys/tags"].add("x")
    kept = found(reader, "r")
    assert (kept.atom("params/lr"), kept.atom("params/model/depth")) == (0.1, 3)
    assert numbers(reader, "r", "series") == [(1, 1.0), (2, 2.0)]
    assert kept.atom("sys/tags") == {"x"}
