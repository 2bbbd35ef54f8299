"""Exports of neptune-exporter: what is in them comes over, and what can't is named."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import Console, Data, File, Parent, Points, Texts
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_exporter import columns

from pluto.compat.attributes.layout import leaves
from tests.migration.exports import BEGAN, BEGAN_US, SCHEMA, Export, at, folder_name, points, row, system, write_part
from tests.migration.reading import DATA, Read, expected, read, read_all, runs

SOURCE = "neptune-exporter"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path / "exports")


def only(export: Export, **options: Any) -> Read:
    """The only run of an export, read."""
    (found,) = read_all(SOURCE, export.root, **options).values()
    return found


def noted(path: Path, **options: Any) -> list[str]:
    """What is noted while the runs are looked for."""
    problems = Problems()
    runs(SOURCE, path, problems, **options)
    return [f"{problem.where}: {problem.what}" for problem, _ in problems]


def content(file: File) -> bytes:
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()


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


# files


def test_files_are_told_by_extension_or_content(export: Export) -> None:
    contents = {"a.png": PNG, "b": PNG, "c.wav": b"x", "d.mp4": b"x", "e.bin": b"x", "f": b"text", "g.JPEG": b"x"}
    rows = [row(f"f/{name}", "file", export.file("w/p", f"w/p/P-1/f/{name}", data)) for name, data in contents.items()]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert {file.name: (file.type, file.file_name) for file in found.of(File)} == {
        "f/a.png": ("IMAGE", "a.png"), "f/b": ("IMAGE", "b.png"), "f/c.wav": ("AUDIO", "c.wav"),
        "f/d.mp4": ("VIDEO", "d.mp4"), "f/e.bin": ("FILE", "e.bin"), "f/f": ("FILE", "f"),
        "f/g.JPEG": ("IMAGE", "g.JPEG"),
    }  # fmt: skip
    assert leaves(found.facts.attributes["types"]) == dict.fromkeys((f"f/{name}" for name in contents), "file")
    assert {file.name[2:]: content(file) for file in found.of(File)} == contents


def test_series_of_files(export: Export) -> None:
    rows = [
        row("imgs", "file_series", export.file("w/p", f"w/p/P-1/imgs/{step}.png", PNG + bytes([step])), step, time)
        for step, time in ((10, None), (2, at(5)))
    ]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert [(file.name, file.step, file.time, file.type) for file in found.of(File)] == [
        ("imgs", 10.0, 0, "IMAGE"), ("imgs", 2.0, BEGAN_US + 5_000_000, "IMAGE"),
    ]  # fmt: skip
    assert found.facts.attributes["types"] == {"imgs": "file_series"}


def zipped(**files: bytes) -> bytes:
    """A zip; `__` in names stands for `/`, `_dot_` for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return buffer.getvalue()


def set_of(export: Export, content: bytes, name: str = "set.zip") -> Read:
    export.file("w/p", f"w/p/P-1/code/{name}", content)
    export.part("w/p", "P-1", system("P-1"), [row("code", "file_set", "w/p/P-1/code")])
    return only(export)


def entries(found: Read) -> dict[str, bytes | None]:
    return {
        (file.metadata or {}).get("artifact_path", ""): file.content if isinstance(file.content, bytes) else None
        for file in found.of(File)
    }


def test_a_set_of_files_is_unpacked(export: Export, tmp_path: Path) -> None:
    data = zipped(main_dot_py=b"print()", lib__util_dot_py=b"", lib__big=bytes(3 << 20))
    export.file("w/p", "w/p/P-1/code/set.zip", data)
    export.part("w/p", "P-1", system("P-1"), [row("code", "file_set", "w/p/P-1/code")])
    (run,) = runs(SOURCE, export.root)
    problems = Problems()
    found = {
        (file.metadata or {})["artifact_path"]: (file.name, file.type, file.file_name, content(file))
        for file in run.read(tmp_path, problems)
        if isinstance(file, File)
    }
    assert found == {
        "main.py": ("code", "ARTIFACT", "main.py", b"print()"),
        "lib/util.py": ("code", "ARTIFACT", "util.py", b""),
        "lib/big": ("code", "ARTIFACT", "big", bytes(3 << 20)),
    }
    assert not list(problems)


def test_a_set_may_be_a_folder_of_files(export: Export, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    for name in ("a", "d/b", os.fsdecode(b"d/\xff")):
        export.file("w/p", f"w/p/P-1/code/{name}", name.encode("utf-8", "surrogateescape"))
    (export.files("w/p") / "w/p/P-1/code/link").symlink_to(tmp_path / "outside")
    export.part("w/p", "P-1", system("P-1"), [row("code", "file_set", "w/p/P-1/code")])
    found = only(export)
    assert {(file.metadata or {})["artifact_path"]: content(file) for file in found.of(File)} == {
        "a": b"a", "d/b": b"d/b", r"d/\xff": b"d/\xff",
    }  # fmt: skip
    assert [one for one in found.problems if "by a link" in one]


def test_the_kind_is_told_without_a_short_id(export: Export) -> None:
    export.part("w/p", "mine", [row("sys/custom_run_id", "string", "mine"), row("a/b", "int", 1)])
    export.part("w/p", "P-1", [row("sys/name", "string", "x"), row("a/b", "int", 1)])
    found = read_all(SOURCE, export.root)
    assert {id: one.facts.extras["kind"] for id, one in found.items()} == {"mine": "neptune3", "P-1": "neptune2"}


def test_names_in_zips_that_climb_out_are_left_out(export: Export, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("../up", "/abs", "a/../../up", "C:/x", "ok", "dir\\file"):
            archive.writestr(zipfile.ZipInfo(name), name)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    found = set_of(export, buffer.getvalue())
    assert set(entries(found)) == {"ok", "dir/file"}
    assert len(found.problems) == 5
    assert not (tmp_path / "up").exists()


def test_a_zip_that_says_it_is_huge_is_kept_as_it_is(export: Export) -> None:
    data = bytearray(zipped(a=b"x" * 100))
    at_size = data.rindex(b"PK\x01\x02") + 24
    data[at_size : at_size + 4] = struct.pack("<I", 0xF0000000)
    found = set_of(export, bytes(data))
    assert set(entries(found)) == {"set.zip"}
    assert any("would unpack to" in one for one in found.problems)


@pytest.mark.parametrize("content", [b"", b"no zip", zipped(a=b"x" * 100)[:-30]])
def test_a_zip_that_can_not_be_read_is_kept_as_it_is(export: Export, content: bytes) -> None:
    found = set_of(export, content)
    assert set(entries(found)) == {"set.zip"}
    assert any("zip can't be read" in one for one in found.problems)


def test_a_damaged_file_in_a_zip_is_named_and_others_come(export: Export) -> None:
    data = bytearray(zipped(a=bytes(range(256)) * 4, b=b"whole"))
    data[60] ^= 0xFF
    found = set_of(export, bytes(data))
    assert set(entries(found)) == {"b"}
    assert any("'a'" in one for one in found.problems)


def test_artifacts_are_kept_as_what_they_refer_to(export: Export) -> None:
    listed = [
        {"filePath": "a/x", "fileHash": "1" * 40, "type": "Local", "size": 7,
         "metadata": [{"key": "file_path", "value": "file:///a/x"}]},
        {"filePath": "b", "fileHash": "2" * 40, "type": "S3", "size": 5, "metadata": []},
    ]  # fmt: skip
    name = export.file("w/p", "w/p/P-1/data/train/files_list.json", json.dumps(listed).encode())
    export.part("w/p", "P-1", system("P-1"), [row("data/train", "artifact", name)])
    found = only(export)
    (file,) = found.of(File)
    assert (file.name, file.type, file.file_name) == ("data/train", "ARTIFACT", "files.json")
    assert json.loads(content(file)) == [
        ["a/x", "1" * 40, "Local", {"file_path": "file:///a/x"}, 7], ["b", "2" * 40, "S3", {}, 5],
    ]  # fmt: skip
    assert found.facts.config["data"]["train"]["size"] == 12
    assert len(found.facts.config["data"]["train"]["hash"]) == 64
    assert leaves(found.facts.attributes["types"]) == {"data/train": "artifact"}


@pytest.mark.parametrize("content", [b"{", b"{}", b"[1]", b'[{"filePath": 1}]', b"[" * 100_000])
def test_a_list_of_files_that_is_none_is_kept_as_a_file(export: Export, content: bytes) -> None:
    name = export.file("w/p", "w/p/P-1/a/files_list.json", content)
    export.part("w/p", "P-1", system("P-1"), [row("a", "artifact", name)])
    found = only(export)
    assert [(file.name, file.type) for file in found.of(File)] == [("a", "FILE")]
    assert any("the list is kept as a file" in one for one in found.problems)


def test_separators_of_windows(export: Export) -> None:
    export.file("w/p", "w/p/P-1/model/weights", b"x")
    export.file("w/p", "w/p/P-1/code/files.zip", zipped(a=b"1"))
    export.file("w/p", r"w/p/P-1/odd\name", b"y")
    rows = [
        row("model/weights", "file", r"w\p\P-1\model\weights"),
        row("code", "file_set", r"w\p\P-1\code"),
        row("odd", "file", r"w/p/P-1/odd\name"),
    ]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert [file.name for file in found.of(File)] == ["code", "model/weights", "odd"] or found.problems == []
    assert {file.name for file in found.of(File)} == {"code", "model/weights", "odd"}


HOSTILE = ["../../secret", "/etc/passwd", "C:\\x", "w/../../../../secret", "link", "linked/secret", "\0", "a\0b", "",
           ".", "missing", "pipe", "x" * 5_000, "..\\..\\secret", "loop"]  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "file_series", "file_set", "artifact"])
def test_paths_that_lead_out_or_nowhere_are_named(export: Export, tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    root = export.files("w/p")
    root.mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    os.mkfifo(root / "pipe")
    good = export.file("w/p", "good.txt", b"good")
    rows = [row(f"f/{number}", kind, name, 0, at(0)) for number, name in enumerate(HOSTILE)]
    export.part("w/p", "P-1", system("P-1"), [*rows, row("good", "file", good)])
    (run,) = runs(SOURCE, export.root)
    assert run.fingerprint and run.size
    found = read(run)
    assert [content(file) for file in found.of(File) if file.name == "good"] == [b"good"]
    assert all(
        b"secret" not in content(file)
        for file in found.of(File)
        if not isinstance(file.content, Path) or file.content.exists()
    )
    for number, name in enumerate(HOSTILE):
        named = [one for one in found.problems if f"f/{number}: " in one]
        assert named or name in ("", "."), name


def test_a_folder_that_is_a_link_out_of_the_export(export: Export, tmp_path: Path) -> None:
    export.part("w/p", "P-1", system("P-1"))
    other = Export(tmp_path / "other")
    other.part("w/q", "Q-1", system("Q-1"))
    (export.root / "data" / folder_name("w/q")).symlink_to(other.data("w/q"))
    assert [run.id for run in runs(SOURCE, export.root)] == ["P-1"]
    assert any("by a link" in one for one in noted(export.root))


def test_files_count_for_the_fingerprint(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"), [row("f", "file", "w/p/P-1/f"), row("s", "file_set", "w/p/P-1/s")])

    def fingerprint() -> str:
        (run,) = runs(SOURCE, export.root)
        return run.fingerprint

    seen = [fingerprint(), fingerprint()]
    assert seen[0] == seen[1]
    export.file("w/p", "w/p/P-1/f", b"1")
    seen.append(fingerprint())
    export.file("w/p", "w/p/P-1/s/x.zip", b"12")
    seen.append(fingerprint())
    export.part("w/p", "P-1", points("a", [1.0]), number=1)
    seen.append(fingerprint())
    assert len(set(seen)) == 4


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


# damage


SMALL_BUT_MUCH = """
import resource, sys
from pathlib import Path
from pluto_migration.model import Facts, Points, Texts
from pluto_migration.source import Options, Problems
from pluto_migration.sources import source_of
import pyarrow.parquet
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
problems = Problems()
(run,) = source_of("neptune-exporter").find([sys.argv[1]], Options(), problems)
texts, points, config = 0, 0, set()
for item in run.read(Path(sys.argv[2]), problems):
    texts += len(item.values) if isinstance(item, Texts) else 0
    points += len(item.values) if isinstance(item, Points) else 0
    config |= set(item.config) if isinstance(item, Facts) else set()
print(texts, points, config, [problem.what for problem, _ in problems])
"""


def test_what_is_small_on_disk_and_huge_unpacked(export: Export, tmp_path: Path) -> None:
    count, long = 40_000, "x" * (1 << 20)
    path = export.part("w/p", "P-1", system("P-1"))
    names = {"project_id": "w/p", "run_id": "P-1"}

    def group(rows: int, **arrays: pa.Array) -> pa.RecordBatch:
        arrays |= {name: pa.array([value]).take(pa.array([0] * rows)) for name, value in names.items()}
        return pa.RecordBatch.from_arrays(
            [arrays[one.name].cast(one.type) if one.name in arrays else pa.nulls(rows, one.type) for one in schema],
            schema=schema,
        )

    def one(value: str, rows: int) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [value])

    kind = pa.dictionary(pa.int32(), pa.string())
    schema = SCHEMA.set(8, pa.field("string_value", kind)).set(11, pa.field("string_set_value", pa.list_(kind)))
    steps, moments = pa.array(range(count), pa.int32()), pa.array([0] * count, pa.timestamp("ms", "UTC"))
    placed = {"step": steps.cast(pa.decimal128(18, 6)), "timestamp": moments}
    many = pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), one(long, count))
    with pq.ParquetWriter(path.with_name(path.name.replace("part_0", "part_1")), schema) as writer:
        writer.write_batch(
            group(count, attribute_path=one("t", count), attribute_type=one("string_series", count),
                  string_value=one(long, count), **placed)
        )  # fmt: skip
        writer.write_batch(
            group(1, attribute_path=one("set", 1), attribute_type=one("string_set", 1), string_set_value=many)
        )
        writer.write_batch(
            group(count, attribute_path=one("m", count), attribute_type=one("float_series", count),
                  float_value=pa.array([1.0] * count), **placed)
        )  # fmt: skip
    assert path.with_name(path.name.replace("part_0", "part_1")).stat().st_size < 4 << 20
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{SMALL_BUT_MUCH}"]
    found = subprocess.run(
        [*command, str(export.root), str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    assert found.stdout == f"{count} {count} {{'set'}} []\n"


def test_rows_of_another_run_are_left_out(export: Export) -> None:
    rows = [*points("a", [1.0, 2.0]), {**row("a", "float_series", 3.0, 2, at(0)), "attribute_path": None}]
    path = export.data("w/p") / f"{folder_name('P-1')}_part_0.parquet"
    named = [{"project_id": "w/p", "run_id": "P-1"}] * 9
    batch = [{**name, **one} for name, one in zip(named, [*system("P-1"), *rows], strict=True)]
    batch[7]["run_id"] = "P-2"
    path.parent.mkdir(parents=True)
    with pq.ParquetWriter(path, SCHEMA) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=SCHEMA))
    found = only(export)
    assert [value for *_, value in found.points["a"]] == [1.0]
    assert any("1 rows of another run" in one for one in found.problems)
    assert any("1 rows without the path" in one for one in found.problems)


def test_unknown_kinds_and_second_values_are_named(export: Export) -> None:
    rows = [row("g", "git_ref", "x"), row("a", "int", 1), row("a", "int", 2), row("a", "int", 2)]
    export.part("w/p", "P-1", system("P-1"), rows)
    found = only(export)
    assert found.facts.config == {"a": 2}
    assert any("unknown kind 'git_ref'" in one for one in found.problems)
    assert len([one for one in found.problems if "second value" in one]) == 1


WRONG = {
    "step": [pa.string(), pa.float64(), pa.int64(), pa.null(), pa.decimal128(38, 30), pa.decimal256(40, 6),
             pa.list_(pa.int8())],
    "timestamp": [pa.string(), pa.int64(), pa.timestamp("ns"), pa.timestamp("s", tz="Europe/Rome"), pa.null()],
    "float_value": [pa.string(), pa.float32(), pa.int32(), pa.null(), pa.bool_(), pa.struct([("x", pa.int8())])],
    "string_value": [pa.int64(), pa.large_string(), pa.binary(), pa.null(), pa.dictionary(pa.int8(), pa.string())],
    "attribute_type": [pa.int64(), pa.large_string(), pa.null()],
    "attribute_path": [pa.int64(), pa.large_string(), pa.null()],
    "run_id": [pa.int64(), pa.null()],
    "file_value": [pa.string(), pa.struct([("other", pa.string())]), pa.null()],
    "histogram_value": [pa.string(), pa.null(),
                        pa.struct([("type", pa.int8()), ("edges", pa.int8()), ("values", pa.int8())])],
    "string_set_value": [pa.string(), pa.list_(pa.int64()), pa.large_list(pa.string()), pa.null()],
}  # fmt: skip


@pytest.mark.parametrize(("column", "kind"), [(name, kind) for name, kinds in WRONG.items() for kind in kinds], ids=str)
def test_columns_of_other_types_harm_nothing_else(export: Export, column: str, kind: pa.DataType) -> None:
    whole = {
        "step": Decimal(1), "timestamp": BEGAN, "float_value": 1.0, "string_value": "x", "file_value": {"path": "x"},
        "histogram_value": {"type": "COUNTING", "edges": [0.0, 1.0], "values": [1.0]}, "string_set_value": ["x"],
    }  # fmt: skip
    kinds = ("float_series", "string_series", "file", "histogram_series", "string_set", "string")
    rows = [row("sys/id", "string", "P-1")] + [{**whole, "attribute_path": one, "attribute_type": one} for one in kinds]
    schema = SCHEMA.set(SCHEMA.get_field_index(column), pa.field(column, kind))
    path = export.data("w/p") / f"{folder_name('P-1')}_part_0.parquet"
    path.parent.mkdir(parents=True)
    arrays = []
    for field in schema:
        plain = [one.get(field.name, {"project_id": "w/p", "run_id": "P-1"}.get(field.name)) for one in rows]
        try:
            arrays.append(pa.array(plain, SCHEMA.field(field.name).type).cast(field.type, safe=False))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            arrays.append(pa.nulls(len(rows), field.type))
    with pq.ParquetWriter(path, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    export.part("w/p", "P-2", system("P-2"), points("a", [1.0]))
    found = read_all(SOURCE, export.root)
    assert found["P-2"].points == {"a": [(0.0, BEGAN_US, 1.0)]}
    if "P-1" in found and column not in ("attribute_type", "attribute_path", "run_id"):
        assert leaves(found["P-1"].facts.config) or column == "string_value"


def test_texts_that_are_no_utf_8_are_shown_with_backslashes(export: Export) -> None:
    path = export.part(
        "w/p", "P-1", system("P-1"), [row("a/zzzz", "string", "yyyy"), row("set", "string_set", ["xxxx"])]
    )
    data = path.read_bytes()
    path.write_bytes(data.replace(b"zzzz", b"z\xffzz").replace(b"yyyy", b"y\xfeyy").replace(b"xxxx", b"x\xc3xx"))
    found = only(export)
    assert leaves(found.facts.config) == {r"a/z\xffzz": r"y\xfeyy", "set": frozenset([r"x\xc3xx"])}


def test_names_of_folders_that_are_no_utf_8(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1"))
    other = os.fsdecode(os.fsencode(str(export.root / "data")) + b"/\xff\xfe-0123456789abcdef")
    write_part(Path(other) / os.fsdecode(b"\xff_part_0.parquet"), "w/q", "Q-1", [system("Q-1"), points("a", [1.0])])
    torn = Path(other) / os.fsdecode(b"\xfe_part_0.parquet")
    torn.write_bytes(b"PAR1")
    found = read_all(SOURCE, export.root)
    assert set(found) == {"P-1", "Q-1"}
    assert len(noted(export.root)) == 2


def small(folder: Path) -> tuple[Export, Path]:
    """An export with a run that is whole, and the part of another that has some of everything."""
    export = Export(folder)
    export.part("w/p", "P-2", system("P-2"), points("a", [1.0]))
    export.file("w/p", "w/p/P-1/f", b"f")
    export.file("w/p", "w/p/P-1/s/x.zip", zipped(a=b"1"))
    rows = [
        row("s", "string_series", "text", 0, at(0)), row("monitoring/m/stdout", "string_series", "out\n", 0, at(0)),
        row("h", "histogram_series", {"type": "COUNTING", "edges": [0.0, 1.0], "values": [1.0]}, 0, at(0)),
        row("f", "file", "w/p/P-1/f"), row("z", "file_set", "w/p/P-1/s"), row("set", "string_set", ["x"]),
    ]  # fmt: skip
    return export, export.part("w/p", "P-1", system("P-1"), points("m", [1.0, None, 3.0]), rows)


def survives(export: Export) -> None:
    """Whatever the damaged part says: no error, or `SourceError`, and the neighbour is whole."""
    problems = Problems()
    whole = False
    for run in runs(SOURCE, export.root, problems, partial=True):
        try:
            found = read(run)
            assert run.fingerprint
            assert run.size > 0
        except SourceError:
            continue
        if run.id == "P-2" and run.project == "w/p":
            whole = found.points == {"a": [(0.0, BEGAN_US, 1.0)]}
    assert whole


def test_truncation_anywhere_is_survived(tmp_path: Path) -> None:
    export, path = small(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        survives(export)
        assert len(noted(export.root)) >= 1


def test_flipped_bits_are_survived(tmp_path: Path) -> None:
    export, path = small(tmp_path)
    data = path.read_bytes()
    for position in range(0, len(data), 53):
        torn = bytearray(data)
        torn[position] ^= 1 << (position % 8)
        path.write_bytes(torn)
        survives(export)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bytes_overwritten_are_survived(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    export, path = small(tmp_path_factory.mktemp("export"))
    torn = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(torn) - 1))
    new = data.draw(st.binary(min_size=1, max_size=16))
    torn[start : start + len(new)] = new
    path.write_bytes(torn)
    survives(export)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_name_will_do(tmp_path_factory: pytest.TempPathFactory, project: str, run: str, path: str) -> None:
    export = Export(tmp_path_factory.mktemp("export"))
    try:
        export.part(project, run, [row("sys/id", "string", run), *points(path, [1.0]), row(f"c/{path}", "int", 1)])
    except (UnicodeEncodeError, OSError):
        return  # no such text can be in a part
    for found in read_all(SOURCE, export.root).values():
        assert (found.run.project, found.run.id) == (project, run)
        assert path in found.points or not path.strip("/") or path.startswith("monitoring/")
