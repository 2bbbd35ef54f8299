"""Exports of neptune-exporter: what is in them comes over, and what can't is named."""

from __future__ import annotations

import hashlib
import math
import pickle
import struct
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration.model import Console, Data, File, Parent, Points, Texts
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_exporter import columns

from pluto.compat.attributes.layout import leaves
from tests.migration.exports import (
    BEGAN,
    BEGAN_US,
    SCHEMA,
    SOURCE,
    Export,
    at,
    content,
    folder_name,
    noted,
    only,
    points,
    row,
    system,
    write_part,
)
from tests.migration.reading import DATA, expected, read, read_all, runs

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path / "exports")


# the sample


@pytest.mark.parametrize("wanted", expected(SOURCE), ids=lambda run: run["run_id"])
def test_the_sample_is_read_whole(wanted: dict[str, Any]) -> None:
    found = read_all(SOURCE, DATA / SOURCE)[wanted["run_id"]]
    assert (found.run.project, found.run.name) == (wanted["project"], wanted["name"])
    assert (found.run.created, found.facts.ended) == (wanted["created_ms"] * 1000, wanted["updated_ms"] * 1000)
    assert (found.facts.name, found.facts.tags, found.facts.status) == (wanted["name"], wanted["tags"], "finished")
    assert found.facts.notes == wanted.get("description")
    assert leaves(found.facts.config) == wanted["config"]
    assert {name: [[step, value] for step, _, value in rows] for name, rows in found.points.items()} == {
        name: series["points"] for name, series in wanted["metrics"].items()
    }
    assert {name: [[step, value] for step, _, value in rows] for name, rows in found.texts.items()} == {
        name: series["points"] for name, series in wanted["string_series"].items()
    }
    for name, series in wanted["times_ms"].items():
        rows = found.points.get(name) or found.texts[name]
        assert [[number, one[1] / 1000] for number, one in enumerate(rows)] == series["points"]
    files = {file.name: file for file in found.of(File)}
    for said in wanted["files"] + wanted["media"]:
        file = files.pop(said.get("name") or said["key"])
        assert hashlib.sha256(content(file)).hexdigest() == said["sha256"]
        assert file.step == said.get("step", 0)
    assert not files
    assert [(one.name, one.step, one.body["bins"], one.body["freq"]) for one in found.of(Data)] == [
        (one["key"], one["step"], one["edges"], one["counts"]) for one in wanted.get("histograms", [])
    ]
    assert found.facts.extras["kind"] == wanted["kind"]
    assert found.problems == []


def test_old_ids_and_what_the_doors_keep_beside() -> None:
    found = read_all(SOURCE, DATA / SOURCE)
    assert (found["DEM-1"].run.old_ids, found["exp-a"].run.old_ids) == ((), ("DEM3-1",))
    older, newer = found["DEM-1"].facts.attributes, found["exp-a"].facts.attributes
    assert (older["sys"]["id"], newer["sys"]["id"]) == ("DEM-1", "DEM3-1")
    assert older["made_id"] is True
    assert "made_id" not in newer
    assert newer["types"] == {"f": "file", "imgs": "file_series"}
    assert "state" not in older["sys"]


def test_a_run_can_be_sent_to_another_process(export: Export, tmp_path: Path) -> None:
    export.part("w/p", "P-1", system("P-1"), points("a", [1.0]))
    (run,) = runs(SOURCE, export.root)
    again = pickle.loads(pickle.dumps(run))
    assert (again.label, again.fingerprint, again.size) == (run.label, run.fingerprint, run.size)
    assert read(again).points == read(run).points


# layout


@pytest.mark.parametrize("below", ["", "data", f"data/{folder_name('w/p')}"])
def test_any_folder_of_an_export_will_do(export: Export, below: str) -> None:
    name = export.file("w/p", "w/p/P-1/f", b"x")
    export.part("w/p", "P-1", system("P-1"), [row("f", "file", name)])
    (found,) = read_all(SOURCE, export.root / below).values()
    assert [content(file) for file in found.of(File)] == [b"x"]


def test_files_may_lie_elsewhere(export: Export, tmp_path: Path) -> None:
    export.part("w/p", "P-1", system("P-1"), [row("f", "file", "w/p/P-1/f")])
    other = Export(tmp_path / "other")
    other.file("w/p", "w/p/P-1/f", b"there")
    found = only(export, settings={"files": str(other.root / "files")})
    assert [content(file) for file in found.of(File)] == [b"there"]


def test_parts_are_read_in_the_order_of_their_numbers(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"))
    for number in range(1, 12):
        export.part("w/p", "P-1", points("a", [float(number)], [0]), number=number)
    assert [value for *_, value in only(export).points["a"]] == [float(number) for number in range(1, 12)]


def test_ids_that_look_like_parts(export: Export) -> None:
    for run in ("a", "a_part_0", "a/part_1.parquet"):
        export.part("w/p", run, system("P-1", custom_run_id=run), points(run, [1.0]))
    # Earlier exporters put no hash behind the id.
    write_part(export.data("w/p") / "b_part_0_part_0.parquet", "w/p", "b_part_0", [system("b_part_0")])
    assert set(read_all(SOURCE, export.root)) == {"a", "a_part_0", "a/part_1.parquet", "b_part_0"}


def test_runs_come_in_the_order_of_their_numbers(export: Export) -> None:
    for number in (10, 9, 1, 100):
        export.part("w/p", f"P-{number}", system(f"P-{number}"))
    assert [run.id for run in runs(SOURCE, export.root)] == ["P-1", "P-9", "P-10", "P-100"]


def test_projects_ids_and_patterns(export: Export) -> None:
    export.part("w/ä b", "P-1", system("P-1"))
    export.part("w/p", "P-1", system("P-1", custom_run_id="mine"))
    assert [run.label for run in runs(SOURCE, export.root)] == ["w/p/mine", "w/ä b/P-1"]
    assert [run.label for run in runs(SOURCE, export.root, project="q")] == ["q/mine", "q/P-1"]
    assert [run.id for run in runs(SOURCE, export.root, include=["w/p/*"])] == ["mine"]
    assert [run.label for run in runs(SOURCE, export.root, exclude=["P-1"])] == []
    assert [run.id for run in runs(SOURCE, export.root, exclude=["mine"])] == ["P-1"]


def test_what_is_no_export_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data" / "p").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file", tmp_path / "missing"):
        with pytest.raises(SourceError, match="data"):
            runs(SOURCE, path)
    with pytest.raises(SourceError, match="no setting 'colour'"):
        runs(SOURCE, tmp_path, settings={"colour": "red"})


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pluto_migration.source import Options, Problems, SourceError\n"
        "from pluto_migration.sources import source_of\n"
        "try: list(source_of('neptune-exporter').find([sys.argv[1]], Options(), Problems()))\n"
        "except SourceError as error: print(error)\n"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}", str(DATA / SOURCE)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "pip install 'pluto-ml[migrate]'" in said


# interrupted exports


def test_an_interrupted_export_is_reported_and_left_out(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), open=True)
    export.part("w/p", "P-1", points("a", [1.0]), number=1)
    export.part("w/p", "P-2", points("a", [1.0]), number=1)
    export.part("w/p", "P-3", system("P-3"))
    assert [run.id for run in runs(SOURCE, export.root)] == ["P-3"]
    said = noted(export.root)
    assert len(said) == 2
    assert all("interrupted" in one and "--partial" in one for one in said)


def test_what_is_left_of_it_comes_over_when_asked_for(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), open=True)
    export.part("w/p", "P-1", points("a", [1.0]), number=1, open=True)
    torn = export.part("w/p", "P-1", points("b", [1.0]), number=2, open=True)
    torn.write_bytes(torn.read_bytes()[:-20])
    found = only(export, partial=True)
    assert set(found.points) == {"a"}
    assert any("interrupted" in one for one in found.problems)
    assert any("part_2.parquet.tmp" in one and "can't be read" in one for one in found.problems)


def test_a_part_that_is_missing_is_named(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"))
    export.part("w/p", "P-1", points("a", [1.0]), number=2)
    found = only(export)
    assert set(found.points) == {"a"}
    assert any("_part_1.parquet is missing" in one for one in found.problems)


def test_a_leftover_beside_a_complete_run_is_no_part_of_it(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), points("a", [1.0]))
    export.part("w/p", "P-1", points("a", [2.0]), number=1, open=True)
    assert len(only(export).points["a"]) == 1
    assert any("left over" in one for one in noted(export.root))


# values


def test_points_keep_steps_times_and_values(export: Export) -> None:
    values = [1.0, None, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1]
    steps = [0, "0.5", -3, 7, 7, "2.000001", "123456789012.654321", "-999999999999.999999"]
    export.part("w/p", "P-1", system("P-1"), points("a/b", values, steps))
    found = only(export).points["a/b"]
    assert [step for step, *_ in found] == [float(step) for step in steps]
    assert [time for _, time, _ in found] == [BEGAN_US + number * 1_000_000 for number in range(len(values))]
    packed = [struct.pack("<d", math.nan if value is None else value) for value in values]
    assert [struct.pack("<d", value) for *_, value in found] == packed


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1) | st.none(), max_size=50))
def test_steps_are_the_floats_that_are_nearest(units: list[int | None]) -> None:
    decimals = [None if unit is None else Decimal(unit).scaleb(-6) for unit in units]
    array = pa.array([None, *decimals], pa.decimal128(18, 6))[1:]
    wanted = [math.nan if one is None else float(one) for one in decimals]
    np.testing.assert_array_equal(columns.steps(array), wanted)


def test_rows_of_attributes_that_only_others_have_are_left_out(export: Export) -> None:
    kinds = ("int", "float", "string", "bool", "datetime", "string_set", "float_series", "string_series",
             "histogram_series", "file", "file_series", "file_set", "artifact")  # fmt: skip
    export.part("w/p", "r", system("P-1"), [row(f"absent/{kind}", kind, None, 0) for kind in kinds])
    found = only(export)
    assert found.of(Points) == found.of(Texts) == found.of(Data) == found.of(File) == []
    assert found.facts.config == {}
    assert found.problems == []


def test_parameters_keep_their_types(export: Export) -> None:
    moment = BEGAN + timedelta(days=1)
    values = {
        "i": ("int", 2**63 - 1), "f": ("float", 1.0), "inf": ("float", math.inf), "s": ("string", "ä\n"),
        "empty": ("string", ""), "b": ("bool", False), "d": ("datetime", moment), "none": ("string_set", []),
        "set": ("string_set", ["y", "x", "x"]),
    }  # fmt: skip
    rows = [row(f"p/{name}", kind, value) for name, (kind, value) in values.items()]
    export.part("w/p", "P-1", system("P-1"), rows)
    config = only(export).facts.config["p"]
    wanted = {name: value for name, (_, value) in values.items()} | {"set": frozenset("xy"), "none": frozenset()}
    assert config == wanted
    assert [type(config[name]) for name in wanted] == [type(value) for value in wanted.values()]


def test_a_path_may_be_a_value_and_a_namespace(export: Export) -> None:
    rows = [row("a", "int", 1), row("a/b", "int", 2), row("c/d", "int", 3)]
    export.part("w/p", "P-1", system("P-1"), rows)
    export.part("w/p", "r", system("P-2"), rows)
    for found in read_all(SOURCE, export.root).values():
        assert leaves(found.facts.config) == {"a": 1, "a/b": 2, "c/d": 3}


def test_names_that_pluto_keeps_for_itself(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), [row("_attributes/x", "int", 1)])
    assert leaves(only(export).facts.config) == {"_attributes/x": 1}


def test_what_is_known_of_a_run(export: Export) -> None:
    export.part(
        "w/p", "P-1",
        system("P-1", failed=True, description="notes", tags=["b", "a", "group:x"], group_tags=["g"], owner="me",
               hostname="host", running_time=2.5, archived=False, custom_run_id="mine", modification_time=at(90)),
    )  # fmt: skip
    found = only(export)
    facts = found.facts
    assert (found.run.id, found.run.old_ids, found.run.created) == ("mine", ("P-1",), BEGAN_US)
    assert (facts.name, facts.notes, facts.status) == ("a run", "notes", "failed")
    assert facts.tags == ["a", "b"]
    assert facts.ended == BEGAN_US + 60_000_000
    assert facts.metadata == {"os_info": {"hostname": "host"}}
    assert facts.attributes["group_tags"] == {"g": True}
    assert facts.attributes["tags"] == {"group:x": True}
    own = facts.attributes["sys"]
    assert (own["owner"], own["running_time"], own["modification_time"]) == ("me", 2.5, at(90))
    assert not {"name", "description", "tags", "group_tags"} & own.keys()


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([row("sys/failed", "bool", True)], "failed"),
        ([row("sys/failed", "bool", False)], "finished"),
        ([], "unknown"),
        ([row("sys/failed", "bool", False), row("sys/state", "string", "Active")], "running"),
    ],
)
def test_how_a_run_ended(export: Export, rows: list[dict[str, Any]], status: str) -> None:
    export.part("w/p", "P-1", [row("sys/id", "string", "P-1"), *rows])
    found = only(export)
    assert found.facts.status == status
    assert (found.run.name, found.run.created, found.facts.ended) == (None, None, None)


def test_histograms(export: Export) -> None:
    def histogram(word: str | None, edges: list[float], values: list[float]) -> dict[str, Any]:
        return {"type": word, "edges": edges, "values": values}

    rows = [
        row("h", "histogram_series", histogram("COUNTING", [0, 0.5, 2], [3, 4]), "0.5", at(1)),
        row("h", "histogram_series", histogram("DENSITY", [0, 1], [1.0]), 1, at(2)),
        row("odd", "histogram_series", histogram("WEIGHTED", [0, 1], [1.0]), 1, at(2)),
        row("h", "histogram_series", histogram("COUNTING", [0, 1], [1.0, 2.0]), 2, at(3)),
    ]
    export.part("w/p", "r", system("P-1"), rows)
    found = only(export)
    first, second, odd = found.of(Data)
    assert (first.name, first.type, first.step, first.time) == ("h", "HISTOGRAM", 0.5, BEGAN_US + 1_000_000)
    assert (first.body["bins"], first.body["freq"]) == ([0.0, 0.5, 2.0], [3.0, 4.0])
    assert "density" not in first.body
    assert second.body["density"] is odd.body["density"] is True
    assert found.facts.extras["histogram_types"] == {"odd": "WEIGHTED"}
    assert [one for one in found.problems if "do not fit" in one]


def test_many_series_in_turn_are_put_together(export: Export) -> None:
    rows = [one for step in range(50) for name in "abc" for one in points(name, [step + ord(name)], [step])]
    export.part("w/p", "r", system("P-1"), rows, rows)
    found = only(export)
    assert len(found.of(Points)) == 3
    for name in "abc":
        assert [value for *_, value in found.points[name]] == [step + ord(name) for step in range(50)] * 2


def test_an_item_has_a_bounded_number_of_points(export: Export) -> None:
    count = 70_000
    names = {"project_id": "w/p", "run_id": "r", "attribute_path": "a", "attribute_type": "float_series"}
    columns_ = {name: pa.array([value]).take(pa.array([0] * count)) for name, value in names.items()} | {
        "step": pa.array(range(count)).cast(pa.decimal128(38, 0)).cast(pa.decimal128(18, 6)),
        "timestamp": pa.array(range(count)).cast(pa.timestamp("ms", tz="UTC")),
        "float_value": pa.array(np.arange(count, dtype=float)),
    }
    arrays = [columns_.get(field.name, pa.nulls(count, field.type)) for field in SCHEMA]
    path = export.part("w/p", "r", system("P-1"))
    with pq.ParquetWriter(path.with_name(path.name.replace("part_0", "part_1")), SCHEMA) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
    found = only(export)
    assert max(len(item.steps) for item in found.of(Points)) <= 65_536
    assert [value for *_, value in found.points["a"]] == list(range(count))


def test_points_without_a_step_or_a_time_are_kept_and_named(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), [row("a", "float_series", 1.0), row("t", "string_series", "x")])
    found = only(export)
    assert found.points == {"a": [(0.0, BEGAN_US, 1.0)]}
    assert found.texts == {"t": [(0.0, BEGAN_US, "x")]}
    assert len([one for one in found.problems if "without a step" in one or "without a time" in one]) == 2


# console and hardware


def test_what_was_printed_comes_as_lines(export: Export) -> None:
    def printed(stream: str, *texts: str) -> list[dict[str, Any]]:
        path = f"monitoring/ab12/{stream}"
        return [row(path, "string_series", text, step, at(step)) for step, text in enumerate(texts)]

    out = printed("stdout", "hello", "\n", "10%\r20%\r", "30%\n", "two\nlines\n", "no end")
    export.part("w/p", "P-1", system("P-1"), out[3:], printed("stderr", "whole", "lines"), out[:3])
    found = only(export)
    lines = {(item.stream, item.source): (list(item.times), list(item.lines)) for item in found.of(Console)}
    times = [BEGAN_US + second * 1_000_000 for second in (1, 3, 4, 4, 5)]
    assert lines["stdout", "monitoring/ab12"] == (times, ["hello", "30%", "two", "lines", "no end"])
    assert lines["stderr", "monitoring/ab12"][1] == ["whole", "lines"]
    assert found.facts.attributes["monitoring"] == {"monitoring/ab12": {"stdout": True, "stderr": True}}
    assert found.texts == {}


def test_streams_of_the_newer_client_may_have_any_namespace(export: Export) -> None:
    rows = [
        row("mine/stdout", "string_series", "line", "0.000001", at(0)),
        row("mine/log", "string_series", "x", 0, at(0)),
    ]
    export.part("w/p", "r", system("P-1"), rows)
    export.part("w/q", "P-1", system("P-1"), rows)
    newer, older = read_all(SOURCE, export.root).values()
    assert [(item.source, list(item.lines)) for item in newer.of(Console)] == [("mine", ["line"])]
    assert (set(newer.texts), set(older.texts)) == ({"mine/log"}, {"mine/log", "mine/stdout"})


def test_hardware_lies_where_the_doors_look_for_it(export: Export) -> None:
    names = ("monitoring/ab/cpu", "monitoring/ab/gpu_0", "runtime/cpu", "runtime/steps", "train/cpu")
    export.part("w/p", "r", system("P-1"), [one for name in names for one in points(name, [0.1])])
    found = only(export)
    assert set(found.points) == {"sys/ab/cpu", "sys/ab/gpu_0", "sys/@runtime/cpu", "runtime/steps", "train/cpu"}
    assert found.facts.attributes["monitoring"] == {"monitoring/ab": {"hardware": True}, "runtime": {"hardware": True}}


# models, forks, the trash


def test_models_go_to_the_companion_project(export: Export) -> None:
    name = export.file("w/p", "models/P-MOD/sig", b"s", model=True)
    export.part("w/p", "P-MOD", system("P-MOD")[:3], [row("sig", "file", name)], model="models")
    export.part("w/p", "P-MOD-1", system("P-MOD-1", model_id="P-MOD", stage="production"), model="model_versions")
    export.part("w/p", "P-1", system("P-1"))
    found = read_all(SOURCE, export.root)
    assert {one.run.label for one in found.values()} == {"w/p/P-1", "w/p/.models/P-MOD", "w/p/.models/P-MOD-1"}
    model, version = found["P-MOD"], found["P-MOD-1"]
    assert [content(file) for file in model.of(File)] == [b"s"]
    assert (model.facts.status, version.facts.attributes["sys"]["stage"]) == ("finished", "production")
    below = read_all(SOURCE, export.root / "model_data" / folder_name("w/p"))
    assert [content(file) for file in below["P-MOD"].of(File)] == [b"s"]
    assert {run.project for run in runs(SOURCE, export.root, project="q")} == {"q", "q/.models"}


def test_forks_come_behind_their_parents(export: Export) -> None:
    def fork(parent: str, step: float) -> dict[str, Any]:
        return {"forking/parent": parent, "forking/step": step}

    export.part("w/p", "a", system("P-3", custom_run_id="a", **fork("b", 10.0)))
    export.part("w/p", "b", system("P-2", custom_run_id="b", **fork("P-1", 5)))
    export.part("w/p", "c", system("P-1", custom_run_id="c", **fork("gone", 1.0)))
    export.part("w/p", "d", system("P-4", custom_run_id="d", **fork("e", 1.0)))
    export.part("w/p", "e", system("P-5", custom_run_id="e", **fork("d", 1.0)))
    found = {run.id: run.parent for run in runs(SOURCE, export.root)}
    assert [id for id in found if id in "abc"] == ["c", "b", "a"]
    assert found["a"] == Parent("w/p", "b", 10.0)
    assert found["b"] == Parent("w/p", "c", 5.0)
    assert found["c"] == Parent("w/p", "gone", 1.0)
    assert {"d", "e"} <= found.keys()


def test_the_trash_comes_only_when_asked_for(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1", trashed=True))
    export.part("w/p", "P-2", system("P-2", archived=True))
    export.part("w/p", "P-3", system("P-3"))
    problems = Problems()
    assert [run.id for run in runs(SOURCE, export.root, problems)] == ["P-3"]
    ((problem, count),) = problems
    assert "--archived" in problem.what
    assert count == 2
    found = read_all(SOURCE, export.root, archived=True)
    assert found["P-1"].facts.attributes["sys"]["trashed"] is True


def test_what_is_there_twice_comes_once(export: Export, tmp_path: Path) -> None:
    export.part("w/p", "P-1", system("P-1", custom_run_id="P-2"), points("a", [1.0]))
    export.part("w/p", "P-2", system("P-2"), points("b", [1.0]))
    assert [run.id for run in runs(SOURCE, export.root)] == ["P-2"]
    assert any("too: left out" in one for one in noted(export.root))
    from pluto_migration.source import Options
    from pluto_migration.sources import source_of

    problems = Problems()
    twice = [str(export.root), str(export.root / "data")]
    assert len(list(source_of(SOURCE).find(twice, Options(), problems))) == 1
    assert len(list(problems)) == 1


# the exporter's own errors


def test_what_the_export_did_not_get_is_told_with_the_run(export: Export) -> None:
    def error(run: Any, path: Any, kind: str | None = None) -> dict[str, Any]:
        named = {"project_id": "w/p", "run_id": run, "attribute_path": path, "attribute_type": kind}
        return {**named, "exception": "TimeoutError"}

    export.part("w/p", "P-1", system("P-1"))
    export.part("w/p", "P-2", system("P-2"))
    export.errors(error("P-1", "a/b", "file"), error("P-1", "a/b", "file"), error(["P-1", "P-2"], None),
                  error(["P-2"], ["x", "y"]), error("P-9", None), error(None, None), "{", "[]")  # fmt: skip
    found = read_all(SOURCE, export.root)
    told = {id: [one.partition(": ")[2] for one in run.problems] for id, run in found.items()}
    assert told["P-1"] == [
        "a/b: the export did not get it (file): TimeoutError (2 times)", "the export did not get it: TimeoutError",
    ]  # fmt: skip
    assert [one.partition(":")[0] for one in told["P-2"]] == ["the export did not get it", "x", "y"]
    rest = noted(export.root)
    assert any("w/p/P-9" in one for one in rest)
    assert any("w/p/no run" in one for one in rest)
    assert [one for one in rest if "line 7" in one] and [one for one in rest if "line 8" in one]


def test_the_report_may_lie_anywhere(export: Export, tmp_path: Path) -> None:
    export.part("w/p", "P-1", system("P-1"))
    report = export.errors({"project_id": "w/p", "run_id": "P-1", "exception": "E"})
    beside = report.rename(tmp_path / report.name)
    assert only(export).problems
    assert read_all(SOURCE, export.root / "data")["P-1"].problems
    hidden = beside.rename(tmp_path / "my.jsonl")
    assert not only(export).problems
    assert only(export, settings={"errors": str(hidden)}).problems
    with pytest.raises(SourceError, match="report of errors"):
        only(export, settings={"errors": str(tmp_path / "none")})
