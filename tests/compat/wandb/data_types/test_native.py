"""What data types leave in the store for readers of every door."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pluto.protocol import records
from pluto.protocol.records import Kind
from tests.compat.wandb.journals import history
from tests.core import journals

PIXELS = np.zeros((4, 4, 3), np.uint8)
BOX = {"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 1}


def media(root: Path) -> list[records.Media]:
    found: list[records.Media] = journals.only(root, Kind.MEDIA, "files")
    return found


def tables(root: Path) -> list[records.Data]:
    found: list[records.Data] = journals.only(root, Kind.DATA)
    return found


def test_an_image_is_one_to_every_reader(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p") as run:
        run.log({"i": wandb.Image(PIXELS, caption="c")}, step=7)
    (record,) = media(root)
    assert (record.name, record.step, record.type, record.caption) == ("i", 7, "IMAGE", "c")
    assert record.parameters["file_type"] == "png"
    (row,) = history(root)
    assert row["_step"] == 7
    assert record.metadata == {"path": row["i"]["path"]}
    assert record.inline == (Path(run.dir) / row["i"]["path"]).read_bytes()
    # The file is named by the row that was open before, as in the original.
    assert row["i"]["path"].startswith("media/images/i_0_")


def test_a_nested_image_has_its_full_name(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p") as run:
        run.log({"val": {"batch": {"i": wandb.Image(PIXELS)}}})
    (record,) = media(root)
    assert record.name == "val.batch.i"
    assert history(root)[0]["val.batch.i"]["path"].startswith("media/images/i_0_")


def test_images_of_a_list_have_their_places_in_it(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p") as run:
        run.log({"i": [wandb.Image(PIXELS + n, caption=str(n)) for n in range(3)]})
    assert [(record.index, record.caption) for record in media(root)] == [(0, "0"), (1, "1"), (2, "2")]


def test_boxes_and_masks_can_be_drawn(wandb: ModuleType, root: Path) -> None:
    pixel = {"position": {"middle": [1, 2], "width": 1, "height": 1}, "domain": "pixel", "class_id": 2}
    image = wandb.Image(
        PIXELS,
        boxes={"truth": {"box_data": [BOX, pixel], "class_labels": {1: "cat", 2: "dog"}}},
        masks={"area": {"mask_data": np.ones((4, 4), int), "class_labels": {1: "cat"}}},
    )
    with wandb.init(project="p") as run:
        run.log({"i": image})
    boxes, mask, picture = media(root)
    assert boxes.name.startswith("media/metadata/boxes2D/i_0_")
    assert (boxes.type, boxes.step) == ("FILE", 0)
    assert (mask.name, mask.type, mask.parameters["file_type"]) == ("i", "IMAGE", "mask")
    assert picture.annotations == {
        "boxes": {
            "truth": {
                "box_data": [{**BOX, "domain": None}, pixel],
                "class_labels": {"1": "cat", "2": "dog"},
            }
        },
        "masks": {"area": {"fileName": mask.file_name, "class_labels": {"1": "cat"}}},
    }


def test_a_value_that_is_logged_again_is_there_again(wandb: ModuleType, root: Path) -> None:
    image = wandb.Image(PIXELS, masks={"m": {"mask_data": np.ones((4, 4), int)}})
    table = wandb.Table(columns=["a"], data=[[1]])
    with wandb.init(project="p") as run:
        run.log({"i": image, "t": table})
        table.add_data(2)
        run.log({"other": image, "t": table})
    kept = [(record.name, record.step) for record in media(root) if record.type == "IMAGE"]
    assert kept == [("i", 0), ("i", 0), ("other", 1), ("other", 1)]
    # The table has not changed for the run: neither its file nor what is drawn.
    assert [(json.loads(record.body)["table"], record.step) for record in tables(root)] == [([[1]], 0), ([[1]], 1)]
    first, second = history(root)
    assert first["t"]["path"] == second["t"]["path"]
    assert first["i"]["path"] == second["other"]["path"]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda wandb: wandb.Audio([0.0, 0.5], 8000), "AUDIO"),
        (lambda wandb: wandb.Video(np.zeros((2, 3, 4, 4), np.uint8), format="gif"), "VIDEO"),
        (lambda wandb: wandb.Html("<p>"), "FILE"),
        (lambda wandb: wandb.Object3D(np.zeros((1, 3))), "FILE"),
        (lambda wandb: wandb.Graph(), "FILE"),
    ],
)
def test_media_go_as_what_they_are(wandb: ModuleType, root: Path, make: Any, kind: str) -> None:
    with wandb.init(project="p") as run:
        run.log({"m": make(wandb)})
    (record,) = media(root)
    assert (record.name, record.type) == ("m", kind)
    assert history(root)[0]["m"]["path"] == (record.metadata or {})["path"]


def test_a_table_can_be_drawn(wandb: ModuleType, root: Path) -> None:
    table = wandb.Table(columns=["n", "s", "i"], data=[[1, "x", wandb.Image(PIXELS)], [2.5, None, wandb.Image(PIXELS)]])
    with wandb.init(project="p") as run:
        run.log({"t": table}, step=3)
    (record,) = tables(root)
    assert (record.name, record.step, record.type) == ("t", 3, "TABLE")
    drawn = json.loads(record.body)
    assert drawn["table"] == [[1, "x", "Image"], [2.5, None, "Image"]]
    assert [column["name"] for column in drawn["col"]] == ["n", "s", "i"]


def test_of_a_table_that_grows_the_new_rows_are_drawn(wandb: ModuleType, root: Path) -> None:
    table = wandb.Table(columns=["a"], log_mode="INCREMENTAL")
    with wandb.init(project="p") as run:
        for n in range(3):
            table.add_data(n)
            run.log({"t": table})
    assert [json.loads(record.body)["table"] for record in tables(root)] == [[[0]], [[1]], [[2]]]


def test_a_table_belongs_to_an_artifact_of_the_run(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p", id="rid") as run:
        run.log({"t": wandb.Table(columns=["a"], data=[[1]])})
    found = history(root)[0]["t"]
    assert found["artifact_path"].startswith("wandb-client-artifact://")
    assert found["artifact_path"].endswith("/t.table.json")
    assert ":latest/" in found["_latest_artifact_path"]


def test_a_chart_is_its_table_and_a_panel(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p") as run:
        run.log({"c": wandb.plot.bar(wandb.Table(columns=["a", "b"], data=[["x", 1]]), "a", "b")})
    assert [record.name for record in tables(root)] == ["c_table"]
    assert list(history(root)[0]) == ["c_table", "_step"]


def test_an_image_in_the_summary_is_kept_with_the_open_row(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p") as run:
        run.log({"a": 1})
        run.log({"a": 2})
        run.summary["best"] = wandb.Image(PIXELS)
        assert run.summary["best"]["path"].startswith("media/images/best_summary_")
        run.summary["several"] = [wandb.Image(PIXELS), wandb.Image(PIXELS + 1)]
        assert len(run.summary["several"]["filenames"]) == 2
    assert [(record.name, record.step) for record in media(root)] == [("best", 2), ("several", 2), ("several", 2)]


def test_the_users_own_file_is_copied(wandb: ModuleType, root: Path, place: Path) -> None:
    own = place / "a.obj"
    own.write_text("v 0 0 0")
    with wandb.init(project="p") as run:
        run.log({"o": wandb.Object3D(own)})
        kept = Path(run.dir) / run.summary["o"]["path"]
        own.write_text("changed")
        assert kept.read_text() == "v 0 0 0"
    assert own.exists()


def test_a_folder_that_takes_nothing_ends_nothing(
    wandb: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with wandb.init(project="p") as run:
        (Path(run.dir) / "media").write_text("a file where the folder would be")
        run.log({"i": wandb.Image(PIXELS), "a": 1})
    assert history(root)[0]["a"] == 1
    assert "the file of 'i' was not kept" in capsys.readouterr().err


def test_a_value_of_another_run_is_refused(wandb: ModuleType, root: Path) -> None:
    image = wandb.Image(PIXELS)
    with wandb.init(project="p") as run:
        run.log({"i": image})
    with wandb.init(project="p") as run:
        with pytest.raises(AssertionError, match="another run"):
            run.log({"i": image})


def test_a_disabled_run_takes_them(wandb: ModuleType) -> None:
    with wandb.init(project="p", mode="disabled") as run:
        image = wandb.Image(PIXELS)
        run.log({"i": image, "c": wandb.plot.bar(wandb.Table(columns=["a", "b"]), "a", "b")})
        assert run.summary["i"] is image
