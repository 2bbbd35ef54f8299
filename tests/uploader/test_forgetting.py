"""FORGET keeps its place in both lanes, whatever goes wrong; and what a stock server is told so that all comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pluto.core.client import Client, Unreachable
from pluto.core.journal import writer as writer_module
from pluto.core.settings import Local
from pluto.core.uploader import readable, retry
from pluto.core.uploader.dialect_stock import StockDialect
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import Config, Data, Forget, Name, Notes, Tags
from pluto.query import Client as Query
from pluto.query.readable import Readable
from tests.fakes.stock import Run, Stock
from tests.uploader.making import Made, Writing, points, read


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_S", 0.01)
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)


def forget(writer: Writing, *names: str, **more: Any) -> None:
    writer.put(Forget(writer.time, list(names), **more))


def files_of(target: Local, run: int) -> list[tuple[str, bytes]]:
    with Client(target) as client:
        rows = client.get_json(f"/api/ext/v1/runs/{run}/files")["rows"]
        return [(row["logName"], client._http.get(row["url"]).content) for row in rows]


def test_in_the_local_store(root: Path) -> None:
    made = Made(root / "sync", Local(root / "store"))
    writer = made.writer()
    for n in range(5):
        writer.metrics(n, a=n, b=n)
        writer.file(n, "f", b"old%d" % n)
        writer.text(n, "t", "old")
    forget(writer, "a", "t", "f")
    writer.metrics(9, a=9)
    writer.file(9, "f", b"new")
    writer.text(9, "t", "new")
    writer.file(1, "set", b"1", type="ARTIFACT", metadata={"artifact_path": "x"})
    writer.file(1, "set", b"2", type="ARTIFACT", metadata={"artifact_path": "y"})
    forget(writer, "set", entries=["x"])
    writer.end()
    assert made.deliver() == {}
    run = made.receipt().run.run_id
    assert points(made.target, run, "a") == [(9, 9)] and len(points(made.target, run, "b")) == 5
    assert sorted(files_of(made.target, run)) == [("f", b"new"), ("set", b"2")]
    rows = read(made.target, f"/api/ext/v1/runs/{run}/data")["rows"]
    assert [row["body"] for row in rows] == ["new"] and made.poison() == []
    assert made.receipt().writers[writer.name].rejected == 0


# A stock server


@pytest.fixture
def made(root: Path, stock: Stock) -> Made:
    return Made(root / "sync", stock.remote())


@pytest.fixture
def query(stock: Stock) -> Iterator[Query]:
    with Query(settings={"host": stock.url, "api_key": stock.key}) as found:
        yield found


def names_of(run: Run) -> Readable:
    return Readable(run.config, run.names)


def test_a_stock_server_is_told_other_names(made: Made, stock: Stock, query: Query) -> None:
    writer = made.writer(readable=True)
    writer.metrics(0, a=1, b=1)
    writer.metrics(7, a=2)
    forget(writer, "a")
    writer.metrics(0, a=3)
    writer.text(1, "a/b", "x")
    forget(writer, "a", "a/b")
    writer.metrics(1, a=4)
    writer.file(0, "f", b"1")
    forget(writer, "f")
    writer.file(0, "f", b"2")
    writer.end()
    assert made.deliver() == {} and made.poison() == []
    run = stock.run("r")
    notes = run.config["_attributes"]
    assert notes["names"][notes["lines"]["a"]] == "a" and notes["names"][notes["files"]["f"]] == "f"
    assert stock.points(run, "a") == {0: 1, 7: 2} and stock.points(run, notes["lines"]["a"]) == {1: 4}
    found = names_of(run)
    assert found.names() == {"a": "METRIC", "b": "METRIC", "f": "FILE"}
    assert query.points("p", run.id, found.sent("a")).values.tolist() == [4]
    (sent,) = found.sent_files("f")
    assert [query.read_file(row) for row in query.iter_files("p", run.id, sent)] == [b"2"]
    assert list(query.iter_data("p", run.id)) == []


def test_a_run_that_does_not_ask_is_told_that_nothing_is_forgotten(made: Made, stock: Stock) -> None:
    writer = made.writer()
    writer.metrics(0, a=1)
    writer.text(0, "t", "x")
    forget(writer, "a")
    writer.file(0, "f", b"1")
    writer.end()
    assert made.deliver() == {}
    assert [line["error"] for line in made.poison()] == ["a stock server forgets nothing"]
    run = stock.run("r")
    assert stock.points(run, "a") == {0: 1} and len(run.files) == 1
    assert run.config == {} and run.logs == []


@pytest.mark.parametrize("fault", ["die", 503, "drop"])
def test_an_answer_that_got_lost_in_between(made: Made, stock: Stock, query: Query, fault: Any) -> None:
    """Wherever delivery begins again, what was forgotten stays so and nothing else does."""
    for path in ("/api/runs/config/update", "/ingest/metrics", "/ingest/logs", "/files", "/objects"):
        stock.fail(fault, path=path, times=2)
    writer = made.writer(readable=True)
    for n in range(3):
        writer.metrics(n, a=n)
        writer.text(n, "t", f"{n}")
        writer.file(n, "f", b"%d" % n)
        forget(writer, "a", "t", "f")
    writer.metrics(9, a=9)
    writer.text(9, "t", "9")
    writer.text(9, "t", "9")
    writer.file(9, "f", b"9")
    writer.end()
    assert made.deliver(20) == {} and made.poison() == []
    run = stock.run("r")
    found = names_of(run)
    assert query.points("p", run.id, found.sent("a")).values.tolist() == [9]
    assert [row["value"] for row in query.iter_data("p", run.id, "t")] == ["9", "9"]  # not once more for a lost answer
    (sent,) = found.sent_files("f")
    assert {query.read_file(row) for row in query.iter_files("p", run.id, sent)} == {b"9"}


def test_a_writer_that_comes_later_knows_the_names(made: Made, stock: Stock, query: Query) -> None:
    first = made.writer(readable=True)
    first.metrics(0, a=1)
    forget(first, "a")
    first.metrics(0, a=2)
    first.end()
    assert made.deliver() == {}
    second = made.writer(readable=True, config='{"_attributes": {"id": "r"}}')
    second.metrics(1, a=3)
    second.end()
    assert made.deliver() == {}
    run = stock.run("r")
    found = names_of(run)
    assert query.points("p", run.id, found.sent("a")).values.tolist() == [2, 3]


def test_texts_and_data_travel_as_lines_that_nobody_printed(made: Made, stock: Stock, query: Query) -> None:
    writer = made.writer(readable=True)
    writer.console(1, "printed", '{"pluto": ["no", 1, 1]}')
    writer.text(0.5, "größe", "ä\n" * 3)
    writer.put(Data(writer.time, 2, "h", "HISTOGRAM", '{"freq": [1]}'))
    writer.put(Data(writer.time, 2, "t", "TABLE", '{"table": []}'))
    writer.end()
    assert made.deliver() == {}
    run = stock.run("r")
    rows = {row["name"]: (row["type"], row["step"], row["value"]) for row in query.iter_data("p", run.id)}
    assert rows == {
        "größe": ("string-series", 0.5, "ä\n" * 3),
        "h": ("HISTOGRAM", 2, {"freq": [1]}),
        "t": ("TABLE", 2, {"table": []}),
    }  # fmt: skip
    assert [row["value"] for row in query.get_histograms("p", run.id, "h")] == [{"freq": [1]}]
    assert [line["message"] for line in query.iter_logs("p", run.id)] == ["printed", '{"pluto": ["no", 1, 1]}']
    assert len(query.get_logs("p", run.id)) == 2 and len(list(query.iter_lines("p", run.id))) == 2
    assert len(run.data) == 3 and len(run.logs) == 5
    numbers = [log["lineNumber"] for log in run.logs]
    assert len(set(numbers)) == len(numbers) and max(numbers) < 2**53


def test_more_files_than_a_list_shows(made: Made, stock: Stock, query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "FILES_A_NAME", 3)
    for n in range(2):
        writer = made.writer(readable=True)
        for at in range(8):
            writer.file(at, "f", b"%d %d" % (n, at), metadata={"name": f"n{at}"})
        writer.end()
        assert made.deliver() == {}
    run = stock.run("r")
    found = names_of(run)
    assert found.names() == {"f": "FILE"}
    names = found.sent_files("f")
    assert len(names) == 6 and names[0] == "f"
    rows = [found.unpacked(row, "f") for name in names for row in query.iter_files("p", run.id, name)]
    assert sorted(query.read_file(row) for row in rows) == sorted(
        b"%d %d" % (n, at) for n in range(2) for at in range(8)
    )
    assert {json.loads(row["metadata"])["name"] for row in rows} == {f"n{at}" for at in range(8)}
    assert all(row["fileName"] == "f.bin" for row in rows)


def test_what_has_no_slot(made: Made, stock: Stock) -> None:
    writer = made.writer(readable=True, config='{"a": {"b": 1, "c": 2}}')
    writer.metrics(0, m=1)
    for _ in range(60):
        writer.console(1, "x")
    writer.put(Name(writer.time, "late"))
    writer.put(Notes(writer.time, "n" * 3_000))
    writer.put(Tags(writer.time, add=[f"t{n}" for n in range(60)]))
    writer.put(Tags(writer.time, remove=["t0", "t59"], add=["group:a", "group:b"]))
    writer.put(Config(writer.time, '{"a": {"d": 3}, "x": 1}', remove=["a/b", "x", "not/there"]))
    writer.end()
    assert made.deliver() == {} and made.poison() == []
    run = stock.run("r")
    notes = run.config["_attributes"]
    assert (run.name, notes["name"], notes["description"], len(run.notes or "")) == ("name", "late", "n" * 3_000, 1_000)
    aside = {tag for tag, there in notes["tags"].items() if there}
    assert set(run.tags) | aside == {*(f"t{n}" for n in range(1, 59)), "group:a", "group:b"}
    assert run.config["a"] == {"b": None, "c": 2, "d": 3} and run.config["x"] == 1


def test_the_lanes_of_a_journal(made: Made) -> None:
    """A FORGET is in both, an ordinary record in one."""
    from pluto.core.journal import Reader

    writer = made.writer()
    writer.metrics(0, a=1)
    forget(writer, "a")
    writer.file(0, "f", b"1")
    reader = Reader(made.folder.writer(writer.name))
    assert [row.seq for row in reader.read(1, LINES).rows] == [2, 3]
    assert [row.seq for row in reader.read(1, FILES).rows] == [3, 4]
    reader.close()
    writer.close()


def test_what_a_run_asked_for_outlives_its_first_segment(
    made: Made, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first segment is deleted before the writer is done: a deliverer that begins anew has no START to read."""
    monkeypatch.setattr(writer_module, "SEGMENT_BYTES", 1)
    writer = made.writer(readable=True)
    for n in range(6):
        writer.text(n, "said", f"text {n}")
        writer.file(n, "kept", b"%d" % n, file_name=f"own{n}.bin", metadata={"n": n})
    writer.end()
    real, calls = StockDialect.lines, []

    def lines(self: StockDialect, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) > 4:
            raise Unreachable("gone")
        real(self, *arguments)

    monkeypatch.setattr(StockDialect, "lines_at_once", 1)
    monkeypatch.setattr(StockDialect, "lines", lines)
    assert made.deliver(patience_s=0.3)
    monkeypatch.undo()
    assert not list(made.path.glob("*/000001.db"))
    assert made.deliver() == {}
    run = stock.run("r")
    said = [json.loads(line["message"])["body"] for line in run.logs if line["logType"] == "DEBUG"]
    assert sorted(said) == [f"text {n}" for n in range(6)]
    annotated = [json.loads(file["annotations"])["pluto"] for file in run.files]
    assert sorted(one["name"] for one in annotated) == [f"own{n}.bin" for n in range(6)]
