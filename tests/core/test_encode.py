"""What a call of `log()` becomes: bits are kept, conversions are as documented, and a bad item harms no other."""

from __future__ import annotations

import logging
import math
import struct
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluto
from pluto.core.encode import Sorter, number
from pluto.core.encode import step as checked_step
from pluto.core.jsonable import plain, to_json
from pluto.core.op import Op
from pluto.protocol.records import Kind, Metrics
from tests.core.journals import only, read, writers

names = st.text(min_size=1, max_size=20).filter(lambda s: bool(s.strip()) and s.isprintable())
numbers = st.floats(allow_nan=True, width=64) | st.integers(-(2**63), 2**64 - 1)


def bits(value: float) -> bytes:
    return struct.pack("<d", value) if isinstance(value, float) else repr(value).encode()


def offline(**options: Any) -> Op:
    return pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True, **options)


@given(st.lists(st.dictionaries(names, numbers, max_size=8), min_size=1, max_size=6))
def test_numbers_keep_their_bits_and_names_their_letters(
    tmp_path_factory: pytest.TempPathFactory, calls: list[dict[str, float]]
) -> None:
    root = tmp_path_factory.mktemp("r")
    with offline(dir=root) as run:
        for data in calls:
            run.log(data)
            run.log(data)  # the second time along the short way
    found = [m.values for m in only(root, Kind.METRICS)]
    expected = [data for data in calls for _ in range(2) if data]
    kept = [values for values in found if values]
    assert [{k: bits(v) for k, v in values.items()} for values in kept] == [
        {k: bits(v) for k, v in data.items()} for data in expected
    ]


def test_ten_thousand_names_and_none_at_all(root: Path) -> None:
    wide = {f"layer/{i}/ünï": i * 0.1 for i in range(10_000)}
    with offline() as run:
        run.log({})
        run.log(wide)
        run.log(wide)
    assert [m.values for m in only(root, Kind.METRICS)] == [wide, wide]
    assert [m.step for m in only(root, Kind.METRICS)] == [2, 3]


CONVERTED: dict[str, tuple[Any, Any]] = {
    "true": (True, 1),
    "numpy float": (np.float64(0.1), 0.1),
    "numpy half": (np.float16(0.5), 0.5),
    "numpy int": (np.int32(-7), -7),
    "numpy bool": (np.bool_(False), 0),
    "0-d array": (np.array(2.5), 2.5),
    "array of one": (np.array([[3]]), 3),
    "decimal": (Decimal("1.25"), 1.25),
    "fraction": (Fraction(1, 4), 0.25),
    "beyond 64 bits": (2**70, float(2**70)),
    "nan": (math.nan, math.nan),
    "minus infinity": (-math.inf, -math.inf),
    "minus zero": (-0.0, -0.0),
}


@pytest.mark.parametrize("what", CONVERTED)
def test_what_becomes_a_number(what: str) -> None:
    given, expected = CONVERTED[what]
    assert type(number(given)) is type(expected)
    assert bits(number(given)) == bits(expected)


REFUSED: dict[str, Any] = {
    "array": np.zeros(3),
    "empty array": np.zeros(0),
    "complex": 1j,
    "bytes": b"1",
    "object": object(),
    "class": int,
    "beyond a float": 10**400,
    "list of numbers": [1, 2],
    "object array": np.array(None),
}


def test_a_bad_value_is_told_once_and_harms_no_other(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pluto"), offline() as run:
        for i in range(3):
            run.log({"before": i, **REFUSED, "nothing": None, "after": i})
    assert [m.values for m in only(root, Kind.METRICS)] == [{"before": i, "after": i} for i in range(3)]
    told = [r.message.split(" was ")[0].split(" is ")[0] for r in caplog.records]
    assert sorted(told) == sorted([*REFUSED, "nothing"])


def test_texts_and_nested_dicts(root: Path) -> None:
    with offline() as run:
        run.log({"phase": "warm up", "val": {"acc": 0.5, "deep": {"f1": 1}, "note": "grün \ud800"}}, step=3)
    assert only(root, Kind.METRICS)[0].values == {"val/acc": 0.5, "val/deep/f1": 1}
    assert only(root, Kind.TEXTS)[0].values == {"phase": "warm up", "val/note": "grün ?"}
    assert {r.step for r in only(root, Kind.METRICS) + only(root, Kind.TEXTS)} == {3}


@pytest.mark.parametrize("name", [1, None, "", "  ", "\ud800", ("a",)])
def test_a_bad_name_is_an_error_after_the_others_are_kept(root: Path, name: Any) -> None:
    with offline() as run, pytest.raises(ValueError, match="names are text"):
        run.log({"a": 1, name: 2, "b": 3})
    assert only(root, Kind.METRICS)[0].values == {"a": 1, "b": 3}


@pytest.mark.parametrize("data", [None, 3, "x", [("a", 1)], {"a"}])
def test_only_dicts_can_be_logged(data: Any) -> None:
    with offline() as run, pytest.raises(TypeError, match="takes a dict"):
        run.log(data)


@pytest.mark.parametrize(
    "good", [0, -5, 2.5, -0.5, 1e300, 2**53 + 1, np.int64(7), np.float32(0.5), np.array(3), True + 1]
)
def test_steps_are_finite_numbers_of_any_sign(good: Any) -> None:
    assert checked_step(good) == good
    assert type(checked_step(good)) in (int, float)


@pytest.mark.parametrize(
    "bad", [True, np.bool_(True), "3", b"3", None, [1], math.nan, math.inf, np.nan, 2**63, object()]
)
def test_other_steps_are_errors_that_change_nothing(root: Path, bad: Any) -> None:
    with offline() as run:
        run.log({"a": 1})
        if bad is not None:
            with pytest.raises((TypeError, ValueError), match="step"):
                run.log({"a": 2}, step=bad)
        run.log({"a": 3})
    assert [(m.step, m.values["a"]) for m in only(root, Kind.METRICS)] == [(1, 1), (2, 3)]


def test_a_dict_of_numpy_numbers_is_one_record(root: Path) -> None:
    with offline() as run:
        run.log({f"m{i}": np.float64(i) for i in range(50)})
    assert [type(m) for m in only(root, Kind.METRICS)] == [Metrics]
    assert only(root, Kind.METRICS)[0].values["m49"] == 49.0


def test_an_object_that_fails_in_any_way_is_only_a_bad_value() -> None:
    class Hostile:
        @property
        def item(self) -> None:
            raise RuntimeError("no")

    sorter = Sorter()
    assert sorter.sort({"a": Hostile(), "b": 1}).numbers == {"b": 1}
    assert sorter.refused == 1


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_any_config_is_json_that_a_strict_reader_takes(value: Any) -> None:
    import json

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(to_json(value), parse_constant=refuse) == plain(value)


def test_configs_hold_whatever_people_put_there(root: Path) -> None:
    import argparse
    import enum
    from dataclasses import dataclass
    from datetime import datetime, timezone

    class Color(enum.Enum):
        RED = "red"

    @dataclass
    class Part:
        size: int

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    found = plain({
        "path": Path("/data"), "when": datetime(2024, 1, 2, tzinfo=timezone.utc), "array": np.arange(3), "set": {2, 1},
        "color": Color.RED, "part": Part(3), "ns": argparse.Namespace(lr=0.1), "nan": math.nan, "f": len,
        "np": np.float32(0.5), 3: "number", "broken": Broken(), "bytes": b"x",
    })  # fmt: skip
    assert found == {
        "path": "/data", "when": "2024-01-02T00:00:00+00:00", "array": [0, 1, 2], "set": [1, 2], "color": "red",
        "part": {"size": 3}, "ns": {"lr": 0.1}, "nan": "NaN", "f": "builtins.len", "np": 0.5, "3": "number",
        "broken": "<" + Broken.__qualname__ + ">", "bytes": "x",
    }  # fmt: skip
    assert plain(cycle)["self"]
    big = {"text": "x" * 300_000, "path": Path("/data")}
    with offline(config=big):
        pass
    (start,) = read(writers(root)[0], Kind.START)
    assert '"path":"/data"' in start.config and len(start.config) > 300_000
