"""A run as a script sees it: steps, tags, config, what is on disk when a call returns."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

import pluto
from pluto.core.errors import NoRunError, NotDeliveredError, RunError
from pluto.core.op import Op
from pluto.protocol.records import Kind
from tests.core.journals import end, only, points, read, writers
from tests.programs import Scripts


def offline(**options: Any) -> Op:
    return pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True, **options)


def test_steps_count_from_one_and_go_on_behind_any_step(root: Path) -> None:
    with offline() as run:
        for step in (None, None, 10, None, 3, None, 2.5, None, -4, None):
            run.log({"a": 0}, step=step)
        assert run.step == -3
    assert [step for step, _ in points(writers(root)[0], "a")] == [1, 2, 10, 11, 3, 4, 2.5, 3.5, -4, -3]


def test_an_uncommitted_step_takes_the_next_call_in(root: Path) -> None:
    with offline() as run:
        run.log({"a": 1}, commit=False)
        run.log({"b": 2}, commit=False)
        run.log({"c": 3})
        run.log({"a": 4}, commit=True)
        run.log({"a": 5}, step=9, commit=False)
        run.log({"b": 6})
        run.log({"b": 7})
    assert [(m.step, m.values) for m in only(root, Kind.METRICS)] == [
        (1, {"a": 1}), (1, {"b": 2}), (1, {"c": 3}), (2, {"a": 4}), (9, {"a": 5}), (9, {"b": 6}), (10, {"b": 7}),
    ]  # fmt: skip


def test_times_are_now_or_as_given(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = time.time_ns() // 1000
    with offline() as run:
        run.log({"a": 1})
        run.log({"a": 2}, timestamp=1_600_000_000.25)
        with caplog.at_level(logging.WARNING, "pluto"):
            for bad in (0, -1, float("nan"), float("inf"), "then", True, 1e300):
                run.log({"a": 3}, timestamp=bad)
    times = [m.time for m in only(root, Kind.METRICS)]
    assert times[1] == 1_600_000_000_250_000
    assert all(before <= t <= time.time_ns() // 1000 for t in [times[0], *times[2:]])
    assert caplog.text.count("seconds since the epoch") == 1


def test_tags_config_and_notes_are_kept_as_they_change(root: Path) -> None:
    with offline(
        tags="one", config={"model": {"depth": 1}, "lr": 0.1}, group="g", job_type="eval", notes="first"
    ) as run:
        assert run.tags == ["one", "group:g", "job_type:eval"]
        run.add_tags(["two", "one", "two"])
        run.add_tags("one")
        run.remove_tags("one")
        assert run.tags == ["group:g", "job_type:eval", "two"]
        run.config["model"]["depth"] = 2
        run.config.lr = 0.2
        run.config.update({"a": 1}, b=Path("/x"))
        run.update_config({"model": {"width": 3}})
        assert run.config == {"model": {"depth": 2, "width": 3}, "lr": 0.2, "a": 1, "b": Path("/x")}
        assert (run.config.model.width, dict(run.config)["lr"], run.config.get("none")) == (3, 0.2, None)
        with pytest.raises(AttributeError):
            _ = run.config.missing
        with pytest.raises(TypeError, match="set it to None"):
            del run.config["lr"]
        run.notes = "second"
    start = only(root, Kind.START)[0]
    assert (start.tags, json.loads(start.config)) == (
        ["one", "group:g", "job_type:eval"],
        {"model": {"depth": 1}, "lr": 0.1},
    )
    assert [(t.add, t.remove) for t in only(root, Kind.TAGS)] == [(["two"], []), ([], ["one"])]
    assert [json.loads(c.body) for c in only(root, Kind.CONFIG)] == [
        {"model": {"depth": 2}}, {"lr": 0.2}, {"a": 1, "b": "/x"}, {"model": {"width": 3}},
    ]  # fmt: skip
    assert only(root, Kind.NOTES)[0].text == "second"


def test_alerts(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    with offline() as run:
        run.alert("loss is NaN", title="Training", level="warn", url="http://x", email=False)
        run.alert(text="old name")
        with caplog.at_level(logging.INFO, "pluto"):
            run.alert("only here", level="ERROR", remote=False)
        with pytest.raises(ValueError, match="level"):
            run.alert("x", level="LOUD")
        with pytest.raises(TypeError, match="colour"):
            run.alert("x", colour="red")
    found = only(root, Kind.ALERT)
    assert [(a.level, a.title, a.body, a.url, a.email) for a in found] == [
        ("WARNING", "Training", "loss is NaN", "http://x", False),
        ("INFO", "pluto", "old name", None, True),
    ]
    assert "only here" in caplog.text


def test_data_values_and_media_keep_name_step_and_position(root: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("x")
    gone = pluto.File(tmp_path / "gone")
    (tmp_path / "gone").unlink()
    with offline() as run:
        run.log({"h": pluto.Histogram([1, 2, 3]), "t": [pluto.Text("one"), pluto.Text("two")], "loss": 1.0}, step=4)
        run.log({"gone": gone, "loss": 2.0}, step=5)
    data = only(root, Kind.DATA)[0]
    assert (data.name, data.type, data.step) == ("h", "HISTOGRAM", 4)
    assert [(m.name, m.index, m.type, m.step) for m in only(root, lane="files")] == [
        ("t", 0, "TEXT", 4), ("t", 1, "TEXT", 4),
    ]  # fmt: skip
    assert points(writers(root)[0], "loss") == [(4, 1.0), (5, 2.0)]


def test_pictures_of_other_libraries_become_images(root: Path) -> None:
    import matplotlib.figure
    from PIL import Image

    figure = matplotlib.figure.Figure()
    figure.subplots().plot([1, 2])
    with offline() as run:
        run.log({"pil": Image.new("RGB", (4, 4)), "figure": figure, "both": [Image.new("L", (2, 2)), figure]})
    assert [(m.name, m.index, m.type) for m in only(root, lane="files")] == [
        ("pil", 0, "IMAGE"), ("figure", 0, "IMAGE"), ("both", 0, "IMAGE"), ("both", 1, "IMAGE"),
    ]  # fmt: skip


def test_the_latest_run_takes_module_level_calls(root: Path) -> None:
    for call in (lambda: pluto.log({"a": 1}), lambda: pluto.alert("x"), lambda: pluto.watch(None)):
        with pytest.raises(NoRunError, match=r"pluto\.init\(\)"):
            call()
    pluto.finish()
    first, second = offline(), offline()
    assert pluto.ops == [first, second]
    pluto.log({"a": 2})
    second.finish()
    pluto.log({"a": 1})
    pluto.finish()
    assert pluto.ops == []
    assert [points(folder, "a") for folder in writers(root)] == [[(1, 1)], [(1, 2)]]


def test_a_finished_run_says_so_and_finishing_again_is_harmless(root: Path) -> None:
    run = offline()
    run.finish()
    run.finish(3)
    run.close()
    with pytest.raises(RunError, match="finished"):
        run.log({"a": 1})
    assert end(writers(root)[0]).status == run.status == "COMPLETED"  # type: ignore[union-attr]


def test_close_leaves_the_status_alone(root: Path) -> None:
    run = offline()
    run.close()
    assert end(writers(root)[0]).status == ""  # type: ignore[union-attr]
    assert run.status == "RUNNING"


def test_offline_runs_have_no_answer_to_give(root: Path) -> None:
    with offline() as run:
        assert run.run_id and run.resumed is False and run.fork_run_id is None
        for question in ("id", "url", "display_id"):
            with pytest.raises(NotDeliveredError, match="pluto sync"):
                getattr(run, question)
        assert run.flush(0) is False
    assert json.loads((writers(root)[0].parent / "run.json").read_text())["mode"] == "offline"


def test_a_disabled_run_takes_everything_and_writes_nothing(home: Path, root: Path) -> None:
    run = pluto.init(project="p", mode="disabled", config={"a": 1}, run_id="x")
    run.log({"a": object()})
    run.log({"a": 1}, step=5)
    run.add_tags("t")
    run.config["b"] = 2
    run.alert("x")
    assert (run.step, run.id, run.url, run.config["b"], run.flush()) == (5, None, None, 2, True)
    run.finish()
    assert not root.exists() and not (home / ".pluto").exists()


@pytest.mark.parametrize(
    ("parameters", "error", "says"),
    [
        ({"resume": True}, ValueError, "run_id"),
        ({"resume": "perhaps", "run_id": "x"}, ValueError, "resume"),
        ({"run_id": ""}, ValueError, "PLUTO_RUN_ID|run_id"),
        ({"run_id": "x" * 256}, ValueError, "255"),
        ({"run_id": 7, "display_id": "P-7"}, ValueError, "not by both"),
        ({"run_id": 7, "resume": "never"}, ValueError, "exists"),
        ({"fork_run_id": 3}, ValueError, "together"),
        ({"fork_step": 3}, ValueError, "together"),
        ({"inherit_config": True}, ValueError, "fork_run_id"),
        ({"fork_run_id": 3, "fork_step": True}, TypeError, "step"),
        ({"fork_run_id": 1.5, "fork_step": 1}, TypeError, "fork_run_id"),
        ({"tags": [1]}, TypeError, "tags"),
        ({"config": 3}, TypeError, "config"),
        ({"name": "x" * 300}, ValueError, "255"),
        ({"project": " "}, ValueError, "project"),
        ({"unheard_of": 1}, ValueError, "unheard_of"),
        ({"mode": "sideways"}, ValueError, "mode"),
    ],
)
def test_parameters_that_make_no_sense_are_errors_before_anything_is_written(
    root: Path, parameters: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        pluto.init(**{"project": "p", "mode": "offline", **parameters})
    assert not root.exists()


def test_configs_come_from_text_and_files(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"from": "file"}')
    for config in ('{"from": "text"}', str(path)):
        offline(config=config).finish()
    assert [json.loads(read(w, Kind.START)[0].config)["from"] for w in writers(root)] == ["text", "file"]


def test_a_thousand_runs_in_one_process_leave_nothing_behind(scripts: Scripts) -> None:
    program = scripts.run(
        """
        import gc, logging, os, threading
        import psutil, pluto
        logging.getLogger("pluto").setLevel(logging.ERROR)
        me = psutil.Process()
        def one():
            with pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True) as run:
                for i in range(5):
                    run.log({"loss": i, "text": "x"})
        for _ in range(100):
            one()
        gc.collect()
        before = me.num_fds(), threading.active_count(), me.memory_info().rss
        for _ in range(900):
            one()
        gc.collect()
        after = me.num_fds(), threading.active_count(), me.memory_info().rss
        assert after[:2] == before[:2], (before, after)
        print((after[2] - before[2]) / 1e6)
        """
    )
    assert float(program.stdout) < 4, "megabytes"


def test_the_signature_of_a_call_costs_no_lookups_of_heavy_libraries(scripts: Scripts) -> None:
    program = scripts.run(
        """
        import sys
        import pluto
        run = pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True)
        run.log({"a": 1.0, "s": "x", "d": {"b": 2}})
        run.finish()
        print([m for m in ("httpx", "pandas", "PIL", "numpy", "sqlalchemy", "starlette", "torch", "pluto.server")
               if m in sys.modules])
        """
    )
    assert program.stdout.strip() == "[]"
