"""Damaged and hostile parts: what can't be read is named, and nothing else suffers."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.source import Problems, SourceError

from pluto.compat.attributes.layout import leaves
from tests.migration.exports import (
    BEGAN,
    BEGAN_US,
    SCHEMA,
    SOURCE,
    Export,
    at,
    folder_name,
    noted,
    only,
    points,
    row,
    system,
    write_part,
    zipped,
)
from tests.migration.reading import read, read_all, runs


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path / "exports")


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
