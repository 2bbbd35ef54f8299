"""Runs that came over, through the doors of the packages they once were logged with: they look native there."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.migration import expected
from tests.migration.samples import PROJECT, SAMPLES

Run = Callable[..., Result]


def brought(command: Run, sample: str) -> list[dict[str, Any]]:
    """The runs of `expected.json`, which are in the local store now."""
    found = next(one for one in SAMPLES if one.name == sample)
    command("migrate", *found.words(expected.DATA / sample), "--workers", 1)
    runs: list[dict[str, Any]] = expected.of(sample)["runs"]
    return runs


def test_wandb_api_reads_runs_of_wandb(command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pluto.compat.wandb import Api

    monkeypatch.chdir(tmp_path)
    basic, media = brought(command, "wandb")
    api = Api()
    assert {run.id for run in api.runs("demo")} == {"basic001", "media001"}

    run = api.run("demo/basic001")
    assert (run.name, run.notes, run.state) == (basic["name"], basic["notes"], "finished")
    assert sorted(run.tags) == basic["tags"]
    assert (run.group, run.job_type) == (basic["group"], basic["job_type"])
    assert run.config == basic["config"]
    for name, value in basic["summary"].items():
        assert run.summary[name] == value
    rows = list(run.scan_history(keys=["train/loss", "acc", "epoch"]))
    for name, series in basic["metrics"].items():
        assert [row[name] for row in rows] == [value for _, value in series["points"]]
    assert [row["_step"] for row in run.scan_history()][:3] == [0, 1, 2]

    run = api.run("demo/media001")
    assert (run.state, run.config) == ("failed", media["config"])
    files = {file.name for file in run.files()}
    shown = [row["img"] for row in run.scan_history() if row.get("img")]
    assert [one["caption"] for one in shown] == [one["caption"] for one in media["media"]]
    assert {one["path"] for one in shown} <= files
    (table,) = [row["tab"] for row in run.scan_history() if row.get("tab")]
    assert table["_type"] == "table-file"
    (histogram,) = [row["hist"] for row in run.scan_history() if row.get("hist")]
    assert (histogram["bins"], histogram["values"]) == (
        media["histograms"][0]["edges"], media["histograms"][0]["counts"],
    )  # fmt: skip
    artifacts = {artifact.name.partition(":")[0]: artifact for artifact in run.logged_artifacts()}
    net, said = artifacts["net"], media["artifacts"][0]
    assert (net.type, net.description, net.metadata) == (said["type"], said["description"], said["metadata"])
    assert set(said["aliases"]) <= set(net.aliases)
    folder = Path(net.download(root=str(tmp_path / "net")))
    assert expected.sha256((folder / "model.txt").read_bytes()) == said["files"][0]["sha256"]


def test_neptune_finds_runs_of_an_archive_by_their_old_ids(command: Run) -> None:
    from pluto.compat import neptune

    old, _ = brought(command, "neptune-exporter")
    with neptune.init_project("ws/demo", mode="read-only") as project:
        table = project.fetch_runs_table().to_pandas()
    assert list(table["sys/id"]) == ["DEM-1"]
    assert list(table["parameters/lr"]) == [0.1]
    with neptune.init_run(with_id="DEM-1", project="ws/demo", mode="read-only") as run:
        assert run["sys/id"].fetch() == "DEM-1"
        assert run["sys/name"].fetch() == old["name"]
        assert run["parameters"].fetch() == {"lr": 0.1, "n": 3, "opt": "adam", "flag": True}
        assert run["sys/tags"].fetch() == set(old["tags"])
        values = run["train/loss"].fetch_values(include_timestamp=False)
        assert list(values["value"]) == [value for _, value in old["metrics"]["train/loss"]["points"]]
        assert list(run["log"].fetch_values()["value"]) == ["line 0", "line 1", "line 2"]


def test_neptune_query_reads_runs_of_neptune_3(command: Run) -> None:
    import pluto.compat.neptune_query.runs as runs

    brought(command, "neptune-exporter")
    brought(command, "neptune-scale")
    assert runs.list_runs(project="ws/demo3") == ["exp-a"]
    frame = runs.fetch_metrics(project="ws/demo3", runs=["exp-a"], attributes=["loss"])
    assert len(frame) == 20
    assert runs.list_runs(project="ws/proj") == ["basic-1"]
    table = runs.fetch_runs_table(project="ws/proj", attributes=["lr", "layers", "sys/name"])
    assert table.loc["basic-1"]["lr"] == 0.1


def test_neptune_reads_what_its_client_had_left(command: Run) -> None:
    from pluto.compat import neptune

    basic, images = brought(command, "neptune1")
    with neptune.init_project(PROJECT, mode="read-only") as project:
        table = project.fetch_runs_table().to_pandas()
    assert set(table["sys/name"]) == {basic["name"], images["name"]}
    (id,) = table[table["sys/name"] == basic["name"]]["sys/id"]
    with neptune.init_run(with_id=id, project=PROJECT, mode="read-only") as run:
        assert run["parameters/opt/name"].fetch() == "adam"
        assert run["sys/description"].fetch() == basic["description"]
        values = run["train/loss"].fetch_values(include_timestamp=False)
        assert len(values) == 60
        assert math.isclose(values["value"].iloc[-1], 1 / 60)
