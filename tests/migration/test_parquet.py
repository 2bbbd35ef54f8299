"""Runs in Parquet files."""

from __future__ import annotations

import math
import pickle
import struct
import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import POINTS_AT_ONCE, Points
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.tables import parquet_file

from tests.migration.reading import Read, read, read_all, runs

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
NO_TIMES = "no column of times"


def one(folder: Path, table: dict[str, Any], **said: str) -> Read:
    """The run of one file."""
    path = folder / "run.parquet"
    pq.write_table(pa.table(table), path)
    (found,) = read_all("parquet", path, project="p", settings=said).values()
    return found


def plain(found: Read) -> dict[str, list[tuple[float, float]]]:
    return {name: [(step, value) for step, _, value in rows] for name, rows in found.points.items()}


def told(found: Read) -> list[str]:
    return [problem.split(": ", 1)[1] for problem in found.problems if NO_TIMES not in problem]


def test_numbers_of_every_type(tmp_path: Path) -> None:
    big = 2**53
    found = one(tmp_path, {
        "step": pa.array([0, 1, 2], pa.int32()),
        "double": pa.array([0.1, None, math.nan]),
        "single": pa.array([0.1, -0.0, math.inf], pa.float32()),
        "half": pa.array(np.array([0.5, 1, 2], np.float16)),
        "small": pa.array([1, None, -3], pa.int8()),
        "large": pa.array([big, big + 1, -big], pa.int64()),
        "unsigned": pa.array([1, 2**64 - 2048, 2**64 - 1], pa.uint64()),
        "bool": pa.array([True, False, None]),
        "decimal": pa.array([Decimal("1.50"), None, Decimal(-2)]),
        "coded": pa.array(["a", "b", None]).dictionary_encode(),
        "digits": pa.array(["1.5", "", "nan"]),
        "nothing": pa.nulls(3),
    })  # fmt: skip
    assert repr(plain(found)) == repr({
        "double": [(0.0, 0.1), (2.0, math.nan)],
        "single": [(0.0, float(np.float32(0.1))), (1.0, -0.0), (2.0, math.inf)],
        "half": [(0.0, 0.5), (1.0, 1.0), (2.0, 2.0)],
        "small": [(0.0, 1.0), (2.0, -3.0)],
        "large": [(0.0, float(big)), (2.0, -float(big))],
        "unsigned": [(0.0, 1.0), (1.0, float(2**64 - 2048))],
        "bool": [(0.0, 1.0), (1.0, 0.0)],
        "decimal": [(0.0, 1.5), (2.0, -2.0)],
        "digits": [(0.0, 1.5), (2.0, math.nan)],
    })  # fmt: skip
    assert found.texts == {"coded": [(0, 0, "a"), (1, 0, "b")]}
    assert told(found) == [
        f"column 'large': '{big + 1}' is no number that can be kept",
        f"column 'unsigned': '{2**64 - 1}' is no number that can be kept",
    ]


def test_structs_are_columns_and_lists_are_named(tmp_path: Path) -> None:
    found = one(tmp_path, {
        "step": [0, 1],
        "val": [{"loss": 1.5, "in": {"acc": 1}}, {"loss": None, "in": None}],
        "list": [[1, 2], None],
        "bytes": [b"a", b"b"],
    })  # fmt: skip
    assert plain(found) == {"val.loss": [(0, 1.5)], "val.in.acc": [(0, 1)]}
    assert told(found) == [
        "column 'list' holds neither numbers nor texts: it is left out",
        "column 'bytes' holds neither numbers nor texts: it is left out",
    ]


def test_times_of_every_type(tmp_path: Path) -> None:
    when = datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=timezone.utc)
    micro = 1_700_000_000_123_456
    for column, wanted in (
        (pa.array([when, None], pa.timestamp("us", "UTC")), micro),
        (pa.array([when], pa.timestamp("ns", "Europe/Berlin")), micro),
        (pa.array([when.replace(tzinfo=None)], pa.timestamp("us")), micro),
        (pa.array([when], pa.timestamp("s", "UTC")), 1_700_000_000_000_000),
        (pa.array([when.date()], pa.date32()), 1_699_920_000_000_000),
        (pa.array([1_700_000_000.25]), 1_700_000_000_250_000),
        (pa.array([1_700_000_000_123_456_001]), micro),
        (pa.array([1_700_000_000_123]), 1_700_000_000_123_000),
        (pa.array(["2023-11-14T22:13:20.123456Z"]), micro),
    ):
        found = one(tmp_path, {"step": list(range(len(column))), "timestamp": column, "x": [1.0] * len(column)})
        assert {time for _, time, _ in found.points["x"]} == {wanted}
        assert found.facts.ended == wanted


def test_names_that_come_twice(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2.0]), pa.array([3.0])], names=["step", "x", "x"])
    pq.write_table(table, tmp_path / "t.parquet")
    (found,) = read_all("parquet", tmp_path / "t.parquet", project="p").values()
    assert plain(found) == {"x": [(1, 2)], "x.1": [(1, 3)]}


def test_texts_that_are_no_utf8(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"a\xff"]).buffers())
    found = one(tmp_path, {"run": broken, "step": [0], "note": broken, "x": [1.0]})
    assert (found.run.id, found.texts, plain(found)) == ("a\\xff", {"note": [(0, 0, "a\\xff")]}, {"x": [(0, 1)]})


def test_other_times_are_texts(tmp_path: Path) -> None:
    when = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    found = one(
        tmp_path, {"step": [0], "day": pa.array([when.date()]), "at": pa.array([when], pa.timestamp("us", "UTC"))}
    )
    assert found.texts["day"] == [(0, 0, "2023-11-14")]
    assert found.texts["at"][0][2].startswith("2023-11-14 22:13:20")


def test_steps_that_are_fractions_none_or_repeated(tmp_path: Path) -> None:
    found = one(tmp_path, {"step": [0.5, 0.5, None, math.nan, -1e300, math.inf], "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    assert plain(found) == {"x": [(0.5, 1), (0.5, 2), (-1e300, 5)]}
    assert told(found) == ["rows without a step are left out"]


def test_a_row_for_each_value(tmp_path: Path) -> None:
    found = read_all("parquet", write(tmp_path / "t.parquet", {
        "run": ["a", "a", "b", "a", None],
        "metric": ["loss", "acc", "loss", "loss", "loss"],
        "step": [0, 0, 0, 1, 2],
        "value": [0.5, math.nan, 3.0, None, 1.0],
    }), project="p")  # fmt: skip
    assert repr({id: plain(one) for id, one in found.items()}) == repr({
        "a": {"loss": [(0.0, 0.5)], "acc": [(0.0, math.nan)]},
        "b": {"loss": [(0.0, 3.0)]},
    })  # fmt: skip


def write(path: Path, table: dict[str, Any], **how: Any) -> Path:
    pq.write_table(pa.table(table), path, **how)
    return path


def test_runs_told_by_a_column_whatever_its_type(tmp_path: Path) -> None:
    for column, ids in (
        (pa.array([7, 8, 7]), ["7", "8"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b"]),
        (pa.array(["a", "b", "a"], pa.large_string()), ["a", "b"]),
    ):
        path = write(tmp_path / "t.parquet", {"run_id": column, "step": [0, 1, 2], "x": [0.0, 1.0, 2.0]})
        found = read_all("parquet", path, project="p")
        assert {id: plain(one)["x"] for id, one in found.items()} == {ids[0]: [(0, 0), (2, 2)], ids[1]: [(1, 1)]}


def test_only_the_parts_that_a_run_lies_in_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "_MOST_ROWS", 256)
    monkeypatch.setattr(parquet_file, "_FEWEST_ROWS", 16)
    names = [f"r{number // 300}" for number in range(1200)]
    for order in (range(1200), np.random.default_rng(0).permutation(1200)):
        rows = list(order)
        table = {"run": [names[i] for i in rows], "step": rows, "x": [i / 2 for i in rows]}
        found = runs("parquet", write(tmp_path / "t.parquet", table, row_group_size=500), project="p")
        for run in found:
            whole = read(pickle.loads(pickle.dumps(run)))
            assert plain(whole)["x"] == [(i, i / 2) for i in rows if names[i] == run.id]
    sizes = [run.size for run in found]
    assert sum(sizes) <= (tmp_path / "t.parquet").stat().st_size
    assert max(sizes) - min(sizes) <= 1


def test_many_columns_are_read_a_few_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "_CELLS", 10_000)
    table = {"step": np.arange(3000), **{f"m{number}": np.full(3000, float(number)) for number in range(20)}}
    found = one(tmp_path, table)
    assert max(len(item.steps) for item in found.of(Points)) <= 10_000 // 21
    monkeypatch.setattr(parquet_file.ParquetFile, "at_once", 5)
    assert one(tmp_path, table).points == found.points
    assert all(rows == [(step, int(name[1:])) for step in range(3000)] for name, rows in plain(found).items())


def test_what_is_said_of_rows_is_said_once_however_many_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"time": [5.0, None, 7.0], "n": [1.0, None, 3.0], **{f"m{number}": [0.5] * 3 for number in range(5)}}
    counted = one(tmp_path, table, **{"step-column": "#"})
    stepped = one(tmp_path, table, **{"step-column": "n"})
    monkeypatch.setattr(parquet_file.ParquetFile, "at_once", 2)
    for whole, how in ((counted, "#"), (stepped, "n")):
        found = one(tmp_path, table, **{"step-column": how})
        assert found.points == whole.points
        assert found.problems == whole.problems
    assert counted.points["m4"] == [(0, 5_000_000, 0.5), (1, 5_000_000, 0.5), (2, 7_000_000, 0.5)]
    assert len(stepped.problems) == 2


def test_points_come_in_pieces(tmp_path: Path) -> None:
    found = one(tmp_path, {"step": np.arange(POINTS_AT_ONCE + 5), "x": np.zeros(POINTS_AT_ONCE + 5)})
    assert [len(item.steps) for item in found.of(Points)] == [POINTS_AT_ONCE, 5]


def test_columns_that_are_not_told_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"step-column=NAME.*its columns are a, b\.c"):
        one(tmp_path, {"a": [1], "b": [{"c": 1}]})
    assert plain(one(tmp_path, {"a": [1], "b": [{"c": 7}]}, **{"step-column": "b.c"})) == {"a": [(7, 1)]}


def test_a_file_that_is_none_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more PAR1")
    write(tmp_path / "good.parquet", {"step": [1], "x": [2.0]})
    problems = Problems()
    (run,) = runs("parquet", tmp_path, problems, project="p")
    assert run.id == "good"
    ((problem, _),) = problems
    assert problem.where.endswith("broken.parquet")
    with pytest.raises(SourceError, match="can't be read"):
        runs("parquet", tmp_path / "broken.parquet", project="p")


def test_without_pyarrow_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "t.parquet", {"step": [1], "x": [2.0]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SourceError, match=r"pip install 'pluto-ml\[migrate\]'"):
        runs("parquet", path, project="p")


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.none() | st.floats())))
def test_every_double_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    steps, values = pa.array([row[0] for row in rows], pa.float64()), pa.array([row[1] for row in rows], pa.float64())
    found = one(tmp_path_factory.mktemp("d"), {"step": steps, "x": values})
    bits = [struct.pack("<2d", *row) for row in plain(found).get("x", [])]
    assert bits == [struct.pack("<2d", *row) for row in rows if row[1] is not None]


def whatever(path: Path) -> None:
    """Reads what is there; only `SourceError` may come of it."""
    try:
        read_all("parquet", path, project="p")
    except SourceError as error:
        assert str(error)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    table = {"run": ["a", "b"] * 10, "step": list(range(20)), "x": [0.5] * 20, "s": ["t", None] * 10}
    return write(tmp_path_factory.mktemp("w") / "t.parquet", table, row_group_size=7).read_bytes()


def test_cut_off_at_every_byte(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "t.parquet"
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(SourceError):
            read_all("parquet", path, project="p")


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_any_damage(tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(4, len(whole) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("x") / "t.parquet"
    path.write_bytes(damaged)
    whatever(path)
