"""Runs in the store: what arrives, going on, forking, taking a run's place, several writers, a server that is away."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.query import Client
from tests.compat.wandb.stored import rows_of, run_of
from tests.programs import Scripts, Server, free_port, serving


@pytest.fixture
def online(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module in online mode: runs go to the local store."""
    monkeypatch.setenv("WANDB_MODE", "online")
    return wandb


def shown(summary: Any) -> dict[str, Any]:
    """The summary as plain dicts, less what every row has."""
    found = {name: shown(summary[name]) if hasattr(summary[name], "keys") else summary[name] for name in summary.keys()}
    return {name: value for name, value in found.items() if name not in ("_step", "_runtime", "_timestamp")}


def test_what_arrives(online: ModuleType) -> None:
    with online.init(
        project="p", id="abc", name="n", notes="about", tags=["t"], group="g", job_type="j", config={"a": {"b": 1}}
    ) as run:
        run.log({"loss": 0.5, "n": {"x": 1}, "flag": True, "text": "hello", "none": None, "list": [1, 2]})
        run.log({"loss": 0.25}, commit=False)
        run.log({"media": {"_type": "thing", "path": "media/x"}})
        run.log({})
        run.log({"loss": 0.125}, step=10)
        run.summary["best"] = 1
        run.alert("careful", "something", level=online.AlertLevel.WARN)
    found = run_of("abc")
    assert (found["name"], found["status"], found["projectName"]) == ("n", "COMPLETED", "p")
    assert found["tags"] == ["t", "group:g", "job_type:j"]
    config = found["config"]
    assert config["a"] == {"b": 1}
    assert config["_wandb"]["summary"] == {"best": [10, 1]}
    assert config["_wandb"]["nested"] == {"n.x": ["n", "x"]}
    rows = rows_of("abc")
    stamp = rows[2].pop("_timestamp")
    assert rows == [
        {"loss": 0.5, "n.x": 1, "flag": 1, "text": "hello", "none": None, "list": [1, 2], "_step": 0},
        {"loss": 0.25, "media": {"_type": "thing", "path": "media/x"}, "_step": 1},
        {"_step": 2},
        {"loss": 0.125, "_step": 10},
    ]
    assert abs(stamp - run.start_time) < 60
    with Client() as client:
        assert client.get_notes("p", found["id"]) == "about"
        (alert,) = client.get_alerts("p", found["id"])
    assert (alert["title"], alert["body"], alert["level"]) == ("careful", "something", "WARNING")


def test_an_entity_is_part_of_the_project(online: ModuleType) -> None:
    online.init(entity="e", project="p", id="abc").finish()
    assert run_of("abc", "e/p")["config"]["_wandb"]["entity"] == "e"


def test_going_on(online: ModuleType) -> None:
    first = online.init(
        project="p", id="abc", name="n", notes="about", tags=["t"], group="g", config={"a": 1, "kept": 1}
    )
    first.define_metric("loss", summary="min", step_metric="epoch")
    for step in range(3):
        first.log({"loss": 3 - step, "epoch": step, "n": {"q": step}, "text": f"step {step}"})
    first.summary["best"] = 7
    first.finish()
    run = online.init(project="p", id="abc", resume="allow", config={"a": 2}, tags=["u"])
    assert (run.resumed, run.step, run.starting_step) == (True, 3, 3)
    assert (run.name, run.notes, run.group, run.tags) == ("n", "about", "g", ("u",))
    assert dict(run.config) == {"a": 2, "kept": 1}
    assert shown(run.summary) == {"loss": {"min": 1}, "epoch": 2, "n": {"q": 2}, "text": "step 2", "best": 7}
    before = run.summary["_runtime"]
    run.log({"loss": 9})
    assert run.summary["_runtime"] >= before
    run.log({"loss": 0.5, "best": 8})
    assert shown(run.summary)["loss"] == {"min": 0.5}
    assert shown(run.summary)["best"] == 8
    run.finish()
    rows = rows_of("abc")
    assert [row["_step"] for row in rows] == [0, 1, 2, 3, 4]
    assert rows[3] == {"loss": 9, "epoch": 2, "_step": 3}
    found = run_of("abc")
    assert set(found["tags"]) == {"u", "group:g"}
    assert {name: found["config"][name] for name in ("a", "kept")} == {"a": 2, "kept": 1}
    assert len(found["config"]["_wandb"]["starts"]) == 2


def test_what_must_or_must_not_be_there(online: ModuleType) -> None:
    with pytest.raises(online.UsageError, match="no run 'abc'"):
        online.init(project="p", id="abc", resume="must")
    online.init(project="p", id="abc", resume="never").finish()
    with pytest.raises(online.UsageError, match="exists already"):
        online.init(project="p", id="abc", resume="never")
    assert online.run is None
    run = online.init(project="p", id="abc", resume="must")
    assert (run.resumed, run.step) == (True, 0)
    run.finish()


def test_an_id_given_twice_is_a_fresh_run(online: ModuleType) -> None:
    for value in (1, 2, 3):
        run = online.init(project="p", id="abc", config={"value": value})
        assert (run.resumed, run.step) == (False, 0)
        run.log({"a": value})
        run.finish()
    assert [rows_of(name) for name in ("abc", "abc~2", "abc~1")] == [[{"a": value, "_step": 0}] for value in (3, 2, 1)]
    assert [run_of(name)["config"]["value"] for name in ("abc", "abc~2", "abc~1")] == [3, 2, 1]


def test_a_fork_starts_with_what_was_there(online: ModuleType) -> None:
    first = online.init(project="p", id="abc", config={"a": 1})
    first.define_metric("loss", summary="min,first,mean")
    for step in range(4):
        first.log({"loss": 4 - step, "text": str(step)})
    first.finish()
    run = online.init(project="p", fork_from="abc?_step=1")
    assert run.id != "abc"
    assert (run.step, run.starting_step, run.resumed) == (2, 2, False)
    assert dict(run.config) == {"a": 1}
    assert shown(run.summary) == {"loss": {"min": 3, "first": 4, "mean": 3.5}, "text": "1"}
    run.log({"loss": 1})
    run.finish()
    assert rows_of(run.id) == [{"loss": 1, "_step": 2}]
    found = run_of(run.id)
    assert (found["forkedFromRunId"], found["forkStep"]) == (run_of("abc")["id"], 1)
    assert found["config"]["_wandb"]["branch_point"] == {"run_id": "abc", "step": 1}
    with pytest.raises(online.UsageError, match="no run 'nobody'"):
        online.init(project="p", fork_from="nobody?_step=1")


def test_going_back(online: ModuleType) -> None:
    first = online.init(project="p", id="abc", name="n", tags=["t"])
    for step in range(4):
        first.log({"loss": step})
    first.finish()
    run = online.init(project="p", resume_from="abc?_step=1")
    assert (run.id, run.step, run.resumed, run.name, run.tags) == ("abc", 2, True, "n", ("t",))
    assert shown(run.summary) == {"loss": 1}
    run.log({"loss": 9})
    run.finish()
    assert rows_of("abc") == [{"loss": 9, "_step": 2}]
    assert [row["loss"] for row in rows_of("abc~1")] == [0, 1, 2, 3]
    assert (run_of("abc")["name"], run_of("abc")["tags"]) == ("n", ["t"])


def test_offline_runs_know_the_local_store(online: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = online.init(project="p", id="abc", name="n", config={"a": 1})
    first.log({"loss": 1})
    first.finish()
    run = online.init(project="p", id="abc", mode="offline", resume="must")
    assert (run.resumed, run.step, run.name, dict(run.config)) == (True, 1, "n", {"a": 1})
    assert shown(run.summary) == {"loss": 1}
    run.log({"loss": 2})
    run.finish()
    with pytest.raises(online.UsageError, match="exists already"):
        online.init(project="p", id="abc", mode="offline", resume="never")
    other = online.init(project="p", id="def", mode="offline", resume="allow")
    assert (other.resumed, other.step) == (False, 0)
    other.log({"loss": 5})
    other.finish()
    assert rows_of("abc") == [{"loss": 1, "_step": 0}]
    import subprocess

    from tests.programs import PLUTO

    assert subprocess.run([*PLUTO, "sync"], timeout=60, capture_output=True).returncode == 0
    assert rows_of("abc") == [{"loss": 1, "_step": 0}, {"loss": 2, "_step": 1}]
    assert rows_of("def") == [{"loss": 5, "_step": 0}]


def test_many_write_a_shared_run(online: ModuleType, scripts: Scripts) -> None:
    worker = """
        import sys
        import pluto.compat.wandb as wandb
        run = wandb.init(project="p", id="abc", mode="shared", settings=wandb.Settings(
            x_label=sys.argv[1], x_primary=sys.argv[1] == "0", x_disable_stats=True, console="off"))
        for index in range(5):
            run.log({f"w{sys.argv[1]}": index}, step=3)
        run.finish()
    """
    for number in range(3):
        done = scripts.run(worker, str(number))
        assert "the step argument is not supported" in done.stderr
    rows = rows_of("abc")
    assert sorted(row["_step"] for row in rows) == list(range(15))
    for number in range(3):
        assert [row[f"w{number}"] for row in rows if f"w{number}" in row] == list(range(5))
    assert run_of("abc")["status"] == "COMPLETED"


def test_a_server_that_is_away(
    online: ModuleType, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    monkeypatch.setenv("PLUTO_HOST", f"127.0.0.1:{port}")
    settings = online.Settings(init_timeout=1, finish_timeout=0.3)
    run = online.init(project="p", id="abc", resume="allow", settings=settings)
    run.log({"a": 1})
    run.log({"a": 2}, commit=False)
    run.finish()
    assert "logging starts without it" in capsys.readouterr().err
    with pytest.raises(TimeoutError):
        slow = online.init(project="p", id="def", settings={"finish_timeout": 0.2, "finish_timeout_raises": True})
        slow.log({"a": 1})
        slow.finish()
    with serving(home / "server", port=port):
        again = online.init(project="p", id="ghi")
        again.log({"a": 3})
        again.finish()
        assert rows_of("ghi") == [{"a": 3, "_step": 0}]
        deadline = threading.Event()
        for _ in range(100):
            with Client() as client:
                names = {one["name"] for one in client.list_runs("p")}
            if len(names) == 3:
                break
            deadline.wait(0.2)
        assert [(row["a"], row["_step"]) for row in rows_of("abc")] == [(1, 0), (2, 1)]
        assert rows_of("def") == [{"a": 1, "_step": 0}]


def test_a_served_run_has_a_page(online: ModuleType, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_HOST", server.url)
    run = online.init(project="p", id="abc")
    assert run.url is not None
    assert run.url.startswith(f"{server.url}/o/local/projects/p/")
    assert run.project_url == f"{server.url}/o/local/projects/p"
    assert run.settings.run_url == run.url
    assert run.url in run.to_html()
    run.finish()


def test_what_the_folder_has_in_the_end(online: ModuleType) -> None:
    run = online.init(project="p", id="abc", config={"a": {"b": [1, None]}, "text": "x: y"})
    run.log({"loss": 0.5})
    run.finish()
    import json

    from pluto.compat.wandb.sdk.lib.config_util import dict_from_config_file

    folder = Path(run.dir)
    assert json.loads((folder / "wandb-summary.json").read_text())["loss"] == 0.5
    found = dict_from_config_file(folder / "config.yaml")
    assert found is not None
    assert (found["a"], found["text"]) == ({"b": [1, None]}, "x: y")
    assert "run-" in Path(run.sync_dir).name
    assert os.listdir(folder / ".." / "logs")
