"""A run that wandb 0.16.6 wrote, with every kind of value; the machine's details were made neutral since."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from pluto_migration.model import Alert, Artifact, Console, Data, File

from tests.migration import reading
from tests.migration.reading import Read, read_all
from tests.migration.wandb_logs import steps

DATA = reading.DATA / "wandb-more"


@pytest.fixture(scope="module")
def run() -> Read:
    (found,) = read_all("wandb", DATA / "wandb", path_map={"/srv/demo/data": str(DATA / "wandb-data")}).values()
    return found


def test_nothing_is_lost(run: Read) -> None:
    assert run.problems == []
    assert (run.run.project, run.run.id, run.run.name) == ("team/rich", "rich001", "rich run")


def test_points(run: Read) -> None:
    assert steps(run, "loss") == [(float(step), 1.0 / (step + 1)) for step in range(5)]
    assert repr([value for _, value in steps(run, "acc")]) == "[0.1, 0.9, 0.3, nan, 0.5]"
    assert steps(run, "nested.deep.y") == [(float(step), -float(step)) for step in range(5)]
    assert steps(run, "flat.dot") == [(float(step), 2.0 * step) for step in range(5)]
    assert [value for _, value in steps(run, "bool")] == [1.0, 0.0, 1.0, 0.0, 1.0]
    at = {name: rows[0][2] for name, rows in run.points.items() if rows[0][0] == 5}
    assert (at["inf"], at["ninf"], at["npinf"], at["np64"], at["np32"]) == (
        math.inf, -math.inf, math.inf, 0.1, 0.10000000149011612,
    )  # fmt: skip
    assert math.copysign(1, at["negzero"]) == -1
    assert (at["big"], at["huge"]) == (float(2**60 + 1), float(2**70))
    assert all(math.isnan(at[name]) for name in ("nan", "nestednan.v", "textnan"))
    assert steps(run, "custom/step") == [(20.0, 100.0), (21.0, 100.0)]
    assert steps(run, "custom/loss") == [(20.0, 1.5), (21.0, 1.25)]
    assert [step for step, _ in steps(run, "_timestamp")] == [22.0]
    assert [value for *_, value in run.texts["text"]] == ["hello"]


def test_values_and_their_files(run: Read) -> None:
    data = {(item.name, item.type): item.body for item in run.of(Data)}
    assert repr(data["list", "JSON"]) == "[1, 2, nan]"
    assert (data["none", "JSON"], data["tuple", "JSON"], data["nestednan.l", "JSON"]) == (None, [1, "a"], [math.inf])
    assert len(data["bigarr", "JSON"]["bins"]) == 33
    assert data["tab", "TABLE"]["table"] == [[1, "a", 0.5], [2, "b", "NaN"]]
    files: dict[str, list[File]] = {}
    for file in run.of(File):
        files.setdefault(file.name, []).append(file)
    mask, image = files["img"]
    assert (mask.mask, image.caption) == (True, "one")
    boxes = (image.annotations or {})["boxes"]["pred"]
    assert [box.get("domain") for box in boxes["box_data"]] == ["pixel", None]
    assert boxes["class_labels"] == {"0": "bg", "1": "cat"}
    masks = (image.annotations or {})["masks"]
    assert masks["gt"] == {"fileName": mask.file_name, "class_labels": {"0": "bg", "1": "cat"}}
    assert [(file.index, file.caption) for file in files["imgs"] if not file.mask] == [
        (0, "first"),
        (1, None),
        (2, "third"),
    ]
    assert [(file.type, file.index) for file in files["auds"]] == [("AUDIO", 0), ("AUDIO", 1)]
    assert [(file.type, file.caption) for file in files["vids"]] == [("VIDEO", "m1"), ("VIDEO", "m2")]
    assert {"html", "obj", "mol", "tab", "tabimg", "chart_table", "sub.img", "auds_nested.in"} <= files.keys()
    assert {"code/everything.py", "dir/a.txt", "dir/b.txt", "wandb-metadata.json", "wandb-summary.json"} <= files.keys()


def test_artifacts(run: Read) -> None:
    found = run.of(Artifact)
    assert [artifact.name for artifact in found] == [
        "run-rich001-tab", "run-rich001-tabimg", "run-rich001-chart_table", "net", "net", "source-rich-everything.py",
    ]  # fmt: skip
    first, second = found[3:5]
    assert (sorted(first.aliases), first.description, first.metadata) == (
        ["best", "prod"],
        "desc",
        {"score": 1, "l": [1, 2]},
    )
    assert sorted(entry.path for entry in first.entries) == ["d/a.txt", "d/b.txt", "model.bin", "x.bin"]
    assert {entry.ref for entry in first.entries if entry.content is None} == {"https://example.com/x.bin"}
    assert [entry.path for entry in second.entries] == ["model.bin"]


def test_facts(run: Read) -> None:
    facts = run.facts
    assert (facts.status, facts.exit_code, facts.notes) == ("finished", 0, "some notes")
    assert list(facts.tags or ()) == ["t1", "t2", "group:grp", "job_type:train"]
    assert facts.config == {
        "lr": 0.1, "big": 2**70, "none": None, "nested": {"a": {"b": [1, {"c": 2}]}, "x.y": 1}, "nan": None,
        "inf": math.inf, "t": True, "s": "text", "ünï": "ö", "late": 5,
    }  # fmt: skip
    own = facts.wandb
    assert {path: value for path, (_, value) in own["summary"].items()} == {
        "best": 0.99,
        "nested": {"x": 77},
        "loss": 123,
    }
    assert own["m"]["custom/*"]["step_metric"] == "custom/step"
    assert own["m"]["acc"]["summary"] == ["min", "max", "mean"]
    assert "chart" in own["visualize"]
    assert facts.metadata["source"]["entry"] == "/srv/demo/works/everything.py"
    assert [(alert.title, alert.level) for alert in run.of(Alert)] == [("title", "WARNING")]
    lines = {item.stream: item.lines for item in run.of(Console)}
    assert lines == {"stdout": ["hello stdout", "multi", "line"], "stderr": ["to stderr", "progress 2/3"]}


@pytest.mark.parametrize("to", ["local", "stock"])
def test_it_comes_over_whole(to: str, printed: Callable[..., Any], request: pytest.FixtureRequest) -> None:
    target = to if to == "local" else request.getfixturevalue("stock").url
    words = ["wandb", DATA / "wandb", "--to", target, "--path-map", f"/srv/demo/data={DATA / 'wandb-data'}"]
    report = printed("migrate", *words, "--workers", 1)
    assert report["states"] == {"migrated": 1}, report
    assert [run["problems"] for run in report["runs"]] == [[]]
    proof = printed("verify", *words, "--workers", 1)
    assert [run["differences"] for run in proof["runs"]] == [[]]
    assert proof["whole"]
