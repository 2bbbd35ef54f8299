"""Rows: their parts merged, each row stored once, whoever dies; an open row holds nothing up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluto.core.client import Client
from pluto.core.journal import Row as Line
from pluto.core.settings import Local
from pluto.core.uploader.record import load_cursor
from pluto.core.uploader.rows import Rows, numbered
from pluto.protocol import records
from pluto.protocol.records import Console, End, Kind, Metrics, Row
from pluto.protocol.rows import each_of
from tests.fakes.stock import Stock
from tests.uploader.making import T0, Made


@pytest.fixture
def made(root: Path) -> Made:
    return Made(root / "sync", Local(root / "store"))


def points(root: Path, run: int, name: str) -> list[tuple[float, float]]:
    client = Client(Local(root / "store"))
    found = client.get_packed(f"/api/ext/v1/runs/{run}/points", {"name": name})
    import numpy as np

    return list(zip(np.frombuffer(found["steps"]).tolist(), np.frombuffer(found["values"]).tolist(), strict=True))


def data(root: Path, run: int) -> list[tuple[str, str, float, Any]]:
    client = Client(Local(root / "store"))
    rows = client.get_packed(f"/api/ext/v1/runs/{run}/data", {})["rows"]
    return [(row["name"], row["type"], row["step"], row["body"]) for row in rows]


def lines(root: Path, run: int) -> list[str]:
    client = Client(Local(root / "store"))
    return [row["message"] for row in client.get_json("/api/runs/logs", {"runId": run, "projectName": "p"})["logs"]]


def number_of(made: Made) -> int:
    run = made.receipt().run
    assert run is not None
    assert run.run_id is not None
    return run.run_id


def test_a_row_becomes_numbers_texts_and_json(made: Made, root: Path) -> None:
    writer = made.writer()
    values = {"i": 1, "f": 0.5, "b": True, "s": "text", "n": None, "l": [1, float("nan")], "o": {"_type": "x"}}
    writer.put(Row(T0, 3, values))
    writer.put(Row(T0 + 1_500_000, 4, {}))
    writer.put(End(T0, "COMPLETED"))
    made.deliver()
    run = number_of(made)
    assert [points(root, run, name) for name in "ifb"] == [[(3.0, 1.0)], [(3.0, 0.5)], [(3.0, 1.0)]]
    assert points(root, run, "_timestamp") == [(4.0, (T0 + 1_500_000) / 1e6)]
    assert data(root, run) == [
        ("l", "JSON", 3, "[1,NaN]"), ("n", "JSON", 3, "null"), ("o", "JSON", 3, '{"_type":"x"}'),
        ("s", "string-series", 3, "text"),
    ]  # fmt: skip
    assert json.loads(data(root, run)[0][3])[0] == 1


def test_parts_are_one_row(made: Made, root: Path) -> None:
    writer = made.writer()
    writer.put(Row(T0, 0, {"a": 1, "b": 1}, False))
    writer.put(Console(T0, "INFO", 1, ["between"]))
    writer.put(Row(T0, 0, {"b": 2}, True))
    writer.put(Row(T0, 5, {"a": 3}, False))
    writer.put(Row(T0, 6, {"a": 4}, False))
    writer.put(End(T0, "COMPLETED"))
    made.deliver()
    run = number_of(made)
    assert points(root, run, "a") == [(0.0, 1.0), (5.0, 3.0), (6.0, 4.0)]
    assert points(root, run, "b") == [(0.0, 2.0)]
    assert lines(root, run) == ["between"]
    assert not made.path.exists()


def test_an_open_row_holds_nothing_up_and_waits(made: Made, root: Path) -> None:
    writer = made.writer(alive=True)
    writer.put(Row(T0, 0, {"a": 1}, False))
    writer.put(Console(T0, "INFO", 1, ["behind"]))
    writer.put(Metrics(T0, 0, {"sys/cpu": 5}))
    made.deliver()
    run = number_of(made)
    assert lines(root, run) == ["behind"]
    assert points(root, run, "sys/cpu") == [(0.0, 5.0)]
    cursor = load_cursor(made.path / writer.name)
    assert (cursor.lines, cursor.sent) == (1, 4)
    assert made.receipt().writers[writer.name].lines == 4
    made.deliver()
    writer.put(Row(T0, 0, {"b": 2}, True))
    made.deliver()
    assert (points(root, run, "a"), points(root, run, "b")) == ([(0.0, 1.0)], [(0.0, 2.0)])
    assert lines(root, run) == ["behind"]
    assert load_cursor(made.path / writer.name).lines == 5


def test_an_open_row_of_a_dead_process_is_kept(made: Made, root: Path) -> None:
    writer = made.writer()
    writer.put(Row(T0, 0, {"a": 1}, True))
    writer.put(Row(T0, 1, {"a": 2}, False))
    writer.put(Console(T0, "INFO", 1, ["last words"]))
    made.deliver()
    run = number_of(made)
    assert points(root, run, "a") == [(0.0, 1.0), (1.0, 2.0)]
    assert lines(root, run) == ["last words"]
    assert made.receipt().status == "FAILED"
    assert not made.path.exists()


def test_an_uploader_that_forgets_sends_nothing_twice(made: Made, root: Path) -> None:
    """Each delivery starts from what is on disk, as after a crash, wherever the journal stands just then."""
    writer = made.writer(alive=True)
    steps = [
        Row(T0, 0, {"a": 0}, False), Console(T0, "INFO", 1, ["one"]), Row(T0, 0, {"b": 0}, True),
        Row(T0, 1, {"a": 1}, False), Row(T0, 2, {"a": 2}, False), Console(T0, "INFO", 2, ["two"]),
        Row(T0, 2, {"b": 2}, False), Row(T0, 3, {"a": 3}, True), Row(T0, 4, {"a": 4}, False),
    ]  # fmt: skip
    for record in steps:
        writer.put(record)
        made.deliver()
    writer.put(End(T0, "COMPLETED"))
    writer.journal.close()
    made.deliver()
    run = number_of(made)
    assert points(root, run, "a") == [(float(step), float(step)) for step in range(5)]
    assert points(root, run, "b") == [(0.0, 0.0), (2.0, 2.0)]
    assert lines(root, run) == ["one", "two"]
    assert not made.poison()


def test_rows_counted_on_their_own_go_on_behind_the_run(made: Made, root: Path) -> None:
    first = made.writer()
    first.put(Row(T0, 7, {"a": 1}))
    first.put(End(T0, "COMPLETED"))
    made.deliver()
    second = made.writer()
    second.put(Row(T0, [1], {"a": 2}, False))
    second.put(Row(T0, [1], {"b": 2}, True))
    second.put(Row(T0, [2], {"a": 3}))
    second.put(End(T0, "COMPLETED"))
    made.deliver()
    run = number_of(made)
    assert points(root, run, "a") == [(7.0, 1.0), (8.0, 2.0), (9.0, 3.0)]
    assert points(root, run, "b") == [(8.0, 2.0)]


def test_a_step_named_after_counted_ones(made: Made, root: Path) -> None:
    writer = made.writer(first_step=0)
    writer.put(Row(T0, [1], {"a": 1}, False))
    writer.put(Row(T0, 9, {"a": 2}, True))
    writer.put(End(T0, "COMPLETED"))
    made.deliver()
    assert points(root, number_of(made), "a") == [(0.0, 1.0), (9.0, 2.0)]
    assert not made.poison()


def test_a_part_that_can_not_be_read_is_kept_aside(made: Made, root: Path) -> None:
    writer = made.writer()
    writer.put(Row(T0, 0, {"a": 1}, False))
    writer.journal.append(int(Kind.ROW), b"\xc1")
    writer.put(Row(T0, 0, {"b": 1}, True))
    writer.put(End(T0, "COMPLETED"))
    made.deliver()
    run = number_of(made)
    assert (points(root, run, "a"), points(root, run, "b")) == ([(0.0, 1.0)], [(0.0, 1.0)])
    assert [line["seq"] for line in made.poison()] == [3]


def test_a_row_the_server_refuses_stands_alone(made: Made, root: Path) -> None:
    writer = made.writer()
    writer.put(Row(T0, 0, {"a": 1}))
    writer.put(Row(2**63, 1, {"a": 2}))
    writer.put(Row(T0, 2, {"a": 3}))
    writer.put(End(T0, "COMPLETED"))
    made.deliver()
    assert points(root, number_of(made), "a") == [(0.0, 1.0), (2.0, 3.0)]
    assert len(made.poison()) == 1


def test_a_stock_server_gets_lines(root: Path, stock: Stock) -> None:
    made = Made(root / "sync", stock.remote())
    writer = made.writer()
    writer.put(Row(T0, 0, {"a": 1, "s": "x"}, False))
    writer.put(Row(T0, 0, {"o": [1], "b": True}, True))
    writer.put(Row(T0, 1, {}))
    writer.put(End(T0, "COMPLETED"))
    made.deliver()
    run = stock.run("r")
    assert [(name, step, value) for name, _, step, value in run.metrics] == [
        ("a", 0, 1), ("b", 0, 1), ("_timestamp", 1, T0 / 1e6),
    ]  # fmt: skip
    found = [(line["logName"], line["dataType"], line["data"]) for line in run.data]
    assert found == [("s", "string-series", "x"), ("o", "JSON", "[1]")]


_parts = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=30)


@settings(deadline=None)
@given(_parts, st.data())
def test_wherever_it_is_cut_the_same_is_sent(parts: list[tuple[int, bool, bool]], cut: st.DataObject) -> None:
    """A journal read in pieces, and by a deliverer that starts again, gives each row once, under rising numbers."""
    step = 0
    journal: list[Line] = []
    for advance, flush, console in parts:
        step += advance
        seq = len(journal) + 1
        if console:
            journal.append(Line(seq, int(Kind.CONSOLE), b"x", 1))
        else:
            journal.append(Line(seq, int(Kind.ROW), records.encode(Row(seq, step, {f"v{seq}": seq}, flush)), 1))
            step += flush
    sent: list[Line] = []
    settled = reached = 0
    rows, read = Rows(), 0
    while read < len(journal):
        if cut.draw(st.booleans()):
            rows, read = Rows(), settled
        end = cut.draw(st.integers(read + 1, len(journal)))
        rows = rows.copy()
        ready = rows.take(journal[read:end], reached, lambda row, error: pytest.fail(error))
        sent += ready
        read = end
        reached = max(reached, read)
        settled = rows.settled(reached)
    sent += rows.finish(len(journal) + 1, reached)
    numbers = [row.seq for row in sent]
    assert numbers == sorted(set(numbers))
    values: dict[str, int] = {}
    for row in numbered(sent, None):
        if row.kind == Kind.ROW:
            for found in each_of(records.decode(row.kind, row.body)):
                assert not values.keys() & found.values.keys()
                values |= found.values
    assert values == {f"v{row.seq}": row.seq for row in journal if row.kind == Kind.ROW}
    assert [row for row in sent if row.kind == Kind.CONSOLE] == [row for row in journal if row.kind == Kind.CONSOLE]
