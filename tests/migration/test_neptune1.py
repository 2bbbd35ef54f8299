"""What the client `neptune` 1.x has left: real leftovers, every layout, every operation, and all kinds of damage."""

from __future__ import annotations

import base64
import glob
import hashlib
import json
import math
import os
import pickle
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import POINTS_AT_ONCE, Console, File, Points
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune1.patterns import fitting

from tests.migration import reading
from tests.migration.neptune_log import OTHER, RUN, START, Execution, execution

PROJECT = "ws/proj"
US = 1_000_000


def read(path: Path, **options: Any) -> reading.Read:
    """The only run below a path."""
    (found,) = reading.read_all("neptune", path, **{"project": PROJECT, **options}).values()
    return found


def files(found: reading.Read) -> dict[tuple[str, str], bytes]:
    """Contents by attribute and name."""
    return {
        (one.name, (one.metadata or {}).get("artifact_path", one.file_name)): (
            one.content if isinstance(one.content, bytes) else one.content.read_bytes()
        )
        for one in found.of(File)
    }


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


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_found_wherever_they_are(tmp_path: Path) -> None:
    project = tmp_path / "moved"
    left = execution(project)
    (left.folder / "upload_path").mkdir()
    (left.folder / "upload_path" / "tmp-1.md").write_bytes(b"in memory")
    (project / "weights.bin").write_bytes(b"weights")
    here, mapped = tmp_path / "here.txt", tmp_path / "mapped"
    here.write_bytes(b"as it is")
    mapped.mkdir()
    (mapped / "model.pt").write_bytes(b"by the map")
    left.put("UploadFile", "a", ext="md", file_path=None, tmp_file_name="tmp-1.md", clean_after_upload=False)
    left.put("UploadFile", "b", ext="txt", file_path=str(here), tmp_file_name=None)
    left.put("UploadFile", "c", ext="pt", file_path="/old/place/model.pt", tmp_file_name=None)
    left.put("UploadFile", "d", ext="bin", file_path="/old/moved/weights.bin", tmp_file_name=None)
    left.put("UploadFileContent", "e/f", ext="csv", file_content=base64.b64encode(b"1,2").decode())
    left.put("UploadFile", "g", ext="x", file_path=str(here)).put("DeleteAttribute", "g")
    left.put("UploadFile", "h", ext="x", file_path="/nowhere").put("UploadFile", "h", ext="txt", file_path=str(here))
    left.put("UploadFile", "i", ext="x", file_path="/nowhere/at all.bin")
    found = read(project, path_map={"/old/place": str(mapped)})
    assert files(found) == {
        ("a", "a.md"): b"in memory",
        ("b", "here.txt"): b"as it is",
        ("c", "model.pt"): b"by the map",
        ("d", "weights.bin"): b"weights",
        ("e/f", "f.csv"): b"1,2",
        ("h", "here.txt"): b"as it is",
    }
    assert [problem.split(", ")[-1] for problem in found.problems] == [
        "i: the file is not there: /nowhere/at all.bin (--path-map tells where it is now)"
    ]
    assert found.facts.extras["neptune"]["found_elsewhere"] == {
        "/old/place/model.pt": str(mapped / "model.pt"), "/old/moved/weights.bin": str(project / "weights.bin"),
    }  # fmt: skip
    before = found.run.fingerprint
    here.write_bytes(b"changed since")
    assert reading.runs("neptune", project, project=PROJECT)[0].fingerprint != before


def test_another_file_of_the_name_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"another")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "deep.yaml").write_bytes(b"the one")
    left = execution(tmp_path).put("UploadFile", "f", ext="yaml", file_path="/old/place/config.yaml")
    left.put("UploadFile", "g", ext="yaml", file_path="/old/place/conf/deep.yaml")
    found = read(tmp_path)
    assert files(found) == {("g", "deep.yaml"): b"the one"}
    assert "is not there" in found.problems[0]


@pytest.mark.parametrize(
    "name", ["../../../secret", "/etc/passwd", "a/../../secret", "link", "..\\..\\secret", "\0", "C:\\x"]
)
def test_an_upload_does_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    left = execution(tmp_path)
    (left.folder / "upload_path").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (left.folder.parent / "secret").write_bytes(b"secret")
    os.symlink(tmp_path / "secret", left.folder / "upload_path" / "link")
    left.put("UploadFile", "a", ext="", file_path=None, tmp_file_name=name).floats("m", 1)
    found = read(tmp_path)
    assert found.of(File) == []
    assert len(found.problems) == 1
    assert found.points["m"]


def test_file_sets_by_their_patterns(tmp_path: Path) -> None:
    project = tmp_path / "proj"
    for name in ("src/a.py", "src/deep/b.py", "src/c.txt", "data/one.csv", "main.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    left = execution(project)
    at = str(project)
    left.put("UploadFileSet", "code", file_globs=[f"{at}/**/*.py", f"{at}/data"], reset="False")
    left.put("DeleteFiles", "code", file_paths=["src/deep"])
    left.put("UploadFileSet", "reset", file_globs=[f"{at}/main.py"], reset="False")
    left.put("UploadFileSet", "reset", file_globs=[f"{at}/src/*.txt"], reset="True")
    left.put("UploadFileSet", "nothing", file_globs=[], reset="False")
    left.put("UploadFileSet", "missing", file_globs=["/nowhere/*.py"], reset="False")
    left.put("UploadFileSet", "moved", file_globs=["/old/home/proj/src/*.py"], reset="False")
    left.put("UploadFileSet", "mapped", file_globs=["/map[1]/src/*.py"], reset="False")
    found = read(project, path_map={"/map[1]": at})
    names: dict[str, list[str]] = {}
    for attribute, entry in sorted(files(found)):
        names.setdefault(attribute, []).append(entry)
    assert names == {
        "code": ["data/one.csv", "main.py", "src/a.py"],
        "reset": ["src/c.txt"],
        "moved": ["src/a.py"],
        "mapped": ["src/a.py"],
    }
    assert [problem.split(", ")[-1] for problem in found.problems] == ["missing: no file fits /nowhere/*.py"]
    assert found.facts.attributes["types"] == dict.fromkeys(("code", "reset", "missing", "moved", "mapped"), "file_set")
    assert found.run.size > sum(len(name) for name in ("src/a.py", "main.py"))


def test_artifacts_by_hash_and_by_what_was_tracked(tmp_path: Path) -> None:
    project = tmp_path / "proj"
    (project / "set").mkdir(parents=True)
    (project / "set" / "a.txt").write_bytes(b"a\n")
    left = execution(project).put("AssignArtifact", "by/hash", hash="0" * 64)
    left.put("TrackFilesToArtifact", "tracked", entries=[["set", None], [str(project / "set"), "in"]], project_id="x")
    left.put("TrackFilesToArtifact", "far", entries=[["s3://bucket/x", None]], project_id="x")
    left.put("TrackFilesToArtifact", "gone", entries=[["/nowhere/x", None]], project_id="x")
    left.put("AssignArtifact", "cleared", hash="1" * 64).put("ClearArtifact", "cleared")
    found = read(project)
    assert found.facts.config["by"] == {"hash": {"hash": "0" * 64, "size": None}}
    assert found.facts.config["tracked"]["size"] == 4
    rows = json.loads(files(found)["tracked", "files.json"])
    assert [row[:3] for row in rows] == [
        [name, "3f786850e387550fdab836ed7e6dc881de23001b", "Local"] for name in ("a.txt", "in/a.txt")
    ]
    assert found.facts.attributes["types"] == {"by": {"hash": "artifact"}, "tracked": "artifact"}
    assert [problem.split(", ")[1].split(":")[0] for problem in found.problems] == ["far", "gone"]
    before = found.run.fingerprint
    (project / "set" / "b.txt").write_bytes(b"b\n")
    assert reading.runs("neptune", project, project=PROJECT)[0].fingerprint != before


def test_images_of_every_age(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(8)
    left = execution(tmp_path).image("i", png).image("i", b"\xff\xd8\xff" + bytes(8), 4, name="n", description="d")
    old = [
        {"value": base64.b64encode(png).decode(), "step": None, "ts": START},
        {"value": None, "step": 1, "ts": START},
    ]
    left.put("LogImages", "i", values=old).image("i", b"", 9, data="no base64")
    found = read(tmp_path)
    images = found.of(File)
    assert [(one.type, one.step, one.caption, one.metadata, one.file_name) for one in images] == [
        ("IMAGE", 0, None, None, "i.png"), ("IMAGE", 4, "d", {"name": "n"}, "i.jpg"), ("IMAGE", 5, None, None, "i.png"),
    ]  # fmt: skip
    assert len(found.problems) == 1
    assert found.problems[0].endswith("an image without content")


# --- damage -----------------------------------------------------------------------------------------------------------


def whole(tmp_path: Path) -> tuple[Execution, bytes]:
    left = execution(tmp_path).put("AssignString", "a", value='{"obj": {').floats("m", 1.5, math.nan, steps=[1, 2])
    left.texts("t", 'ü\n"{').put("AddStrings", "s", values=["x"]).image("i", b"\x89PNG\r\n\x1a\n")
    return left, left.log.read_bytes()


def test_a_log_cut_anywhere_gives_what_is_whole(tmp_path: Path) -> None:
    left, data = whole(tmp_path)
    (left.folder / "last_put_version").write_text("5")
    ends = [place for place in range(len(data)) if data[place : place + 1] == b"\n"]
    for size in range(len(data)):
        left.log.write_bytes(data[:size])
        found = read(tmp_path)
        complete = sum(size >= end for end in ends)
        assert len(found.facts.config) == min(complete, 1) + (complete >= 4)
        assert len(found.points.get("m", ())) == (2 if complete >= 2 else 0)
        cut = size not in (0, *(end for end in ends), *(end + 1 for end in ends))
        assert any("cut off" in problem for problem in found.problems) == cut, (size, found.problems)
        assert any("did not reach the disk" in problem for problem in found.problems) == (0 < complete < 5)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_flipped_bits_hurt_no_neighbours(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    left, good = whole(tmp_path_factory.mktemp("flip"))
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    left.log.write_bytes(bytes(bad))
    left.put("AssignString", "after", value="kept")
    line = good[:place].count(b"\n")
    found = read(left.folder)
    assert found.facts.config["after"] == "kept"
    if line != 1 and bad[place] != 0x0A and good[place] != 0x0A:
        assert [(step, repr(value)) for step, _, value in found.points["m"]] == [(1, "1.5"), (2, "nan")]


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        (bytes(70_000), "characters that are no operation"),
        (b"hello\n", "characters that are no operation"),
        (b"\xff\xfe\n", "characters that are no operation"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "va', "damaged"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "va\n', "cut off"),
        (b'{"obj": {"type": "AssignString", "path": ["x"], "value": "', "damaged"),
        (b'{"other": 1}\n', "no operation"),
        (b'{"obj": [], "version": 2}\n', "no operation"),
        (b'{"obj": {"type": "AssignInt", "path": [], "value": 1}, "version": 2}\n', "without a path"),
        (b'{"obj": {"type": "AssignInt", "path": ["", "/"], "value": 1}, "version": 2}\n', "without a path"),
        (b'{"obj": {"type": "AssignInt", "path": [1], "value": 1}, "version": 2}\n', "without a path"),
        (b'{"obj": {"type": "Invented", "path": ["x"]}, "version": 2}\n', "unknown type 'Invented'"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "value": null}, "version": 2}\n', "without a value"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "value": ' + b"1" * 5000 + b'}, "version": 2}\n', "damaged"),
        (b'{"obj": ' + b"[" * 100_000 + b"\n", "damaged"),
        (b'{"obj": {"type": "LogFloats", "path": ["x"], "values": 3}, "version": 2}\n', "without values"),
        (b'{"obj": {"type": "LogFloats", "path": ["x"], "values": [1]}, "version": 2}\n', "that is none"),
        (b'{"obj": {"type": "LogFloats", "path": ["x"], "values": [{"value": "1"}]}, "version": 2}\n', "no number"),
        (b'{"obj": {"type": "LogStrings", "path": ["x"], "values": [{"value": 1}]}, "version": 2}\n', "no text"),
        (b'{"obj": {"type": "AddStrings", "path": ["x"], "values": [1]}, "version": 2}\n', "no texts"),
        (b'{"obj": {"type": "AssignDatetime", "path": ["x"], "value": 1e300}, "version": 2}\n', "without a value"),
        (b'{"obj": {"type": "UploadFile", "path": ["x"]}, "version": 2}\n', "without a name"),
        (b'{"obj": {"type": "UploadFileContent", "path": ["x"], "file_content": "??"}, "version": 2}\n', "no base64"),
        (b'{"obj": {"type": "CopyAttribute", "path": ["x"]}, "version": 2}\n', "without a source"),
        (b'{"obj": {"type": "AssignArtifact", "path": ["x"]}, "version": 2}\n', "without a hash"),
        (b'{"obj": {"type": "TrackFilesToArtifact", "path": ["x"]}, "version": 2}\n', "without anything"),
        (b'{"obj": {"type": "AssignInt", "path": ["x"], "value": 1}, "version": 9}\n', "7 operations are missing here"),
    ],
)  # fmt: skip
def test_what_is_no_operation_is_named_and_passed_over(tmp_path: Path, between: bytes, reason: str) -> None:
    left = execution(tmp_path).put("AssignInt", "before", value=1)
    left.raw(between)
    left.put("AssignInt", "after", value=2)
    found = read(tmp_path)
    assert any(reason in problem for problem in found.problems), found.problems
    assert (found.facts.config["before"], found.facts.config["after"]) == (1, 2)


def test_objects_need_no_lines_of_their_own(tmp_path: Path) -> None:
    left = execution(tmp_path)
    left.raw(b'{"obj": {"type": "AssignInt", "path": ["a"], "value": 1}, "version": 1}'
             b'{"obj": {"type": "AssignInt", "path": ["b"], "value": 2}, "version": 2}\n'
             b'{\n  "obj": {\n    "type": "AssignString",\n    "path": ["c"],\n    "value": "x\ny"\n  },\n'
             b'  "version": 3}\n\n')  # fmt: skip
    found = read(tmp_path)
    assert (found.facts.config, found.problems) == ({"a": 1, "b": 2, "c": "x\ny"}, [])


def test_a_thousand_damages_make_few_lines(tmp_path: Path) -> None:
    left = execution(tmp_path)
    for _ in range(1_000):
        left.raw(b"rubbish\n")
    problems = Problems()
    (run,) = reading.runs("neptune", tmp_path, problems, project=PROJECT)
    list(run.read(tmp_path, problems))
    assert len(problems) == 11
    assert sum(count for _, count in problems) == 1_000


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ROWS = st.dictionaries(st.sampled_from(["value", "step", "ts", "data", "x"]), SCALARS, max_size=4)
JUNK = SCALARS | st.lists(SCALARS | st.lists(SCALARS, max_size=2) | ROWS, max_size=3) | ROWS
TYPES = st.sampled_from(
    "AssignFloat AssignInt AssignBool AssignString AssignDatetime AssignArtifact UploadFile UploadFileContent"
    " UploadFileSet DeleteFiles LogFloats LogStrings LogImages ClearFloatLog ClearStringLog ClearImageLog"
    " ConfigFloatSeries AddStrings RemoveStrings ClearStringSet TrackFilesToArtifact ClearArtifact DeleteAttribute"
    " CopyAttribute".split()
)
FIELDS = st.sampled_from(
    "value values ext file_path tmp_file_name file_content file_globs reset file_paths min max unit hash entries"
    " container_id source_path".split()
)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(TYPES, st.sampled_from(["a", "b", "a/b", "sys/tags", "sys/name"]), st.dictionaries(FIELDS, JUNK))
    ),
    JUNK,
)
def test_fields_of_any_type_do_no_harm(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, str, dict[str, Any]]], about: Any
) -> None:
    left = execution(tmp_path_factory.mktemp("junk"))
    for kind, path, fields in operations:
        if kind != "UploadFileSet":  # a pattern may fit all of the machine
            left.put(kind, path, **{key: value for key, value in fields.items() if key != "entries"})
    left.put("AssignString", "after", value="kept")
    (left.folder / "metadata.json").write_text(json.dumps(about))
    found = read(left.folder)
    assert found.facts.config["after"] == "kept"


def test_metadata_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    left = execution(tmp_path).put("AssignInt", "n", value=1)
    (left.folder / "metadata.json").write_bytes(b"\xff{")
    problems = Problems()
    (run,) = reading.runs("neptune", tmp_path, problems, project=PROJECT)
    assert run.id == RUN
    assert [one.what.split(":")[0] for one, _ in problems] == ["can't be read"]


def test_nothing_is_written_to_what_is_read(tmp_path: Path) -> None:
    left = execution(tmp_path).floats("m", 1)
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    read(tmp_path)
    after = {path: path.stat() for path in tmp_path.rglob("*")}
    assert {path: (one.st_size, one.st_mtime_ns) for path, one in before.items()} == {
        path: (one.st_size, one.st_mtime_ns) for path, one in after.items()
    }
    assert left.log in before


@pytest.mark.parametrize("pattern", ["data/**", "data/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/f.txt", "data/**/f.txt"])
def test_patterns_end_where_links_lead_in_circles(tmp_path: Path, pattern: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "f.txt").write_text("f")
    for name in "abc":
        (folder / name).symlink_to(".")
    (folder / "up").symlink_to("..")
    for number in range(30):  # each leads to the next twice: a billion ways
        (folder / f"n{number}").mkdir()
        for name in "xy":
            (folder / f"n{number}" / name).symlink_to(f"../n{number + 1}")
    (folder / "n29" / "end.txt").write_text("end")
    execution(tmp_path).put("UploadFileSet", "set", file_globs=[pattern], reset=True)
    found = read(tmp_path)
    assert {path.rsplit("/", 1)[-1] for _, path in files(found)} >= (
        {"f.txt"} if "f.txt" in pattern else {"f.txt", "end.txt"}
    )


def test_patterns_fit_what_glob_finds(tmp_path: Path) -> None:
    for name in ("a/b/c.txt", "a/.hidden/d.txt", "a/e.txt", ".f/g.txt", "[1]/h.txt", "i.txt"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "files" / "link").symlink_to("a")
    top = glob.escape(str(tmp_path / "files"))
    for pattern in (
        "**",
        "**/*.txt",
        "a/**",
        "*/*.txt",
        ".f/*",
        "?.txt",
        "[[]1]/*",
        "a/../i.txt",
        "link/*",
        "i.txt",
    ):
        wanted = {os.path.abspath(one) for one in glob.iglob(f"{top}/{pattern}", recursive=True)}
        assert {os.path.abspath(one) for one in fitting(f"{top}/{pattern}", lambda *_: None)} == wanted, pattern
