"""Values in the store and in artifacts, and read back from there."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from pluto.query import Client
from tests.compat.wandb.stored import run_of

UTC = datetime.timezone.utc
BOX = {"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 1}


@pytest.fixture
def online(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module in online mode: runs go to the local store."""
    monkeypatch.setenv("WANDB_MODE", "online")
    return wandb


def test_what_a_reader_of_any_door_finds(online: ModuleType) -> None:
    image = online.Image(
        np.zeros((4, 4, 3), np.uint8),
        caption="c",
        boxes={"truth": {"box_data": [BOX], "class_labels": {1: "cat"}}},
        masks={"area": {"mask_data": np.ones((4, 4), int)}},
    )
    with online.init(project="p", id="rid") as run:
        run.log({"i": image, "t": online.Table(columns=["a", "b"], data=[[1, "x"]])}, step=4)
    with Client() as client:
        number = run_of("rid")["id"]
        files = {(file["logName"], file["type"], file["fileType"]): file for file in client.iter_files("p", number)}
        data = {(row["name"], row["type"]): row for row in client.iter_data("p", number)}
    picture = files["i", "IMAGE", "png"]
    assert (picture["step"], picture["caption"]) == (4, "c")
    annotations = json.loads(picture["annotations"])
    assert annotations["boxes"]["truth"]["box_data"][0]["domain"] is None
    assert annotations["masks"]["area"]["fileName"] == files["i", "IMAGE", "mask"]["fileName"]
    assert data["t", "TABLE"]["value"]["table"] == [[1, "x"]]
    assert data["i", "JSON"]["value"]["path"] == json.loads(picture["metadata"])["path"]
    assert {row["step"] for row in data.values()} == {4}


def test_values_come_back_from_an_artifact(online: ModuleType) -> None:
    image = online.Image(
        np.arange(16, dtype=np.uint8).reshape(4, 4),
        caption="c",
        boxes={"truth": {"box_data": [BOX], "class_labels": {1: "cat"}}},
        masks={"area": {"mask_data": np.ones((4, 4), int), "class_labels": {1: "cat"}}},
    )
    table = online.Table(
        columns=["n", "i", "short", "array", "when", "h"],
        data=[
            [1, image, np.arange(3), np.ones((2, 2)), datetime.datetime(2020, 1, 2, 3), online.Html("a", inject=False)],
            [2, online.Image(np.zeros((2, 2))), np.arange(3), np.zeros((2, 2)), None, online.Html("b", inject=False)],
        ],
    )
    users = online.Table(columns=["id"], data=[["u1"], ["u2"]])
    users.set_pk("id")
    orders = online.Table(columns=["user"], data=[["u2"]])
    orders.set_fk("user", users, "id")
    numbers = online.Table(columns=["row"], data=[[users.index_ref(1)]])
    artifact = online.Artifact("data", "dataset")
    artifact.add(table, "t")
    artifact.add(online.Table(columns=["n", "z"], data=[[1, "a"]]), "o")
    artifact.add(online.JoinedTable("t.table.json", "o.table.json", "n"), "joined")
    artifact.add(online.Table(columns=["n"], data=[[1], [2]]), "parts/1")
    artifact.add(online.Table(columns=["n"], data=[[3]]), "parts/2")
    artifact.add(online.data_types.PartitionedTable("parts"), "whole")
    artifact.add(online.Audio([0.0, 0.5], 8000, caption="x"), "sound")
    artifact.add(online.Object3D(np.zeros((2, 3))), "points")
    artifact.add(online.Classes([{"id": 1, "name": "a"}]), "classes")
    artifact.add(orders, "orders")
    artifact.add(numbers, "numbers")
    with online.init(project="p") as run:
        run.log_artifact(artifact).wait()
        found = run.use_artifact("data:latest")
        again = found.get("t")
        first, second = again.data
        assert again.columns == table.columns
        assert (first[0], first[2], first[4]) == (1, [0, 1, 2], datetime.datetime(2020, 1, 2, 3, tzinfo=UTC))
        assert first[3].tolist() == [[1, 1], [1, 1]]
        assert (second[0], second[4], second[5].html) == (2, None, "b")
        assert first[1] == image
        assert first[1]._boxes["truth"]._val == [BOX]
        assert np.asarray(Image.open(first[1]._masks["area"]._path)).tolist() == [[1] * 4] * 4
        joined = found.get("joined")
        assert (joined._join_key, joined._table2.data) == ("n", [[1, "a"]])
        assert [row for _, row in found.get("whole").iterrows()] == [[1], [2], [3]]
        assert found.get("sound")._caption == "x"
        assert json.loads(Path(found.get("points")._path).read_text()) == [[0, 0, 0], [0, 0, 0]]
        assert found.get("classes")._class_set == [{"id": 1, "name": "a"}]
        assert found.get("orders").data[0][0]._table.data == [["u1"], ["u2"]]
        assert found.get("numbers").data[0][0].get_row() == {"id": "u2"}
        # A value of an artifact, logged to a run, says where it is from, and lies there, too.
        run.log({"t": again, "i": first[1], "joined": joined})
        assert run.summary["t"]["artifact_path"].startswith("wandb-artifact://")
        assert run.summary["i"]["path"].startswith("media/images/i_0_")
        assert list(run.summary["joined"].keys()) == ["_type", "artifact_path"]


def test_increments_come_back_as_one_table(online: ModuleType) -> None:
    table = online.Table(columns=["a"], log_mode="INCREMENTAL")
    with online.init(project="p", id="rid") as run:
        for n in range(3):
            table.add_data(n)
            run.log({"t": table})
        assert run.summary["t"]["increment_num"] == 2
        assert len(run.summary["t"]["previous_increments_paths"]) == 2
    with online.init(project="p", id="rid", resume="must") as run:
        more = online.Table(columns=["a"], data=[[3]], log_mode="INCREMENTAL")
        run.log({"t": more})
        assert run.summary["t"]["increment_num"] == 3
        assert len(run.summary["t"]["previous_increments_paths"]) == 3
    with online.init(project="p") as run:
        artifact = run.use_artifact("run-rid-incr-t:latest")
        assert artifact.type == "wandb-run-incremental-table"
        assert artifact.get(list(artifact.manifest.entries)[-1]).data == [[0], [1], [2], [3]]


def test_a_table_that_grows_belongs_to_one_run(online: ModuleType) -> None:
    table = online.Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
    with online.init(project="p") as run:
        run.log({"t": table})
    table.add_data(2)
    with online.init(project="p") as run:
        with pytest.raises(AssertionError, match="one Run"):
            run.log({"t": table})
