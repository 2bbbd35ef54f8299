"""Runs in CSV files."""

from __future__ import annotations

import csv as csv_module
import errno
import gzip
import importlib.util
import io
import math
import os
import pickle
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pluto_migration.model import POINTS_AT_ONCE, Points
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.tables import columns, csv_file, times

from tests.migration.reading import Read, read, read_all, runs


@pytest.fixture(params=["pyarrow", "stdlib"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test that asks for it runs with pyarrow and without."""
    name: str = request.param
    if name == "pyarrow":
        pytest.importorskip("pyarrow")
    else:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return name


def one(folder: Path, text: str | bytes, name: str = "run.csv", **said: str) -> Read:
    """The run of one file."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    (found,) = read_all("csv", path, project="p", settings=said).values()
    return found


def plain(found: Read) -> dict[str, list[tuple[float, float]]]:
    return {name: [(step, value) for step, _, value in rows] for name, rows in found.points.items()}


NO_TIMES = "no column of times"


def told(found: Read) -> list[str]:
    """What could not be read, without the word that there are no times."""
    return [problem.split(": ", 1)[1] for problem in found.problems if NO_TIMES not in problem]


def test_a_column_for_each_metric(tmp_path: Path, parser: str) -> None:
    found = one(tmp_path, 'step,loss,acc,note\n0,0.1,,hi\n1,nan,-inf,\n1,-0.0,1e-320,"a, ""b""\nc"\n-2.5,7,+3, x\n')
    assert (found.run.project, found.run.id, found.run.name) == ("p", "run", "run")
    assert repr(plain(found)) == repr({
        "loss": [(0.0, 0.1), (1.0, math.nan), (1.0, -0.0), (-2.5, 7.0)],
        "acc": [(1.0, -math.inf), (1.0, 1e-320), (-2.5, 3.0)],
    })  # fmt: skip
    assert found.texts == {"note": [(0, 0, "hi"), (1, 0, 'a, "b"\nc'), (-2.5, 0, " x")]}
    assert told(found) == []
    assert NO_TIMES in found.problems[0]


@pytest.mark.parametrize(
    ("header", "step"),
    [
        ("epoch,Step,x", "Step"), ("x,_step,index", "_step"), ("epoch,index,x", "epoch"), (",x", "index"),
        ("x,Global_Step,iter", "Global_Step"),
    ],
)  # fmt: skip
def test_the_column_of_steps_is_told_by_its_name(tmp_path: Path, header: str, step: str) -> None:
    names = ["index" if name == "" else name for name in header.split(",")]
    found = one(tmp_path, f"{header}\n{','.join('5' if name == step else '7' for name in names)}\n")
    assert plain(found) == {name: [(5, 7)] for name in names if name != step}


def test_columns_that_are_not_told_are_named(tmp_path: Path) -> None:
    for text, said, match in (
        ("a,b\n1,2\n", {}, "step-column=NAME.*its columns are a, b"),
        ("step,b\n1,2\n", {"step-column": "c"}, "no column 'c'.*step, b"),
        ("step,b\n1,2\n", {"time-column": "c"}, "no column 'c'"),
        ("step,b\n1,2\n", {"run-column": "c"}, "no column 'c'"),
        ("step,value\n1,2\n", {"form": "long"}, "metric-column=NAME"),
        ("step,metric\n1,2\n", {"form": "long"}, "value-column=NAME"),
        ("", {}, "no columns"),
    ):
        with pytest.raises(SourceError, match=match):
            one(tmp_path, text, **said)


def test_what_is_said_has_to_be_known(tmp_path: Path) -> None:
    for said, match in (
        ({"steps": "x"}, "unknown; known are form, step-column"),
        ({"form": "tall"}, "wide or long"),
        ({"time-unit": "h"}, "s, ms, us, ns"),
        ({"created": "yesterday"}, "2024-05-01"),
        ({"separator": ";;"}, "one character"),
        ({"decimal": ""}, "one character"),
        ({"encoding": "klingon"}, "unknown"),
    ):
        with pytest.raises(SourceError, match=match):
            one(tmp_path, "step,x\n1,2\n", **said)
    with pytest.raises(SourceError, match="--project"):
        runs("csv", tmp_path / "run.csv")


def test_rows_are_counted_where_asked_for(tmp_path: Path, parser: str) -> None:
    assert plain(one(tmp_path, "x,step\n5,9\n6,9\n", **{"step-column": "#"})) == {
        "x": [(0, 5), (1, 6)],
        "step": [(0, 9), (1, 9)],
    }


def test_cells_that_are_no_numbers_are_named_and_their_row_goes_on(tmp_path: Path, parser: str) -> None:
    found = one(tmp_path, "step,x,y\n0,1,1\n1,N/A,2\n2,N/A,3\n3,1_000,4\ntwo,5,5\n,6,6\nnan,7,7\n5,True,8\n")
    assert plain(found) == {"x": [(0, 1), (5, 1)], "y": [(0, 1), (1, 2), (2, 3), (3, 4), (5, 8)]}
    assert told(found) == [
        "column 'step': 'two' is no step: its row is left out",
        "rows without a step are left out",
        "column 'x': 'N/A' is no number that can be kept",
        "column 'x': '1_000' is no number that can be kept",
    ]


def test_a_million_odd_cells_are_few_lines(tmp_path: Path, parser: str) -> None:
    rows = "".join(f"{step},{step if step % 4 else f'odd{step}'}\n" for step in range(4001))
    assert len(told(one(tmp_path, f"step,x\n{rows}"))) == 21


def test_columns_that_look_like_numbers_are_texts_when_asked_for(tmp_path: Path, parser: str) -> None:
    found = one(tmp_path, "step,id,x\n0,007,1\n1,,2\n", **{"text-columns": "id"})
    assert found.texts == {"id": [(0, 0, "007")]}
    assert plain(found) == {"x": [(0, 1), (1, 2)]}


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1700000000", "1700000000.5"], [1_700_000_000_000_000, 1_700_000_000_500_000]),
        (["1700000000123", "1700000000124"], [1_700_000_000_123_000, 1_700_000_000_124_000]),
        (["1700000000123456", "5"], [1_700_000_000_123_456, 5]),
        (["1700000000123456789", ""], [1_700_000_000_123_457, 1_700_000_000_123_457]),
        (["2023-11-14T22:13:20Z", "2023-11-14 22:13:20.25"], [1_700_000_000_000_000, 1_700_000_000_250_000]),
        (["2023-11-14T23:13:20.1234567+01:00", "2023-11-14"], [1_700_000_000_123_456, 1_699_920_000_000_000]),
        (["2023-11-14T22:13:20Z", "soon"], [1_700_000_000_000_000, 1_700_000_000_000_000]),
    ],
)
def test_times_of_every_kind(tmp_path: Path, parser: str, cells: list[str], wanted: list[int]) -> None:
    found = one(tmp_path, f"step,timestamp,x\n0,{cells[0]},1\n1,{cells[1]},2\n")
    assert [time for _, time, _ in found.points["x"]] == wanted
    assert found.facts.ended == max(wanted)
    assert len(told(found)) == {"": 1, "soon": 2}.get(cells[1], 0)


def test_the_unit_of_times_and_their_absence_can_be_said(tmp_path: Path, parser: str) -> None:
    text = "step,timestamp,x\n0,5,1\n1,6,2\n"
    assert [row[1] for row in one(tmp_path, text, **{"time-unit": "ms"}).points["x"]] == [5000, 6000]
    found = one(tmp_path, text, **{"time-column": "none", "created": "1970-01-01T00:01:00"})
    assert found.points["x"] == [(0, 60_000_000, 1), (1, 60_000_000, 2)]
    assert found.points["timestamp"] == [(0, 60_000_000, 5), (1, 60_000_000, 6)]
    assert found.run.created == 60_000_000
    assert found.problems == []


def test_a_row_for_each_value(tmp_path: Path, parser: str) -> None:
    text = "run,metric,step,value,timestamp,context\n" \
           "a,loss,0,0.5,10,c\na,note,0,hello,11,c\nb,loss,0,9,12,c\na,loss,1,nan,13,c\na,,2,1,14,c\n"  # fmt: skip
    (tmp_path / "t.csv").write_text(text)
    found = read_all("csv", tmp_path / "t.csv", project="p")
    assert list(found) == ["a", "b"]
    assert repr(found["a"].points) == repr({"loss": [(0.0, 10_000_000, 0.5), (1.0, 13_000_000, math.nan)]})
    assert found["a"].texts == {"note": [(0, 11_000_000, "hello")]}
    assert found["b"].points == {"loss": [(0, 12_000_000, 9)]}
    assert told(found["a"]) == [
        "column 'context' has no meaning in the long form: it is left out",
        "rows without a metric's name are left out",
    ]
    wide = read_all("csv", tmp_path / "t.csv", project="p", settings={"form": "wide"})["b"]
    assert (wide.texts["metric"], plain(wide)) == ([(0, 12_000_000, "loss")], {"value": [(0, 9)]})


def test_a_column_of_runs_joins_files(tmp_path: Path, parser: str) -> None:
    (tmp_path / "1.csv").write_text("run_id,step,x\n1,0,1\n2,0,5\n,0,9\n")
    (tmp_path / "2.csv").write_text("step,x,run_id\n1,2,1\n1,6,3\n")
    problems = Problems()
    found = {run.id: read(run) for run in runs("csv", tmp_path, problems, project="p")}
    assert {id: plain(one)["x"] for id, one in found.items()} == {"1": [(0, 1), (1, 2)], "2": [(0, 5)], "3": [(1, 6)]}
    assert [problem.what for problem, _ in problems] == ["rows whose column 'run_id' is empty are left out"]
    apart = read_all("csv", tmp_path, project="p", settings={"run-column": "none"})
    assert {id: plain(one)["run_id"] for id, one in apart.items()} == {"1": [(0, 1), (0, 2)], "2": [(1, 1), (1, 3)]}
    assert [run.label for run in runs("csv", tmp_path, project="p", include=["3"])] == ["p/3"]


def test_ids_of_files_in_folders(tmp_path: Path) -> None:
    for name in ("a/one.csv", "b/one.CSV", "b/two.tsv", "b/three.csv.gz", "b/other.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        data = b"step\tx\n1\t2\n" if "tsv" in name else b"step,x\n1,2\n"
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    (tmp_path / "b" / "link.csv").symlink_to("/etc/passwd")
    problems = Problems()
    found = runs("csv", tmp_path, problems, project="p")
    assert sorted(run.id for run in found) == ["a/one", "b/one", "b/three", "b/two"]
    assert [problem.what for problem, _ in problems] == ["a link to a file is not followed"]
    for run in found:
        assert plain(read(pickle.loads(pickle.dumps(run)))) == {"x": [(1, 2)]}
    with pytest.raises(SourceError, match="no such"):
        runs("csv", tmp_path / "gone", project="p")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no file of the kind"):
        runs("csv", tmp_path / "empty", project="p")


def test_a_file_that_is_no_table_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nothing of the kind\n")
    (tmp_path / "b.csv").write_bytes("step,x\n1,2\n".encode("utf-16"))
    (tmp_path / "c.csv").write_text("step,x\n1,2\n")
    (tmp_path / "d.csv.gz").write_bytes(b"\x1f\x8b no gzip")
    problems = Problems()
    assert [run.id for run in runs("csv", tmp_path, problems, project="p")] == ["c"]
    assert sorted(Path(problem.where).name for problem, _ in problems) == ["a.csv", "b.csv", "d.csv.gz"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"step;x;n\n1;2,5;\xc3\xa9\n", {"decimal": ","}),
        (b"step|x|n\r\n1|2.5|\xc3\xa9\r\n", {}),
        (b"\xef\xbb\xbfstep\tx\tn\n1\t2.5\t\xc3\xa9", {"separator": "tab"}),
        (b"step,x,n\n\n1,2.5,\xe9\n\n", {"encoding": "latin-1"}),
    ],
)
def test_separators_decimals_and_encodings(tmp_path: Path, parser: str, data: bytes, said: dict[str, str]) -> None:
    found = one(tmp_path, data, **said)
    assert plain(found) == {"x": [(1, 2.5)]}
    assert found.texts == {"n": [(1, 0, "é")]}
    assert told(found) == []


def test_bytes_that_are_no_text_and_lines_of_another_length(tmp_path: Path, parser: str) -> None:
    found = one(tmp_path, b"step,x,n\n1,2,\xff\n2,3\n3,4,a,b\n4,5,c\n")
    assert plain(found) == {"x": [(1, 2), (4, 5)]}
    assert found.texts == {"n": [(1, 0, "\\xff"), (4, 0, "c")]}
    assert told(found) == [f"a line of {count} cells in the place of 3 is left out" for count in (2, 4)]


def test_names_that_come_twice_or_are_missing(tmp_path: Path, parser: str) -> None:
    assert plain(one(tmp_path, "step,x,x,\n1,2,3,4\n")) == {"x": [(1, 2)], "x.1": [(1, 3)], "column 4": [(1, 4)]}


def test_pieces_end_with_a_line_and_keep_quotes_whole(
    tmp_path: Path, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_PIECE", 64)
    rows = [(step, f'line {step}\n"quoted", {"x" * (step % 90)}') for step in range(200)]
    text = io.StringIO()
    writer = csv_module.writer(text)
    writer.writerow(["step", "note"])
    writer.writerows(rows)
    found = one(tmp_path, text.getvalue())
    assert [(step, value) for step, _, value in found.texts["note"]] == rows
    assert told(found) == []


def test_runs_that_lie_in_some_pieces_alone(tmp_path: Path, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_PIECE", 64)
    rows = [(f"run{number % 3 if number < 60 else 3}", number, number / 2) for number in range(120)]
    (tmp_path / "t.csv").write_text("run,step,x\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    found = read_all("csv", tmp_path / "t.csv", project="p")
    assert {id: plain(one)["x"] for id, one in found.items()} == {
        name: [(step, value) for run, step, value in rows if run == name] for name in ("run0", "run1", "run2", "run3")
    }
    assert sum(one.run.size for one in found.values()) <= (tmp_path / "t.csv").stat().st_size


def test_quotes_that_stand_alone(tmp_path: Path, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_PIECE", 64)
    monkeypatch.setattr(csv_file, "_PATIENCE", 200)
    found = one(tmp_path, 'step,x,note\n0,1,5" pipe\n' + "".join(f"{i},1,t\n" for i in range(1, 100)))
    assert len(found.points["x"]) == 100
    assert found.texts["note"][0][2] == '5" pipe'
    assert set(told(found)) == {"a quote has no other that ends it: lines behind it may be in its cell"}
    found = one(tmp_path, 'step,x,note\n0,1,"never ends\n' + "".join(f"{i},1,t\n" for i in range(1, 200)))
    assert len(found.points["x"]) > 100
    assert {step for step, _, _ in found.texts["note"]} == {step for step, _, _ in found.points["x"]}


def test_a_line_without_an_end_is_named(tmp_path: Path, parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_PIECE", 64)
    monkeypatch.setattr(csv_file, "_LONGEST", 1000)
    found = one(tmp_path, "step,x\n" + "".join(f"{i},1\n" for i in range(100)) + "100," + "y" * 5000)
    assert len(found.points["x"]) >= 80
    assert any("a line of more than 1000 bytes" in problem for problem in told(found))


def test_points_come_in_pieces(tmp_path: Path, parser: str) -> None:
    found = one(tmp_path, "step,x\n" + "".join(f"{i},1\n" for i in range(POINTS_AT_ONCE + 5)))
    assert len(found.points["x"]) == POINTS_AT_ONCE + 5
    assert max(len(item.steps) for item in found.of(Points)) <= POINTS_AT_ONCE


def test_what_is_said_and_what_is_there_make_the_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("step,x\n1,2\n")
    before = runs("csv", path, project="p")[0].fingerprint
    assert runs("csv", path, project="p")[0].fingerprint == before
    assert runs("csv", path, project="p", settings={"time-unit": "s"})[0].fingerprint != before
    path.write_text("step,x\n1,2\n2,3\n")
    assert runs("csv", path, project="p")[0].fingerprint != before


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats())))
def test_every_double_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]]
) -> None:
    text = "step,x\n" + "".join(f"{step!r},{value!r}\n" for step, value in rows)
    found = one(tmp_path_factory.mktemp("d"), text)
    bits = [struct.pack("<2d", *row) for row in plain(found).get("x", [])]
    assert bits == [struct.pack("<2d", step, value if value == value else math.nan) for step, value in rows]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.text(st.characters(codec="utf-8", exclude_characters="\0")))))
def test_every_text_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv_module.writer(text)
    writer.writerows([("step", "note"), *rows])
    found = one(tmp_path_factory.mktemp("t"), text.getvalue(), **{"text-columns": "note"})
    assert [(step, value) for step, _, value in found.texts.get("note", [])] == [row for row in rows if row[1]]
    assert told(found) == []


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_number_or_not(text: str) -> None:
    number = columns.number_of(text)
    if number is not None and text.strip().lower() not in ("true", "false"):
        assert repr(number) == repr(float(text))
    times.iso_of(text)


TEXT = b'run,step,x,note\na,0,1.5,"q\nq"\nb,1,nan,t\na,2,,\xc3\xa9\n'


def whatever(path: Path) -> None:
    """Reads what is there; only `SourceError` may come of it."""
    try:
        read_all("csv", path, project="p")
    except SourceError as error:
        assert str(error)


def test_cut_off_at_every_byte_and_with_every_bit_flipped(tmp_path: Path, parser: str) -> None:
    path = tmp_path / "t.csv"
    for place in range(len(TEXT)):
        path.write_bytes(TEXT[:place])
        whatever(path)
        for bit in range(0, 8, 3):
            damaged = bytearray(TEXT)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            whatever(path)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("b") / "t.csv"
    for head in (b"", b"step,x\n", b"run,metric,step,value,timestamp\n"):
        path.write_bytes(head + data)
        whatever(path)


def test_a_compressed_file_that_is_cut_off(tmp_path: Path, parser: str) -> None:
    whole = gzip.compress(b"step,x\n" + b"".join(b"%d,1\n" % i for i in range(300_000)), 1)
    found = one(tmp_path, whole[: len(whole) // 2], "t.csv.gz")
    assert found.points["x"]
    assert any("can't be read" in problem for problem in told(found))


def test_a_folder_that_can_not_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text("step,loss\n1,2\n")
    scandir = os.scandir

    def refusing(path: str | int = ".") -> object:
        if str(path).endswith("/a"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    problems = Problems()
    assert [run.id for run in runs("csv", tmp_path, problems, project="p")] == ["b/x"]
    assert [(str(one.where), one.what) for one, _ in problems] == [
        (str(tmp_path / "a"), "it can't be looked into: Permission denied")
    ]
