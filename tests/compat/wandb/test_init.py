"""Opening runs: names, the module's globals, modes, what happens while another run is open, the run's folder."""

from __future__ import annotations

import copy
import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.protocol.records import Kind
from tests.compat.wandb.journals import config
from tests.core import journals

CALLS = (
    "alert", "define_metric", "log", "log_artifact", "mark_preempting", "pin_config_keys", "save", "unwatch",
    "use_artifact", "watch",
)  # fmt: skip


def test_before_a_run(wandb: ModuleType) -> None:
    assert wandb.run is None
    for name in (*CALLS, "log_model", "use_model", "link_model"):
        with pytest.raises(wandb.Error, match=re.escape(f"You must call wandb.init() before wandb.{name}()")):
            getattr(wandb, name)({"a": 1})
    for holder, name in ((wandb.config, "config"), (wandb.summary, "summary")):
        for use in (lambda h: h.a, lambda h: setattr(h, "a", 1)):
            with pytest.raises(wandb.Error, match=re.escape(f"before wandb.{name}.a")):
                use(holder)
        for use in (lambda h: h["a"], lambda h: h.__setitem__("a", 1)):
            with pytest.raises(wandb.Error, match=re.escape(f"before wandb.{name}['a']")):
                use(holder)
        assert not hasattr(holder, "_probe")
        assert copy.copy(holder)._name == f"wandb.{name}"
    wandb.finish()
    wandb.join()


def test_the_module_follows_the_run(wandb: ModuleType) -> None:
    before = wandb.log
    run = wandb.init(project="p")
    assert wandb.run is run
    assert wandb.config is run.config
    assert wandb.summary is run.summary
    wandb.log({"a": 1})
    wandb.config.b = 2
    assert (run.summary["a"], run.config.b) == (1, 2)
    with pytest.raises(wandb.Error):
        before({"a": 1})
    wandb.finish()
    assert wandb.run is None
    with pytest.raises(wandb.Error):
        wandb.log({"a": 1})
    with pytest.raises(wandb.UsageError, match=r"is finished\. The call to `log` will be ignored"):
        run.log({"a": 1})
    run.finish()


def test_what_a_finished_run_takes(wandb: ModuleType) -> None:
    run = wandb.init(project="p", name="n", config={"a": 1})
    run.finish()
    assert (run.name, run.project, run.config.a, run.path) == ("n", "p", 1, f"p/{run.id}")
    assert Path(run.dir).is_dir()
    for use in (
        lambda: run.define_metric("a"), lambda: run.save("x"), lambda: run.alert("a", "b"), lambda: run.status(),
        lambda: run.mark_preempting(), lambda: setattr(run, "name", "m"), lambda: setattr(run, "notes", "m"),
        lambda: setattr(run, "tags", ("m",)), lambda: run.watch(None), lambda: run.pin_config_keys(["a"]),
    ):  # fmt: skip
        with pytest.raises(wandb.UsageError, match="is finished"):
            use()
    run.write_logs("late")


def test_what_a_run_is_called(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(
        entity="e", project="p", id="abc", name="n", notes="about", tags=["a", "b", "a"], group="g", job_type="j"
    )
    assert (run.entity, run.project, run.id, run.name, run.notes) == ("e", "p", "abc", "n", "about")
    assert (run.tags, run.group, run.job_type) == (("a", "b"), "g", "j")
    assert run.path == "e/p/abc"
    assert (run.offline, run.disabled, run.resumed, run.sweep_id) == (True, False, False, None)
    assert (run.url, run.project_url, run.sweep_url) == (None, None, None)
    assert (run.step, run.starting_step) == (0, 0)
    assert run.get_url() is None
    assert run.project_name() == "p"
    run.name = "m"
    run.notes = "more"
    run.tags += ("c",)
    run.tags = ("a", "d")
    assert (run.name, run.notes, run.tags) == ("m", "more", ("a", "d"))
    run.finish()
    (start,) = journals.only(root, Kind.START)
    assert (start.project, start.external_id, start.name, start.notes) == ("e/p", "abc", "n", "about")
    assert start.tags == ["a", "b", "group:g", "job_type:j"]
    assert [(tags.add, tags.remove) for tags in journals.only(root, Kind.TAGS)] == [(["c"], []), (["d"], ["b", "c"])]
    assert [name.text for name in journals.only(root, Kind.NAME)] == ["m"]
    assert config(root)["_wandb"]["entity"] == "e"


def test_what_is_made_up(wandb: ModuleType, place: Path) -> None:
    run = wandb.init()
    assert re.fullmatch(r"[a-z0-9]{8}", run.id)
    assert re.fullmatch(r"[a-z]+-[a-z]+-[a-z0-9]+", run.name)
    assert (run.project, run.entity, run.tags, run.group, run.path) == (
        "uncategorized", "", (), "", f"uncategorized/{run.id}",
    )  # fmt: skip
    run.finish()
    (place / ".git").mkdir()
    other = wandb.init()
    assert other.project == place.name


def test_tags_that_can_not_be(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p", tags=["a"])
    run.tags = ["a", ""]
    assert run.tags == ("a",)
    assert "Invalid tag detected" in capsys.readouterr().err
    with pytest.raises(ValueError, match="Tag"):
        wandb.init(project="p", tags=["x" * 65], reinit="create_new")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"id": "a b/c"}, "UsageError"), ({"id": ""}, "UsageError"), ({"project": "a/b"}, "UsageError"),
        ({"mode": "sometimes"}, "ValueError"), ({"resume": "perhaps"}, "ValueError"),
        ({"resume_from": "x"}, "ValueError"), ({"resume": "must", "fork_from": "a?_step=1"}, "ValueError"),
        ({"settings": {"nothing": 1}}, "ValueError"), ({"config": 3}, "TypeError"), ({"nothing": 1}, "TypeError"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense(wandb: ModuleType, root: Path, given: dict[str, Any], error: str) -> None:
    kind = getattr(wandb, error, None) or {"ValueError": ValueError, "TypeError": TypeError}[error]
    with pytest.raises(kind):
        wandb.init(**given)
    assert wandb.run is None
    assert not root.exists()


def test_a_run_while_another_is_open(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p", config={"a": 1})
    for reinit in (None, "default", "return_previous", False):
        assert wandb.init(project="other", config={"a": 2}, reinit=reinit) is run
    assert run.config.a == 1
    assert "returning the previous run" in capsys.readouterr().err
    with pytest.raises(wandb.Error, match="another run is active"):
        wandb.init(id="x", resume="must")
    for reinit in ("finish_previous", True):
        other = wandb.init(project="p", reinit=reinit)
        assert other is not run
        assert wandb.run is other
        with pytest.raises(wandb.UsageError):
            run.log({"a": 1})
        run = other


def test_runs_next_to_each_other(wandb: ModuleType) -> None:
    alone = wandb.init(project="p", reinit="create_new")
    assert wandb.run is None
    run = wandb.init(project="p", reinit="finish_previous")
    assert alone._is_finished
    second = wandb.init(project="p", reinit="create_new")
    assert wandb.run is run
    second.log({"a": 1})
    second.finish()
    assert wandb.run is run
    wandb.log({"b": 1})
    third = wandb.init(project="p", reinit="create_new")
    run.finish()
    assert wandb.run is None
    wandb.teardown()
    assert third._is_finished


def test_a_run_is_itself_only(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    assert copy.deepcopy(run) is run
    assert isinstance(run, wandb.Run)
    assert wandb.Run is wandb.sdk.wandb_run.Run is wandb.wandb_run.Run
    with pytest.raises(Exception, match="Attribute anything is not supported on Run object"):
        run.anything = 1
    assert not hasattr(run, "anything")
    assert run._attach_id == run.id


def test_the_folder_of_a_run(wandb: ModuleType, place: Path) -> None:
    run = wandb.init(project="p", id="abc")
    folder = Path(run.sync_dir)
    assert re.fullmatch(r"offline-run-\d{8}_\d{6}-abc", folder.name)
    assert folder.parent == place / "wandb"
    assert Path(run.dir) == folder / "files"
    assert Path(run.dir).is_dir()
    assert json.loads((folder / "run-abc.wandb").read_text())["run_id"] == "abc"
    assert (folder / "tmp" / "code").is_dir()
    assert (place / "wandb" / "latest-run").resolve() == folder
    assert (place / "wandb" / "debug.log").resolve() == folder / "logs" / "debug.log"
    assert (place / "wandb" / "debug-internal.log").is_symlink()
    run.finish()
    assert "run abc of p" in (folder / "logs" / "debug.log").read_text()
    again = wandb.init(project="p", id="abc")
    assert again.sync_dir != run.sync_dir


def test_the_folder_is_elsewhere(wandb: ModuleType, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p", dir=place / "here")
    assert run.dir.startswith(f"{place}/here/wandb/offline-run-")
    run.finish()
    (place / "file").touch()
    other = wandb.init(project="p", dir=place / "file" / "there")
    assert Path(other.dir).is_dir()
    assert "Falling back to" in capsys.readouterr().err


def test_a_disabled_run_takes_everything(wandb: ModuleType, root: Path, place: Path) -> None:
    run = wandb.init(project="p", mode="disabled", config={"a": 1})
    assert isinstance(run, wandb.Run)
    assert wandb.run is run
    assert (run.disabled, run.step, run.url, run.project, run.entity, run.name) == (
        True, 0, None, "p", "dummy", f"dummy-{run.id}",
    )  # fmt: skip
    run.log({"a": 1, "n": {"x": object()}}, step=-5, commit="x")
    assert run.summary["a"] == 1
    assert run.summary.n.keys() == {"x"}
    with pytest.raises(KeyError):
        _ = run.summary["b"]
    with pytest.raises(KeyError):
        _ = run.summary.b
    assert run.config.a == 1
    run.config.update({"b": 2})
    assert run.define_metric("x", summary="nonsense").name == "dummy"
    assert run.save("nothing") is False
    anything = run.log_artifact(object())
    assert anything.wait().version.anything() is anything
    for name in ("use_artifact", "watch", "unwatch", "log_code", "restore", "alert", "status", "mark_preempting"):
        assert getattr(run, name)("x") is None
    run.name = "m"
    run.tags = ["t"]
    assert (run.name, run.tags) == ("m", ("t",))
    wandb.log({"c": 1})
    run.finish()
    run.log({"d": 1})
    assert wandb.run is None
    assert not root.exists()
    assert not (place / "wandb").exists()
    with wandb.init(mode="disabled") as other:
        assert (other.project, other.dir.startswith("/")) == ("dummy", True)
        assert not Path(other.dir).exists()


@pytest.mark.parametrize("mode", ["offline", "dryrun"])
def test_offline_by_two_names(wandb: ModuleType, mode: str) -> None:
    run = wandb.init(project="p", mode=mode)
    assert run.offline
    assert "offline-run-" in run.dir


def test_resuming_by_itself(wandb: ModuleType, place: Path) -> None:
    first = wandb.init(project="p", resume="auto")
    told = place / "wandb" / "wandb-resume.json"
    assert json.loads(told.read_text()) == {"run_id": first.id}
    first.finish(exit_code=1)
    second = wandb.init(project="p", resume=True)
    assert second.id == first.id
    second.finish()
    assert not told.exists()
    third = wandb.init(project="p", resume="auto")
    assert third.id != first.id
    third.finish(1)
    wandb.init(project="p").finish()
    assert not told.exists()


def test_require(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    wandb.require("service")
    wandb.require(["core", "require"])
    wandb.require(experiment="service")
    assert "no-op" in capsys.readouterr().err
    with pytest.raises(wandb.UsageError, match="unsupported requirement: flying"):
        wandb.require("flying")


def test_login_never_asks(
    wandb: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wandb.login() is False
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert wandb.login() is False
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setattr(sys, "stdin", None)
    assert wandb.login() is True
    assert wandb.login(key="0" * 40, host="https://api.example.org", relogin=True, anonymous="allow") is True
    said = capsys.readouterr().err
    assert "not used" in said
    assert "0" * 40 not in said
    run = wandb.init(project="p", mode="offline")
    assert wandb.login() is False
    assert wandb.api.api_key
    wandb.ensure_configured()
    run.finish()


def test_a_login_the_server_refuses(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.programs import serving

    monkeypatch.setenv("WANDB_MODE", "online")
    with serving(Path(os.environ["HOME"]) / "server") as server:
        monkeypatch.setenv("PLUTO_HOST", server.url)
        assert wandb.login() is True
    assert wandb.login() is True  # what is logged is kept until the server is back


def test_lines_for_people(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    wandb.termlog("one\ntwo")
    wandb.termwarn("careful", repeat=False)
    wandb.termwarn("careful", repeat=False)
    wandb.termerror("wrong", prefix=False, newline=False)
    assert capsys.readouterr().err == "pluto: one\npluto: two\npluto: WARNING careful\nERROR wrong"
    run = wandb.init(project="p", settings=wandb.Settings(silent=True))
    run.log({"a": 1})
    run.finish()
    assert capsys.readouterr().err == ""


def test_triggers(wandb: ModuleType) -> None:
    heard: list[str] = []
    wandb.trigger.register("on_init", lambda: heard.append("init"))
    wandb.trigger.register("on_finished", lambda: heard.append("finished"))
    wandb.init(project="p").finish()
    wandb.trigger.reset()
    wandb.init(project="p").finish()
    assert heard == ["init", "finished"]
