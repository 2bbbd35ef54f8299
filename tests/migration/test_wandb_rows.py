"""How rows of W&B's logs are laid down."""

from __future__ import annotations

import contextlib
import json
import math
import struct
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration.model import Data, Points
from pluto_migration.source import Problems
from pluto_migration.sources.wandb_local.history import History
from pluto_migration.sources.wandb_local.rows import Rows

from pluto.core.protobuf import DamagedError
from tests.migration import wandb_logs as w
from tests.migration.wandb_logs import START, US, as_row, read, steps


@pytest.mark.parametrize("old", [False, True], ids=["nested keys", "single keys"])
def test_values_become_what_the_door_makes_of_them(tmp_path: Path, old: bool) -> None:
    nested = {"n": {"x": 2, "deep": {"y": -2.5}}} if old else {("n", "x"): 2, ("n", "deep", "y"): -2.5}
    found = read(
        tmp_path,
        [
            w.run(),
            as_row(
                3, {"i": 7, "f": 0.1, "t": True, "s": "text", "z": None, "l": [1, "a"], "d.ot": 1, **nested}, old=old
            ),
            w.exit_(),
        ],
    )
    assert dict(found.points.items()) == {
        name: [(3.0, US + 3_000_000, value)]
        for name, value in {"i": 7.0, "f": 0.1, "t": 1.0, "d.ot": 1.0, "n.x": 2.0, "n.deep.y": -2.5}.items()
    }
    assert found.texts == {"s": [(3.0, US + 3_000_000, "text")]}
    assert [(item.name, item.type, item.step, item.body) for item in found.of(Data)] == [
        ("z", "JSON", 3.0, None),
        ("l", "JSON", 3.0, [1, "a"]),
    ]
    assert found.facts.wandb["bools"] == {"t": True}
    assert found.facts.wandb["nested"] == {"n.x": ["n", "x"], "n.deep.y": ["n", "deep", "y"]}
    assert found.problems == []


def test_numbers_come_bit_for_bit(tmp_path: Path) -> None:
    texts = [
        "NaN",
        "Infinity",
        "-Infinity",
        "-0",
        "-0.0",
        "0",
        "1e-320",
        "9007199254740993",
        "1" * 400,
        "-" + "1" * 400,
    ]
    texts += ["1.7976931348623157e+308", "2.5E-3", "-7"]
    rows = [
        w.row([w.item("v", None, raw=text), w.item("_step", step), w.item("_timestamp", START)], step)
        for step, text in enumerate(texts)
    ]
    # The same once more, behind bytes that are known by then, and in another order.
    rows += [
        w.row([w.item("_timestamp", START), w.item("_step", len(texts) + step), w.item("v", None, raw=text)])
        for step, text in enumerate(texts)
    ]
    found = read(tmp_path, [w.run(), *rows])
    wanted = [float(text) for text in texts] * 2
    got = [value for _, value in steps(found, "v")]
    assert struct.pack(f"<{len(got)}d", *got) == struct.pack(f"<{len(wanted)}d", *wanted)
    assert [step for step, _ in steps(found, "v")] == list(range(2 * len(texts)))


def test_words_for_numbers_count_with_old_writers_and_under_names_of_numbers(tmp_path: Path) -> None:
    old = read(tmp_path / "old", [w.run(), as_row(0, {"a": "NaN", "b": "-Infinity", "c": "nan"}, old=True)])
    assert math.isnan(old.points["a"][0][2])
    assert steps(old, "b") == [(0.0, -math.inf)]
    assert list(old.texts) == ["c"]
    new = read(tmp_path / "new", [w.run(), as_row(0, {"a": "NaN", "b": 1}), as_row(1, {"a": "x", "b": "Infinity"})])
    assert [value for *_, value in new.texts["a"]] == ["NaN", "x"]
    assert steps(new, "b") == [(0.0, 1.0), (1.0, math.inf)]


def test_a_rows_own_step_counts_before_the_records(tmp_path: Path) -> None:
    own = [w.item("a", 1), w.item("_step", 40)]
    rows = [
        w.row(own, 0),
        w.row([w.item("a", 2)], 7),
        w.row([w.item("a", 3)]),
        w.row([w.item("a", 4), w.item("_step", -2.5)]),
    ]
    found = read(tmp_path, [w.run(), *rows])
    assert steps(found, "a") == [(40.0, 1.0), (7.0, 2.0), (0.0, 3.0), (-2.5, 4.0)]


def test_a_row_without_a_time_has_that_of_the_row_before(tmp_path: Path) -> None:
    rows = [w.row({"a": 1, "_step": 0}), as_row(5, {"a": 2}), w.row({"a": 3, "_step": 6})]
    found = read(tmp_path, [w.run(), *rows])
    assert [time for _, time, _ in found.points["a"]] == [US, US + 5_000_000, US + 5_000_000]


def test_steps_and_times_that_are_none(tmp_path: Path) -> None:
    odd = [("_step", "1e999"), ("_timestamp", "NaN"), ("_timestamp", "-1"), ("_timestamp", "1e300"), ("_step", "NaN")]
    rows = [as_row(0, {"a": 0})]
    rows += [
        w.row([w.item("a", 1), w.item(name, None, raw=text)], number) for number, (name, text) in enumerate(odd, 1)
    ]
    found = read(tmp_path, [w.run(), *rows])
    assert [(step, time) for step, time, _ in found.points["a"]] == [(float(step), US) for step in range(6)]
    assert repr([value for _, value in steps(found, "_timestamp")]) == "[nan, -1.0, 1e+300]"
    assert len([problem for problem in found.problems if "a row's step is" in problem]) == 2


def test_a_row_of_nothing_leaves_its_time(tmp_path: Path) -> None:
    found = read(tmp_path, [w.run(), as_row(0, {"a": 1}), as_row(1, {}), as_row(2, {"a": 1})])
    assert steps(found, "_timestamp") == [(1.0, START + 1)]
    assert len(found.points["a"]) == 2


def test_typed_values_are_read_too(tmp_path: Path) -> None:
    def typed(name: str, number: int, value: Any) -> bytes:
        return w.message((2, name), (number, value))

    items = [
        typed("none", 3, 1),
        typed("yes", 4, 1),
        typed("minus", 5, 5),  # zigzag
        typed("plus", 5, 4),
        typed("half", 6, 0.5),
        typed("text", 7, "t"),
        typed("list", 8, "[1]"),
        w.item("_step", 9),
    ]
    found = read(tmp_path, [w.run(), w.row(items), w.row(items)])
    assert {name: rows[0][2] for name, rows in found.points.items()} == {
        "yes": 1.0,
        "minus": -3.0,
        "plus": 2.0,
        "half": 0.5,
    }
    assert [value for *_, value in found.texts["text"]] == ["t", "t"]
    assert [item.body for item in found.of(Data)] == [None, [1]] * 2


def test_names_of_every_kind(tmp_path: Path) -> None:
    names = ["é", "with space", "a/b", 'quo"te', "x" * 300, "\x82\x01", "日本", "_own"]
    rows = [as_row(step, dict.fromkeys(names, step)) for step in range(3)]
    rows.append(w.row([w.item(["a\x82\x01", "b"], 1), w.item("_step", 3)]))
    rows.append(w.record(2, w.message((1, w.message((2, b"bad\xff"), (16, "1"))))))
    found = read(tmp_path, [w.run(), *rows])
    assert set(found.points) == {*names, "a\x82\x01.b", "bad\\xff"}
    assert all(steps(found, name) == [(0, 0), (1, 1), (2, 2)] for name in names)


def test_a_value_without_a_name_is_kept_and_noted(tmp_path: Path) -> None:
    found = read(tmp_path, [w.run(), as_row(0, {"": 1})])
    assert steps(found, "_") == [(0.0, 1.0)]
    assert any("without a name" in problem for problem in found.problems)


def test_objects_are_put_together_before_anything_else(tmp_path: Path) -> None:
    leaves = {
        ("o", "path"): "gone.bin",
        ("o", "in", "_type"): "inner",
        ("o", "in", "v"): 1,
        ("o", "_type"): "other-file",
        ("n", "v"): 2,
    }
    found = read(tmp_path, [w.run(), as_row(0, leaves)])
    assert [item.body for item in found.of(Data)] == [
        {"path": "gone.bin", "in": {"_type": "inner", "v": 1}, "_type": "other-file"}
    ]
    assert list(found.points) == ["n.v"]
    assert any("'gone.bin' is not there" in problem for problem in found.problems)


def test_broken_values_cost_themselves(tmp_path: Path) -> None:
    items = [w.item("bad", None, raw="{no"), w.item("a", 1), w.item("b", None, raw='"\\ud800x"'), w.item("_step", 2)]
    found = read(tmp_path, [w.run(), w.row(items), w.row([w.item("deep", None, raw="[" * 5000), w.item("_step", 3)])])
    assert steps(found, "a") == [(2.0, 1.0)]
    assert [value for *_, value in found.texts["b"]] == ["\ufffd\ufffd\ufffdx"]
    assert len([problem for problem in found.problems if "no JSON" in problem]) == 2


def test_many_points_come_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pluto_migration.sources.wandb_local import columns

    monkeypatch.setattr(columns, "_ROWS", 3_000)
    monkeypatch.setattr(columns, "_LOOK", 64)
    monkeypatch.setattr(columns, "POINTS_AT_ONCE", 1_000)
    count = 8_000
    rows = [w.row([w.item("a", None, raw=str(step)), w.item("_step", None, raw=str(step))]) for step in range(count)]
    found = read(tmp_path, [w.run(), *rows])
    sizes = [len(item.steps) for item in found.of(Points)]
    assert max(sizes) <= 1_000
    assert len(sizes) >= 8
    assert [value for _, value in steps(found, "a")] == list(range(count))


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    lambda name: name not in ("_step", "_timestamp", "_runtime", "_type")
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
).map(json.dumps)
ROWS = st.lists(st.dictionaries(NAMES, NUMBERS, max_size=6), max_size=12)


@given(ROWS, st.booleans(), st.randoms(use_true_random=False))
def test_any_numbers_under_any_names_in_any_order(rows: list[dict[str, str]], old: bool, random: Random) -> None:
    wanted: dict[str, list[tuple[float, float]]] = {}
    laid = Rows(lambda _: None, Problems(), "log")
    history = History(laid)
    for step, values in enumerate(rows):
        items = [w.item(name, None, old=old, raw=text) for name, text in values.items()]
        items += [
            w.item("_step", step, old=old),
            w.item("_timestamp", START, old=old),
            w.item("_runtime", 1.5, old=old),
        ]
        random.shuffle(items)
        record = w.message(*((1, one) for one in items), (2, w.message((1, step + 1000))))
        history.record(record, 0, len(record))
        for name, text in (values or {"_timestamp": str(START)}).items():
            wanted.setdefault(name, []).append((float(step), float(json.loads(text))))
    found: dict[str, list[tuple[float, float]]] = {}
    for points in laid.flush():
        assert isinstance(points, Points)
        found.setdefault(points.name, []).extend(zip(points.steps.tolist(), points.values.tolist(), strict=True))
    assert {name: repr(one) for name, one in found.items()} == {name: repr(one) for name, one in wanted.items()}


@given(st.binary(max_size=80))
def test_any_bytes_as_a_row_raise_nothing_but_that_they_are_damaged(data: bytes) -> None:
    laid = Rows(lambda _: None, Problems(), "log")
    history = History(laid)
    for record in (data, w.message((1, data)), w.message((1, w.message((2, "a"), (16, data))))):
        with contextlib.suppress(DamagedError):
            history.record(record, 0, len(record))
        list(laid.drain_later())
        assert len(laid.columns.steps) == len(laid.columns.times)
    list(laid.flush())
