"""What the client `neptune` 1.x has left: real leftovers, every layout, every operation."""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
from datetime import datetime, timezone
from pathlib import Path

import pytest
from pluto_migration.model import POINTS_AT_ONCE, Console, File, Points
from pluto_migration.source import Problems, SourceError

from tests.migration import reading
from tests.migration.neptune_leftovers import PROJECT, US, files, read
from tests.migration.neptune_log import OTHER, RUN, START, Execution, execution

# --- the real thing ---------------------------------------------------------------------------------------------------


def test_the_samples_come_as_they_were_logged() -> None:
    source = reading.DATA / "neptune1"
    mapped = {"/srv/demo/np/files-shared": str(source)}
    found = reading.read_all("neptune", source, project=PROJECT, path_map=mapped)
    assert len(found) == 2
    for wanted in reading.expected("neptune1"):
        run = found[wanted["container_uuid"]]
        assert run.problems == []
        assert (run.run.project, run.run.name, run.facts.notes or None) == (
            PROJECT, wanted["name"], wanted["description"],
        )  # fmt: skip
        assert list(run.facts.tags or []) == wanted["tags"]
        assert run.facts.status == "unknown"
        config = dict(run.facts.config)
        assert config.pop("source_code") == {"entrypoint": "gen_neptune1.py"}
        flat = {f"parameters/{key}": value for key, value in config.get("parameters", {}).items() if key != "opt"}
        if "opt" in config.get("parameters", {}):
            flat["parameters/opt/name"] = config["parameters"]["opt"]["name"]
        assert flat == wanted["config"]
        for name, series in wanted["metrics"].items():
            rows = run.points[name]
            assert [[step, value] for step, _, value in rows] == series["points"]
            assert [time for _, time, _ in rows] == [int(ms * 1000) for _, ms in wanted["times_ms"][name]["points"]]
        for name, series in wanted["string_series"].items():
            assert [[step, text] for step, _, text in run.texts[name]] == series["points"]
        images = [one for one in run.of(File) if one.type == "IMAGE"]
        assert [(one.name, one.step, one.caption, (one.metadata or {})["name"]) for one in images] == [
            (one["key"], one["step"], one["description"], one["name"]) for one in wanted["media"]
        ]
        for image, told in zip(images, wanted["media"], strict=True):
            assert isinstance(image.content, bytes)
            assert hashlib.sha256(image.content).hexdigest() == told["sha256"]
        for told in wanted["files"]:
            (file,) = (one for one in run.of(File) if one.name == told["name"])
            assert hashlib.sha256(Path(str(file.content)).read_bytes()).hexdigest() == told["sha256"]
            assert file.metadata == {"extension": told["ext"]}


def test_a_leftover_with_everything_that_the_client_can_log() -> None:
    """Made by neptune 1.14.0, offline, and ended by an exception."""
    found = read(reading.DATA / "neptune1-more", path_map={"/srv/demo/np": str(reading.DATA / "neptune1-more")})
    facts = found.facts
    assert found.problems == []
    assert (found.run.name, facts.status, list(facts.tags or [])) == ("rich", "failed", ["b", "t1"])
    assert facts.attributes["group_tags"] == {"g1": True}
    assert facts.attributes["sys"] == {"hostname": "demo-host"}
    assert facts.metadata["os_info"]["hostname"] == "demo-host"
    assert facts.config["p"] == {
        "lr": 0.1,
        "whole": 3.0,
        "txt": "héllo 😀 wörld",
        "when": datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc),
    }
    assert facts.config["ns"] == {"a": 1, "b": {"c": "d"}}
    assert "dele" not in facts.config
    steps = {name: [(step, value) for step, _, value in rows] for name, rows in found.points.items()}
    assert steps["m/auto"] == [(0, 0), (1, 0.5), (2, 1), (3, 1.5), (4, 2)]
    assert steps["m/steps"] == [(3, 1), (4, 2), (7.25, 2.5), (8.25, 2.6)]
    assert steps["m/many"] == [(0, 1), (2, 2), (4, 3), (6, 4)]
    assert [time for _, time, _ in found.points["m/many"]] == [1 * US, 2 * US, 3 * US, 4 * US]
    assert [len(text) for _, _, text in found.texts["log"]] == [8, 1000]
    namespace = "monitoring/4e5ca34d"
    assert facts.attributes["monitoring"] == {namespace: {"stdout": True, "stderr": True, "hardware": True}}
    lines = {one.stream: (one.source, list(one.lines)) for one in found.of(Console)}
    assert lines["stdout"][0] == namespace
    assert [line for line in lines["stdout"][1] if "neptune" not in line] == ["hello", "no newline joined", "100%"]
    assert lines["stderr"][1][-1] == "ValueError: boom"
    assert [text for _, _, text in found.texts[f"{namespace}/traceback"]][1] == "Marking run as failed"
    (memory,) = found.points["sys/4e5ca34d/memory.used"]
    assert memory[2] / 2**30 == 1.3523712158203125
    kinds = facts.attributes["types"]
    assert (kinds["file"], kinds["set1"], kinds["imgs"], kinds["ds"]) == ("file", "file_set", "file_series", "artifact")
    content = files(found)
    assert content["file", "f.txt"] == b"hello\n"
    assert content["content", "content.md"] == b"abc"
    sets = {name: sorted(entry for one, entry in content if one == name) for name in ("set1", "set2")}
    assert [[entry.removeprefix("dset/") for entry in entries] for entries in sets.values()] == [
        ["a.txt", "sub/b.txt"], ["a.txt", "sub/b.txt"],
    ]  # fmt: skip
    listed = json.loads(content["ds", "files.json"])
    assert [(row[0], row[1], row[4]) for row in listed] == [
        ("a.txt", "3f786850e387550fdab836ed7e6dc881de23001b", 2),
        ("sub/b.txt", "89e6c98d92887913cadf06b2adb97f26cde4849b", 2),
    ]
    assert facts.config["ds"] == {"hash": "e478121cde764942104847d8e1b8bd3b6865ed5f45904d249e4aaf4862de35e4", "size": 4}
    assert pickle.loads(pickle.dumps(found.run)).fingerprint == found.run.fingerprint


@pytest.mark.parametrize(
    ("version", "id"),
    [("0.16.18", "ffd13189-409c-4910-bfaa-467dc5bd2f45"), ("0.10.9", "80d6a4b0-9073-47ce-96af-c69e471d4fb7")],
)
def test_leftovers_of_older_releases(version: str, id: str) -> None:
    """Made by neptune-client, before there were times of operations, metadata.json and namespaces for each process."""
    source = reading.DATA / "neptune1-older" / version
    found = read(source, path_map={f"/srv/demo/{version}": str(source)})
    assert found.problems == []
    assert (found.run.id, found.run.name, found.facts.tags) == (id, "old", ["t"])
    assert found.facts.config["lr"] == 0.5
    assert [(step, value) for step, _, value in found.points["m"]] == [(0, 0), (1, 1), (2, 2), (7, 9)]
    assert [text for _, _, text in found.texts["s"]] == ["hello"]
    assert set(found.points) == {"m", "sys/@monitoring/memory.used"}
    lines = [line for one in found.of(Console) if one.stream == "stdout" for line in one.lines]
    assert "printed" in lines
    assert {one.source for one in found.of(Console)} == {"monitoring"}
    content = files(found)
    assert content["f", "f.txt"] == b"abc"
    assert content["file", "gen.py"] == content["set", "gen.py"]
    assert content["img", "img.png"].startswith(b"\x89PNG")
    assert found.run.created is not None
    assert found.facts.ended is not None
    assert 0 < found.facts.ended - found.run.created < 60 * US


# --- where it is ------------------------------------------------------------------------------------------------------

LAYOUTS = {
    "direct": f"offline/run__{RUN}__4711__abcdefgh",
    "fifth part": f"async/run__{RUN}__4711__abcdefgh__1",
    "typed": f"offline/run__{RUN}",
    "bare": f"offline/{RUN}",
    "child": f"async/run__{RUN}/exec-0-2021-01-01_00.00.00.000000",
    "bare child": f"async/{RUN}/exec-0-2021-01-01_00.00.00.000000",
}


@pytest.mark.parametrize("about", [True, False], ids=["with metadata", "without"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_is_found_from_every_folder_above(tmp_path: Path, layout: str, about: bool) -> None:
    folder = tmp_path / "project" / "below" / ".neptune" / layout
    left = Execution(folder).put("AssignInt", "n", value=3)
    (folder / "last_put_version").write_text("1")
    if about:
        left.about(mode=layout.split("/", 1)[0])
    above = [one for one in (folder, *folder.parents) if one.is_relative_to(tmp_path)]
    for path in above:
        found = read(path)
        assert (found.run.id, found.run.project) == (RUN, PROJECT)
        assert found.facts.config == {"n": 3}
        assert found.problems == []
        assert found.run.created == (int(START) if about else int(START) + 1) * US


def test_a_data_directory_of_another_name(tmp_path: Path) -> None:
    Execution(tmp_path / "elsewhere" / "offline" / f"run__{RUN}__1__k").put("AssignInt", "n", value=3)
    assert read(tmp_path / "elsewhere").run.id == RUN


def test_a_data_directory_that_is_a_link(tmp_path: Path) -> None:
    execution(tmp_path / "disk").put("AssignInt", "n", value=3)
    (tmp_path / "project").mkdir()
    os.symlink(tmp_path / "disk" / ".neptune", tmp_path / "project" / ".neptune")
    os.symlink(tmp_path / "project", tmp_path / "disk" / ".neptune" / ".neptune")  # round and round
    assert read(tmp_path / "project").run.id == RUN


def test_what_pluto_keeps_there_is_not_neptunes(tmp_path: Path) -> None:
    execution(tmp_path).put("AssignInt", "n", value=3)
    own = tmp_path / ".neptune" / "async" / f"run__{OTHER}__1__k"
    own.mkdir(parents=True)
    (own / "pluto.json").write_text("{}")
    root = tmp_path / ".neptune" / "pluto" / "sync" / "offline" / f"run__{OTHER}__1__k"
    root.mkdir(parents=True)
    (root / "data-1.log").touch()
    assert read(tmp_path).run.id == RUN


def test_where_nothing_is_left_it_is_said(tmp_path: Path) -> None:
    (tmp_path / ".neptune" / "offline").mkdir(parents=True)
    (tmp_path / "data-1.log").write_text("a log of something else")
    for path in (tmp_path, tmp_path / "missing", tmp_path / "data-1.log"):
        with pytest.raises(SourceError, match=r"\.neptune"):
            reading.runs("neptune", path, project=PROJECT)


def test_the_project_has_to_be_said(tmp_path: Path) -> None:
    execution(tmp_path)
    with pytest.raises(SourceError, match="--project"):
        reading.runs("neptune", tmp_path)
    with pytest.raises(SourceError, match="speed"):
        reading.runs("neptune", tmp_path, project=PROJECT, settings={"speed": "1"})


def test_models_and_projects_go_where_the_door_keeps_them(tmp_path: Path) -> None:
    ids = [f"{place}1111111-2222-4333-8444-555555555555" for place in range(3)]
    for type_, id in zip(("model", "model_version", "project"), ids, strict=True):
        execution(tmp_path, id, type=type_, mode="async").put("AssignInt", "n", value=3)
    found = {run.left.type: run for run in reading.runs("neptune", tmp_path, project=PROJECT)}  # type: ignore[attr-defined]
    assert {kind: (run.project, run.id) for kind, run in found.items()} == {
        "model": (f"{PROJECT}/.models", ids[0]),
        "model_version": (f"{PROJECT}/.models", ids[1]),
        "project": (f"{PROJECT}/.project", "project"),
    }
    assert reading.read(found["model_version"]).facts.attributes["sys"] == {"model_id": ""}
    chosen = reading.runs("neptune", tmp_path, project=PROJECT, include=[f"{PROJECT}/{ids[0]}"])
    assert [run.id for run in chosen] == [ids[0]]


def test_what_was_sent_to_the_end_is_told_and_is_no_run(tmp_path: Path) -> None:
    folder = tmp_path / ".neptune" / "sync" / f"run__{RUN}__4711__abcdefgh"
    folder.mkdir(parents=True)
    Execution(folder).about(mode="sync").log.unlink()
    problems = Problems()
    assert reading.runs("neptune", tmp_path, problems, project=PROJECT) == []
    assert [one.what for one, _ in problems] == ["holds no operations: everything of this process was sent to Neptune"]


# --- what it says -----------------------------------------------------------------------------------------------------


def test_values_by_the_last_word_and_by_type(tmp_path: Path) -> None:
    left = execution(tmp_path)
    left.put("AssignFloat", "a/f", value=1.5).put("AssignFloat", "a/f", value=3.0)
    left.put("AssignInt", "a/i", value=2**80).put("AssignBool", "a/b", value=False)
    left.put("AssignString", "a/s", value="").put("AssignDatetime", "a/d", value=-1)
    left.put("AssignFloat", "nan", value=math.nan).put("AssignFloat", "inf", value=-math.inf)
    left.put("AssignInt", "gone", value=1).put("DeleteAttribute", "gone")
    left.put("AssignInt", "again", value=1).put("DeleteAttribute", "again").put("AssignString", "again", value="x")
    left.put("AddStrings", "texts", values=["b", "a", "c"]).put("RemoveStrings", "texts", values=["c"])
    left.put("AddStrings", "none", values=["b"]).put("ClearStringSet", "none")
    left.put("AssignInt", "both", value=1).put("AssignInt", "both/below", value=2)
    config = dict(read(tmp_path).facts.config)
    assert config.pop("a") == {
        "f": 3.0, "i": 2**80, "b": False, "s": "",
        "d": datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc),
    }  # fmt: skip
    assert math.isnan(config.pop("nan"))
    assert config == {
        "inf": -math.inf, "again": "x", "texts": frozenset("ab"), "none": frozenset(), "both": 1, "both/below": 2,
    }  # fmt: skip


def test_what_is_said_of_the_run_itself(tmp_path: Path) -> None:
    left = execution(tmp_path).put("AssignString", "sys/name", value="tree").put("AssignBool", "sys/failed", value=True)
    left.put("AssignString", "sys/description", value="leaves").put("AddStrings", "sys/tags", values=["b", "group:a"])
    left.put("AddStrings", "sys/group_tags", values=["g", "h"]).put("RemoveStrings", "sys/group_tags", values=["h"])
    left.put("AssignString", "sys/hostname", value="box").put("AssignFloat", "sys/owned", value=2.0)
    found = read(tmp_path)
    facts = found.facts
    assert (found.run.name, facts.name, facts.notes, facts.status) == ("tree", "tree", "leaves", "failed")
    assert facts.tags == ["b"]
    assert facts.config == {}
    assert facts.attributes == {
        "sys": {"hostname": "box", "owned": 2.0}, "group_tags": {"g": True}, "made_id": True,
        "tags": {"group:a": True},
    }  # fmt: skip
    assert facts.ended == (int(START) + 8) * US
    assert facts.extras["neptune"]["processes"][0]["neptuneClientVersion"] == "1.14.0"


def test_steps_are_numbered_as_neptune_numbers_them(tmp_path: Path) -> None:
    left = execution(tmp_path).floats("m", 1, 2).floats("m", 3, steps=[7.5]).floats("m", 4).floats("m", 5, steps=[2])
    left.floats("m", 6).texts("t", "a").texts("t", "b", steps=[-3]).texts("t", "c")
    found = read(tmp_path)
    assert [(step, value) for step, _, value in found.points["m"]] == [
        (0, 1),
        (1, 2),
        (7.5, 3),
        (8.5, 4),
        (2, 5),
        (9.5, 6),
    ]
    assert [(step, text) for step, _, text in found.texts["t"]] == [(0, "a"), (-3, "b"), (1, "c")]
    assert [time for _, time, _ in found.points["m"]][:2] == [int(START) * US, (int(START) + 1) * US]


def test_numbers_keep_their_bits(tmp_path: Path) -> None:
    values = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1]
    execution(tmp_path).floats("m", *values)
    assert repr([value for _, _, value in read(tmp_path).points["m"]]) == repr(values)


@pytest.mark.parametrize("clear", ["ClearFloatLog", "DeleteAttribute"])
def test_a_series_that_was_emptied_begins_again(tmp_path: Path, clear: str) -> None:
    execution(tmp_path).floats("m", 1, 2, 3).put(clear, "m").floats("m", 4).texts("m", "kept of another kind")
    found = read(tmp_path)
    assert [(step, value) for step, _, value in found.points["m"]] == [(0, 4)]


def test_empty_series_stay_what_they_are(tmp_path: Path) -> None:
    left = (
        execution(tmp_path)
        .floats("f", 1)
        .put("ClearFloatLog", "f")
        .put("ClearStringLog", "s")
        .put("ClearImageLog", "i")
    )
    left.put("ConfigFloatSeries", "c", min=0, max=None, unit="%").floats("d", 1).put("DeleteAttribute", "d")
    found = read(tmp_path)
    assert found.of(Points) == []
    assert found.facts.attributes["types"] == {
        "f": "float_series", "s": "string_series", "i": "file_series", "c": "float_series",
    }  # fmt: skip
    assert found.facts.attributes["series"] == {"c": {"min": 0, "unit": "%"}}


def test_long_series_come_in_pieces(tmp_path: Path) -> None:
    left = execution(tmp_path)
    for start in range(0, 300_000, 1_000):
        left.floats("m", *range(start, start + 1_000))
    found = read(tmp_path)
    assert [value for _, _, value in found.points["m"]] == list(range(300_000))
    sizes = [len(one.steps) for one in found.of(Points)]
    assert max(sizes) <= POINTS_AT_ONCE
    assert len(sizes) >= 5


def test_processes_of_one_run_are_merged_by_the_clock(tmp_path: Path) -> None:
    one, two = execution(tmp_path, key="aaaaaaaa"), execution(tmp_path, key="bbbbbbbb")
    two.at = START + 0.5
    for place in range(3):
        one.floats("m", place)
        two.floats("m", 10 + place)
    one.put("AssignString", "last", value="one")
    two.put("AssignString", "last", value="two")
    two.at = START - 1000  # its clock was set back: its own order stays
    two.floats("m", 20)
    found = read(tmp_path)
    assert [(step, value) for step, _, value in found.points["m"]] == [
        (0, 0), (1, 10), (2, 1), (3, 11), (4, 2), (5, 12), (6, 20),
    ]  # fmt: skip
    assert found.facts.config == {"last": "two"}
    assert len(found.facts.extras["neptune"]["processes"]) == 2


def test_old_files_without_a_clock_follow_each_other(tmp_path: Path) -> None:
    for place in (10, 2):
        folder = tmp_path / ".neptune" / "async" / RUN / f"exec-{place}-2021"
        left = Execution(folder)
        left.at = None
        left.floats("m", place, ts=place)
    found = read(tmp_path)
    assert [(step, time, value) for step, time, value in found.points["m"]] == [(0, 2 * US, 2), (1, 10 * US, 10)]
    assert found.run.created == 2 * US
    assert found.facts.ended == 10 * US


def test_logs_are_read_by_number(tmp_path: Path) -> None:
    folder = execution(tmp_path).folder
    for place in (1, 9, 10):
        Execution(folder, version=place - 1, log=f"data-{place}.log").floats("m", place)
    (folder / "data-1.log").unlink()
    found = read(tmp_path)
    assert [value for _, _, value in found.points["m"]] == [9, 10]
    assert [problem.split(": ")[-1] for problem in found.problems] == [
        "the first 8 operations were uploaded to Neptune, and are not here",
    ]


def test_prints_become_lines_and_the_hardware_system_metrics(tmp_path: Path) -> None:
    left = execution(tmp_path)
    space = "monitoring/abc"
    for text in ("one", "\n", "two", " more\nthree\r\n10%\r", "20%\r100%", "\n", "no end"):
        left.texts(f"{space}/stdout", text)
    left.texts(f"{space}/stderr", "oops\n").texts(f"{space}/other", "not console")
    left.floats(f"{space}/cpu", 1.5, 2.5).floats(f"{space}/memory", 0.1).floats(f"{space}/gpu_1", 7)
    left.floats(f"{space}/gpu_power_0", 250.5).floats(f"{space}/gpu_memory_0", 3).floats(f"{space}/mine", 4)
    left.put("AssignString", "own/place/pid", value="1").put("AssignString", "own/place/tid", value="2")
    left.texts("own/place/stdout", "there\n").texts("user/stdout", "a series of the user's")
    left.floats("monitoring/steps/cpu", 1, steps=[5])
    found = read(tmp_path)
    lines = {(one.source, one.stream): list(one.lines) for one in found.of(Console)}
    assert lines == {
        (space, "stdout"): ["one", "two more", "three", "100%", "no end"],
        (space, "stderr"): ["oops"],
        ("own/place", "stdout"): ["there"],
    }
    assert set(found.texts) == {f"{space}/other", "user/stdout"}
    points = {name: [(step, value) for step, _, value in rows] for name, rows in found.points.items()}
    assert points == {
        "sys/abc/cpu.percentage.0": [(0, 1.5), (1, 2.5)],
        "sys/abc/memory.used": [(0, 0.1 * 2**30)],
        "sys/abc/gpu.1.nvidia.utilization": [(0, 7)],
        "sys/abc/gpu.0.nvidia.power": [(0, 250_500)],
        "sys/abc/gpu.0.nvidia.memory.used": [(0, 3 * 2**30)],
        f"{space}/mine": [(0, 4)],
        "monitoring/steps/cpu": [(5, 1)],
    }
    assert found.facts.attributes["monitoring"] == {
        space: {"stdout": True, "stderr": True, "hardware": True}, "own/place": {"stdout": True},
    }  # fmt: skip


def test_copies_are_resolved_within_what_is_left(tmp_path: Path) -> None:
    other = execution(tmp_path, OTHER).put("AssignFloat", "lr", value=0.5).put("AssignArtifact", "ds", hash="abc")
    other.put("CopyAttribute", "loop", container_id=OTHER, container_type="run", source_path=["loop"])
    left = execution(tmp_path).put("AssignInt", "old", value=1)
    for path, source, id in (
        ("lr", ["lr"], OTHER), ("ds", ["ds"], OTHER), ("loop", ["loop"], OTHER), ("old", ["nothing"], RUN),
        ("far", ["x"], "44444444-0000-4000-8000-000000000000"),
    ):  # fmt: skip
        left.put(
            "CopyAttribute", path, container_id=id, container_type="run", source_path=source, source_attr_name="Float"
        )
    found = reading.read_all("neptune", tmp_path, project=PROJECT)[RUN]
    assert found.facts.config == {"lr": 0.5, "ds": {"hash": "abc", "size": None}}
    assert found.facts.attributes["types"] == {"ds": "artifact"}
    assert [problem.split(", ")[-2].split(": ")[0] for problem in found.problems] == ["loop", "old", "far"]
