"""`pluto wandb …`, run in process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pluto.cli import pluto
from pluto.sweeps.registry import CANCELLED, COMPLETED, PAUSED, RUNNING, Registry


@pytest.fixture(autouse=True)
def variables_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_PROJECT", "WANDB_ENTITY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def run(*words: str, code: int = 0, text: str | None = None) -> Result:
    done = CliRunner().invoke(pluto, ["wandb", *words], input=text)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done


def test_a_folder_is_set_up_and_forgotten(place: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    import pluto.compat.wandb as wandb

    monkeypatch.delenv("WANDB_MODE", raising=False)
    run("init", "-p", "demo", "-e", "team", "-m", "disabled")
    wandb.teardown()
    with wandb.init() as opened:
        assert (opened.project, opened.disabled) == ("dummy", True) or opened.disabled
    run("offline")
    wandb.teardown()
    with wandb.init() as opened:
        assert (opened.entity, opened.project, opened.offline) == ("team", "demo", True)
    shown = run("status").stdout
    assert '"project": "demo"' in shown
    assert '"mode": "offline"' in shown
    run("online")
    run("init", "--reset")
    assert "demo" not in (place / "wandb" / "settings").read_text()
    wandb.teardown()


def test_a_sweep_of_a_file_is_made_steered_and_run(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    (place / "train.py").write_text(
        "import pluto.compat.wandb as wandb\nwith wandb.init() as run:\n    run.log({'loss': run.config['a']})\n"
    )
    command = json.dumps([sys.executable, "${program}", "${args}"])
    (place / "sweep.yaml").write_text(
        f"method: grid\nprogram: train.py\nproject: demo\ncommand: {command}\n"
        "metric: {name: loss, goal: minimize}\nparameters:\n  a: {values: [1, 2]}\n"
    )
    shown = run("sweep", "sweep.yaml", "--name", "mine").stdout
    sweep = shown.split("Created sweep with ID: ")[1].split()[0]
    assert f"pluto wandb agent demo/{sweep}" in shown
    registry = Registry(root, sweep)
    assert registry.config["name"] == "mine"
    for option, state in (("--pause", PAUSED), ("--resume", RUNNING)):
        run("sweep", option, f"demo/{sweep}")
        assert registry.state == state
    run("agent", sweep, "--count", "1")
    run("agent", f"demo/{sweep}")
    assert [(one.state, one.objective) for one in registry.trials()] == [(COMPLETED, 1), (COMPLETED, 2)]
    run("sweep", "--update", sweep, "sweep.yaml", "--program", "other.py")
    assert Registry(root, sweep).config["program"] == "other.py"
    run("sweep", "--cancel", sweep)
    assert registry.state == CANCELLED


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["sweep", "nowhere.yaml"], 1, "can't be read"),
        (["sweep", "--stop", "nothere1"], 1, "there is no sweep"),
        (["sweep", "--stop", "--pause", "x"], 2, "exclude one another"),
        (["agent", "nothere1"], 1, "there is no sweep"),
        (["launch", "-u", "x"], 1, "not part of Pluto"),
        (["docker", "image"], 1, "not part of Pluto"),
        (["job", "create", "x"], 1, "not part of Pluto"),
        (["sync", "--clean"], 2, "has no meaning here"),
        (["login", "--cloud"], 2, "no cloud"),
        (["artifact", "cache", "cleanup", "much"], 2, "is no size"),
        (["artifact", "put", "nowhere"], 1, "neither a file nor a folder"),
        (["artifact", "get", "demo/none:latest"], 1, "none"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_what_goes_wrong_is_one_line(place: Path, root: Path, words: list[str], code: int, text: str) -> None:
    done = run(*words, code=code)
    assert text in done.output
    assert "Traceback" not in done.output


def test_a_config_that_cant_be_used_names_its_field(place: Path, root: Path) -> None:
    (place / "sweep.yaml").write_text("method: grid\nparameters:\n  a: {valeus: [1]}\n")
    assert "parameters.a" in run("sweep", "sweep.yaml", code=1).output


def test_offline_runs_are_delivered_once(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pluto.compat.wandb as wandb

    monkeypatch.setenv("WANDB_MODE", "offline")
    with wandb.init(project="demo", id="abc") as opened:
        opened.log({"loss": 1})
    folder = Path(opened.sync_dir)
    wandb.teardown()
    assert run("sync", "--dry-run", str(folder)).output.rstrip().endswith("would be delivered")
    run("sync", str(folder))
    from pluto.query import Client

    with Client() as client:
        found = client.find_run("demo", external_id="abc")
        assert client.points("demo", found["id"], "loss").values.tolist() == [1.0]
    assert "Nothing of these runs waits." in run("sync", str(folder)).output


def test_artifacts_are_put_listed_and_got(place: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pluto.compat.wandb as wandb

    monkeypatch.setenv("WANDB_MODE", "online")
    (place / "data.txt").write_text("hello")
    assert "demo/things:v0" in run("artifact", "put", "-n", "demo/things", "-t", "data", "data.txt").stdout
    assert "things:v0" in run("artifact", "ls", "demo").stdout
    assert "things" not in run("artifact", "ls", "demo", "-t", "model").stdout
    run("artifact", "get", "demo/things:latest", "--root", "got")
    assert (place / "got" / "data.txt").read_text() == "hello"
    run("artifact", "cache", "cleanup", "0GB")
    wandb.teardown()


def test_programs_import_the_commands() -> None:
    from pluto.compat.wandb.cli import cli

    assert cli.agent.name == "agent"
    assert {*cli.artifact.commands} == {"put", "get", "ls", "cache"}
    assert cli.put is cli.artifact.commands["put"]
    assert cli.cli.name == "wandb"
    with pytest.raises(AttributeError):
        _ = cli.nothing
    error: Any = cli.ClickWandbException("x")
    assert error.exit_code == 1
