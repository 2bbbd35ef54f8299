"""The whole way: from the service into the local store, proven, and read back."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.stock import Stock
from tests.migration.live.played import KEY, Played, PlayedArtifact, PlayedRun, hanging, passing, status
from tests.migration.live.test_trouble import environment
from tests.waiting import until

pytestmark = pytest.mark.timeout(180)

START = 1715938200.0


def row(step: int, **values: Any) -> dict[str, Any]:
    return {"_step": step, "_timestamp": START + step, "_runtime": float(step), **values}


@pytest.fixture
def project(played: Played) -> Played:
    picture = b"\x89PNG\r\n\x1a\n picture"
    shared = PlayedArtifact("data", 0, "dataset", {"d.csv": b"1,2"})
    elsewhere = PlayedArtifact("elsewhere", 2, "dataset", {"e.csv": b"3"}, project="other")
    parent = PlayedRun(
        id="parent",
        rows=[row(0, loss=1.0, text="a"), row(1, loss="NaN", img={"_type": "image-file", "path": "media/images/a.png"}),
              row(2, loss=0.25, flag=True)],
        config={"lr": 0.1, "opt": {"name": "adam"}}, tags=["t"], group="g", job_type="j", notes="n",
        summary={"loss": 0.25, "best": 7},
        events=[{"_timestamp": START + at, "system.cpu": at} for at in range(3)],
        files={"media/images/a.png": picture, "notes.txt": b"notes", "output.log": b"one\ntwo\n"},
        made=[PlayedArtifact("model", 0, "model", {"w.bin": b"weights"}, aliases=["latest", "best"]), shared],
    )  # fmt: skip
    fork = PlayedRun(
        id="fork", own={"branch_point": {"run_id": "parent", "step": 1}}, used=[shared, elsewhere],
        rows=[row(0, loss=1.0), row(1, loss="NaN"), row(2, loss=9.0)], created="2024-05-17T09:31:00Z",
    )  # fmt: skip
    played.projects["proj"] = [parent, fork, PlayedRun(id="failed", state="failed")]
    return played


def test_into_the_local_store_and_back(
    project: Played, command: Callable[..., Any], printed: Callable[..., Any], root: Path
) -> None:
    words = ("wandb-live", "team/proj", "--set", f"base_url={project.url}")
    project.faults["HistoryPage"] = [status(429, after=1)]
    report = printed("migrate", *words, "--set", "keep=yes", "--to", "local", "--workers", "2")
    states = {run["id"]: run["state"] for run in report["runs"]}
    assert states == dict.fromkeys(("parent", "fork", "failed"), "migrated")
    fetched = project.times("/storage/")
    command("verify", *words, "--set", "keep=yes", "--to", "local")
    assert project.times("/storage/") == fetched
    again = printed("migrate", *words, "--to", "local")
    assert {run["state"] for run in again["runs"]} == {"unchanged"}
    for path in root.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
    from pluto.compat.wandb.apis.public import Api

    api = Api()
    run = api.run("team/proj/parent")
    assert (run.name, run.state, run.tags) == ("first", "finished", ["t"])
    assert (run.group, run.job_type, run.notes) == ("g", "j", "n")
    assert run.config == {"lr": 0.1, "opt": {"name": "adam"}}
    rows = list(run.scan_history())
    assert [one["_step"] for one in rows] == [0, 1, 2]
    assert rows[0]["loss"] == 1.0 and math.isnan(rows[1]["loss"]) and rows[2]["flag"] is True
    assert [one["_timestamp"] for one in rows] == [START, START + 1, START + 2]
    assert run.summary["best"] == 7 and run.summary["loss"] == 0.25
    assert {file.name for file in run.files()} >= {"media/images/a.png", "notes.txt"}
    [model] = [one for one in run.logged_artifacts() if one.type == "model"]
    assert set(model.aliases) == {"latest", "best"}
    fork = api.run("team/proj/fork")
    assert [one["loss"] for one in fork.scan_history()][2] == 9.0
    assert [one.name for one in fork.used_artifacts()] == ["data:v0", "elsewhere:v0"]
    assert list(fork.logged_artifacts()) == []
    assert api.run("team/proj/failed").state == "failed"


@pytest.mark.parametrize("place", ["HistoryPage", "/storage/", "RunInputArtifacts"])
def test_killed_on_the_way_and_given_again(project: Played, command: Callable[..., Any], place: str) -> None:
    words = ("wandb-live", "team/proj", "--set", f"base_url={project.url}", "--to", "local")
    project.faults[place] = [passing, hanging]
    process = subprocess.Popen([sys.executable, "-m", "pluto", "migrate", *words], env=environment())
    until(project.reached.is_set, 60, "the request that hangs")
    process.kill()
    process.wait()
    project.faults.clear()
    command("migrate", *words)
    command("verify", *words)


def test_onto_a_stock_server(project: Played, command: Callable[..., Any], stock: Stock) -> None:
    words = ("wandb-live", "team/proj", "--set", f"base_url={project.url}", "--to", stock.url)
    command("migrate", *words)
    command("verify", *words)
    command("migrate", *words)
