"""Runs of W&B's local folders, brought over, as `wandb.Api()` shows them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pluto.compat.wandb as wandb
from tests.migration import wandb_logs as w
from tests.migration.wandb_logs import START, artifact, as_row, manifest, md5

Printed = Callable[..., Any]
CLIENT = "c" * 128


@pytest.fixture
def brought(tmp_path: Path, printed: Printed) -> Path:
    """A run with all that W&B's own runs have, one that crashed, and one forked from it; in the local store."""
    folder = w.directory(tmp_path, [])
    image = b"\x89PNG of a sort"
    path = "media/images/img_1_x.png"
    (folder / "files" / "media" / "images").mkdir(parents=True)
    (folder / "files" / path).write_bytes(image)
    (folder / "files" / "saved.txt").write_text("saved")
    (tmp_path / "weights").write_bytes(b"weights")
    logged = {"_type": "image-file", "path": path, "sha256": hashlib.sha256(image).hexdigest(), "caption": "c"}
    image_leaves = {("img", key): value for key, value in logged.items()}
    entries = manifest(w.message((1, "w.bin"), (2, md5(b"weights")), (6, str(tmp_path / "weights"))))
    told = w.message((1, w.item("best", 0.9, old=True)), (1, w.item("loss", 7, old=True)))
    payloads = [
        w.run(
            entity="team", name="shown", notes="n", tags=["t1", "t2"], group="g", job_type="train", sweep_id="sw1",
            host="demo-host", config={"lr": 0.1, "nested": {"a": [1]}, "_wandb": {"code_path": "code/x.py"}},
        ),
        w.record(12, w.message((1, "acc"), (7, w.message((1, 1), (2, 1))))),
        as_row(0, {"loss": 1, "acc": 0.5, "ok": True, "word": "x", ("n", "x"): 2, "d.x": 3}),
        as_row(1, {"loss": 0.5, "acc": math.nan, "ok": False, **image_leaves}),
        as_row(2, {"loss": math.inf, "acc": 0.25, "gone": None, "list": [1, "a"]}),
        artifact(entries, type="model", client=CLIENT, aliases=["best", "latest"], metadata='{"m": 1}'),
        w.record(3, told, sender="r1"),
        w.output("printed\n"),
        w.record(7, w.message((2, w.stamp(START + 1)), (3, w.message((1, "proc.memory.rssMB"), (16, "2.5"))))),
        w.record(26, w.message((1, "Linux"), (6, "x.py"), (12, "demo-host"))),
        w.exit_(0, 3),
    ]  # fmt: skip
    w.directory(tmp_path, payloads)
    w.directory(tmp_path, [w.run("dead", entity="team"), *(as_row(step, {"a": step}) for step in range(5))], "dead")
    fork = [w.run("fork", entity="team", branch_point=("dead", 2)), as_row(3, {"a": 30}), w.exit_(1)]
    w.directory(tmp_path, fork, "fork")
    report = printed("migrate", "wandb", tmp_path, "--workers", 1)
    assert report["states"] == {"migrated": 3}, report
    assert [run["problems"] for run in report["runs"] if run["problems"]] == []
    assert printed("verify", "wandb", tmp_path, "--workers", 1)["whole"]
    return tmp_path


def test_the_api_shows_them_as_its_own(brought: Path, tmp_path: Path) -> None:
    api = wandb.Api()
    run = api.run("team/demo/r1")
    assert (run.id, run.name, run.state, run.entity, run.project) == ("r1", "shown", "finished", "team", "demo")
    assert (run.tags, run.group, run.job_type, run.notes) == (["t1", "t2"], "g", "train", "n")
    assert run.config == {"lr": 0.1, "nested": {"a": [1]}}
    assert run.created_at == "2023-11-14T22:13:20Z"
    assert run.heartbeat_at == "2023-11-14T22:13:23Z"
    assert run.metadata["program"] == "x.py"
    summary = dict(run.summary)
    assert (summary["best"], summary["loss"], summary["ok"], summary["word"]) == (0.9, 7, False, "x")
    assert dict(summary["acc"]) == {"min": 0.25, "max": 0.5}
    assert (dict(summary["n"]), summary["d.x"], summary["_step"], summary["_runtime"]) == ({"x": 2}, 3, 2, 2.0)

    rows = list(run.scan_history())
    assert rows[0] == {
        "_step": 0, "_timestamp": START, "_runtime": 0.0, "loss": 1, "acc": 0.5, "ok": True, "word": "x",
        "n.x": 2, "d.x": 3,
    }  # fmt: skip
    assert (rows[1]["ok"], math.isnan(rows[1]["acc"]), rows[1]["img"]["caption"]) == (False, True, "c")
    assert (rows[2]["loss"], rows[2]["list"], rows[2]["gone"]) == (math.inf, [1, "a"], None)
    assert [row["loss"] for row in run.history(keys=["loss"], pandas=False)] == [1, 0.5, math.inf]
    assert run.history(stream="system", pandas=False)[0]["system.proc.memory.rssMB"] == 2.5

    names = {file.name for file in run.files()}
    assert names == {"media/images/img_1_x.png", "saved.txt", "wandb-metadata.json"}
    with run.file("saved.txt").download(str(tmp_path / "down")) as file:
        assert file.read() == "saved"
    (logged,) = run.logged_artifacts()
    assert (logged.name, logged.type, sorted(logged.aliases), logged.metadata) == (
        "net:v0", "model", ["best", "latest"], {"m": 1},
    )  # fmt: skip
    assert (Path(logged.download(str(tmp_path / "net"))) / "w.bin").read_bytes() == b"weights"
    assert api.artifact("team/demo/net:best").logged_by().id == "r1"

    from pluto.compat.wandb.sdk.artifacts.finding import artifact_by_token
    from pluto.query import Client

    with Client() as client:
        found = artifact_by_token(client, CLIENT)
        assert found is not None
        assert found.name == "net:v0"


def test_runs_that_crashed_and_forks(brought: Path) -> None:
    api = wandb.Api()
    assert api.run("team/demo/dead").state == "crashed"
    fork = api.run("team/demo/fork")
    assert fork.state == "failed"
    assert [(row["_step"], row["a"]) for row in fork.scan_history()] == [(0, 0), (1, 1), (2, 2), (3, 30)]
    for filters, ids in (
        ({"state": "crashed"}, ["dead"]),
        ({"group": "g"}, ["r1"]),
        ({"config.lr": 0.1}, ["r1"]),
        ({"sweep": "sw1"}, ["r1"]),
        ({"summary_metrics.best": {"$gt": 0.5}}, ["r1"]),
        ({"heartbeat_at": {"$lt": "2023-12-01T00:00:00Z"}}, ["dead", "fork", "r1"]),
    ):
        assert sorted(run.id for run in api.runs("team/demo", filters=filters)) == ids, filters


def test_a_run_that_came_over_goes_on(brought: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    with wandb.init(project="demo", entity="team", id="r1", resume="must") as run:
        assert run.step == 3
        assert run.summary["best"] == 0.9
        run.log({"loss": 0.125})
    again = wandb.Api().run("team/demo/r1")
    assert [row["loss"] for row in again.history(keys=["loss"], pandas=False)] == [1, 0.5, math.inf, 0.125]
    assert (again.summary["loss"], again.group, again.config["lr"]) == (0.125, "g", 0.1)
    assert json.loads(json.dumps(again.config)) == {"lr": 0.1, "nested": {"a": [1]}}
