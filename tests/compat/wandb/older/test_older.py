"""Scripts that were written for releases before 0.31: all works, and says once what to use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compat.wandb.journals import history

CALLS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "get_url": (lambda wandb, run: run.get_url(), "use run.url"),
    "project_name": (lambda wandb, run: run.project_name(), "use run.project"),
    "get_project_url": (lambda wandb, run: run.get_project_url(), "use run.project_url"),
    "get_sweep_url": (lambda wandb, run: run.get_sweep_url(), "use run.sweep_url"),
    "mode": (lambda wandb, run: run.mode, "use run.offline"),
    "detach": (lambda wandb, run: run.detach(), "leave it away"),
    "sync": (lambda wandb, run: run.log({"x": 1}, sync=True), "on disk when log() returns"),
    "best": (lambda wandb, run: run.define_metric("m", goal="maximize", summary="best"), "use 'min' or 'max'"),
    "settings": (lambda wandb, run: wandb.Settings(start_method="fork"), "start_method"),
    "to_dict": (lambda wandb, run: wandb.Settings().to_dict(), "use model_dump()"),
    "get": (lambda wandb, run: wandb.Settings().get("nothing"), "settings are attributes"),
    "update": (lambda wandb, run: wandb.Settings().update(project="p"), "set attributes"),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_says_once_what_to_use(wandb: Any, capsys: pytest.CaptureFixture[str], name: str) -> None:
    call, text = CALLS[name]
    with wandb.init(project="p") as run:
        capsys.readouterr()
        call(wandb, run)
        call(wandb, run)
        assert capsys.readouterr().err.count(text) == 1


def test_what_they_give(wandb: Any, root: Path) -> None:
    run = wandb.init(project="p", magic=True)
    assert (run.project_name(), run.get_url(), run.mode) == ("p", None, "dryrun")
    run.define_metric("acc", goal="maximize", summary="best")
    run.define_metric("loss", goal="minimize", summary="best")
    for value in (1, 3, 2):
        wandb.log({"acc": value, "loss": value}, sync=False)
    assert (run.summary["acc"]["best"], run.summary["loss"]["best"]) == (3, 1)
    settings = wandb.Settings(project="q")
    assert settings.to_dict()["project"] == settings["project"] == dict(settings.items())["project"] == "q"
    wandb.join()
    assert wandb.run is None
    assert [row["acc"] for row in history(root)] == [1, 3, 2]


def test_runs_end_by_their_older_names(wandb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    wandb.init(project="p").join()
    wandb.init(project="p")
    wandb.finish(quiet=True)
    assert wandb.run is None
    told = capsys.readouterr().err
    assert "run.join() is of older releases; use run.finish()" in told
    assert "finish(quiet=…) is of older releases" in told
