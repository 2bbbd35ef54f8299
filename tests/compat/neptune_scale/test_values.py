"""What is kept of what a call hands over."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.attributes import HistogramValue
from pluto.compat.neptune_scale import exceptions
from pluto.compat.neptune_scale.sync.values import Intake, micro, tidied
from pluto.compat.neptune_scale.types import Histogram
from tests.compat.neptune_scale.conftest import Said

told: list[BaseException] = []


@pytest.fixture
def intake() -> Intake:
    told.clear()
    return Intake(told.append)


def test_numbers_are_what_float_takes(intake: Intake, said: Said) -> None:
    class Tensor:
        def __float__(self) -> float:
            return 2.5

    given = {
        "int": 3, "bool": True, "text": "1.5", "numpy": np.float32(0.5), "scalar": np.array(4), "half": Fraction(1, 2),
        "tensor": Tensor(), "nan": math.nan, "inf": -math.inf,
    }  # fmt: skip
    kept = intake.floats(given)
    assert math.isnan(kept.pop("nan"))
    assert kept == {
        "int": 3.0, "bool": 1.0, "text": 1.5, "numpy": 0.5, "scalar": 4.0, "half": 0.5, "tensor": 2.5, "inf": -math.inf
    }  # fmt: skip
    assert all(type(value) is float for value in kept.values())
    assert not said.warnings()
    bad = {"none": None, "word": "x", "list": [1.0], "many": np.array([1.0, 2.0]), "big": 10**400, "complex": 1j}
    assert intake.floats({**bad, "good": 1}) == {"good": 1.0}
    assert len(said.warnings()) == len(bad)


def test_single_values_keep_their_type(intake: Intake, said: Said) -> None:
    moment = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
    given = {
        "int": -(2**63), "float": math.nan, "bool": False, "str": "é", "time": moment,
        "numpy": np.float64(2), "list": ["b", "a", "b"], "empty": [], "set": {"x"}, "tuple": ("y",),
    }  # fmt: skip
    kept = intake.atoms(given)
    assert {name: type(value) for name, value in kept.items()} == {
        "int": int, "float": float, "bool": bool, "str": str, "time": datetime, "numpy": float,
        "list": frozenset, "empty": frozenset, "set": frozenset, "tuple": frozenset,
    }  # fmt: skip
    assert kept["list"] == {"a", "b"}
    assert kept["time"] == moment
    local = intake.atoms({"naive": datetime(2024, 5, 1, 12)})["naive"]
    assert isinstance(local, datetime)
    assert local == datetime(2024, 5, 1, 12).astimezone()
    assert local.tzinfo is not None
    assert not said.warnings()
    bad = {"none": None, "dict": {"a": 1}, "numpy": np.float32(1), "int64": np.int64(3), "frozenset": frozenset("a")}
    assert intake.atoms({**bad, "good": 1}) == {"good": 1}
    assert len(said.warnings()) == len(bad)


@pytest.mark.parametrize(
    ("value", "error"),
    [([1, 2], TypeError), (["a", 1], TypeError), (2**63, ValueError), ("\ud800", ValueError), (["\ud800"], ValueError)],
)
def test_values_that_can_not_be_raise(intake: Intake, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        intake.atoms({"a": value})


def test_paths(intake: Intake, said: Said) -> None:
    given = {"x" * 1024: 1, "é" * 512: 2, "/a//b/": 3}
    assert intake.floats(given) == {"x" * 1024: 1.0, "é" * 512: 2.0, "a/b": 3.0}
    assert intake.floats({"x" * 1025: 1, "é" * 513: 1, 5: 1, None: 1, "good": 1}) == {"good": 1.0}
    assert len(said.warnings()) == 4
    assert intake.floats({"": 1, "/": 1, "  ": 1, "good": 1}) == {"good": 1.0}
    assert [type(error) for error in told] == [exceptions.NeptuneAttributePathEmpty] * 3
    with pytest.raises(UnicodeEncodeError):
        intake.floats({"\ud800": 1})


def test_texts(intake: Intake, said: Said) -> None:
    long = "x" * 1024 * 1024
    assert intake.texts({"a": "x", "b": "", "c": long}) == {"a": "x", "b": "", "c": long}
    assert intake.texts({"a": 1, "b": None, "c": long + "x", "d": b"x", "e": "é" * (1024 * 512 + 1)}) == {}
    assert len(said.warnings()) == 5
    with pytest.raises(UnicodeEncodeError):
        intake.texts({"a": "\ud800"})


def test_tags(intake: Intake, said: Said) -> None:
    assert intake.tags({"sys/tags": ["a"], "x": ("b",), "y": {"c"}}) == {"sys/tags": ["a"], "x": ["b"], "y": ["c"]}
    for bad in ("a", [1], None, (tag for tag in "ab"), frozenset("a")):
        assert intake.tags({"sys/tags": bad}) == {}
        assert len(said.warnings()) == 1


@pytest.mark.parametrize(
    "histogram",
    [
        Histogram([0, 1, 2], counts=[1, 2]),
        Histogram(np.array([0, 1, 2]), counts=np.array([1, 2])),
        Histogram(np.array([0.0, 1, 2], dtype=np.float32), counts=[np.int64(1), 2]),  # type: ignore[list-item]
    ],
)
def test_histograms_of_counts(intake: Intake, histogram: Histogram) -> None:
    assert intake.histograms({"h": histogram}) == {"h": HistogramValue((0.0, 1.0, 2.0), (1, 2), density=False)}


def test_histograms_of_densities(intake: Intake) -> None:
    given = Histogram(np.array([0, 1, 2.5]), densities=np.array([0.25, 0.5], dtype=np.float32))
    assert intake.histograms({"h": given}) == {"h": HistogramValue((0.0, 1.0, 2.5), (0.25, 0.5), density=True)}
    assert intake.histograms({"h": Histogram([1.0], densities=[])}) == {"h": HistogramValue((1.0,), (), density=True)}


@pytest.mark.parametrize(
    "histogram",
    [
        5,
        Histogram([0, 1, 2]),
        Histogram([0, 1, 2], counts=[1, 2], densities=[0.5, 0.5]),
        Histogram((0, 1, 2), counts=[1, 2]),  # type: ignore[arg-type]
        Histogram([0, 1, 2], counts=(1, 2)),  # type: ignore[arg-type]
        Histogram([0, 1, 2], densities=(1, 2)),  # type: ignore[arg-type]
        Histogram([0, 1, 2], counts=[1]),
        Histogram([], counts=[]),
        Histogram(list(range(514)), counts=[1] * 513),
        Histogram([0, 1, 2], counts=[1.0, 2]),  # type: ignore[list-item]
        Histogram([0, 1, 2], counts=["1", 2]),  # type: ignore[list-item]
        Histogram(["a", 1, 2], counts=[1, 2]),  # type: ignore[list-item]
        Histogram([0, 1, 2], densities=["a", 2]),  # type: ignore[list-item]
        Histogram(np.array([[0, 1, 2]]), counts=np.array([1, 2])),
    ],
)
def test_histograms_that_are_none_are_left_out(intake: Intake, histogram: Any, said: Said) -> None:
    good = Histogram([0, 1], counts=[5])
    assert list(intake.histograms({"bad": histogram, "good": good})) == ["good"]
    assert len(said.warnings()) == 1


def test_edges_that_do_not_rise_are_told(intake: Intake) -> None:
    assert intake.histograms({"a": Histogram([0, math.nan], [1]), "b": Histogram([0, 0], [1])}) == {}
    assert [type(error) for error in told] == [
        exceptions.NeptuneHistogramBinEdgesContainNaN,
        exceptions.NeptuneHistogramBinEdgesNotIncreasing,
    ]
    for count in (-1, 2**64):
        with pytest.raises(ValueError, match="count"):
            intake.histograms({"a": Histogram([0, 1], [count])})


def test_what_can_not_be_kept_raises_where_that_is_wished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_LOG_FAILURE_ACTION", "RAISE")
    intake = Intake([].append)
    for take, data in (
        (intake.floats, {"a": "x"}),
        (intake.atoms, {"a": None}),
        (intake.texts, {"a": 1}),
        (intake.tags, {"a": 1}),
        (intake.histograms, {"a": 1}),
        (intake.files, {5: b""}),
    ):
        with pytest.raises(exceptions.NeptuneUnableToLogData, match=r"a|5"):
            take(data)  # type: ignore[operator]
    monkeypatch.setenv("NEPTUNE_LOG_FAILURE_ACTION", "explode")
    with pytest.raises(ValueError, match="NEPTUNE_LOG_FAILURE_ACTION"):
        Intake([].append)


def test_a_value_that_fails_to_show_itself_is_left_out_all_the_same(intake: Intake, said: Said) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert intake.atoms({"a": Broken()}) == {}
    assert "a Broken" in said.text
    assert intake.atoms({"a": [object()] * 0, "b": b"x" * 10_000}) == {"a": frozenset()}
    assert max(len(record.getMessage()) for record in said.records) < 500


@given(st.floats(0, 1e12, exclude_max=True))
def test_a_step_keeps_six_decimals(step: float) -> None:
    kept = micro(step)
    assert abs(kept - step) <= max(1e-6, step * 1e-15)
    assert micro(kept) == kept
    assert type(kept) is (int if kept == int(kept) else float)


def test_steps_that_are_whole_are_ints() -> None:
    assert [micro(step) for step in (3, 3.0, 1 / 3, True, np.float64(2.5), 7.6543219)] == [
        3, 3, 0.333333, 1, 2.5, 7.654321,
    ]  # fmt: skip
    assert type(micro(True)) is int


@given(st.text("ab/ ", max_size=8))
def test_a_tidy_path_stays_as_it_is(path: str) -> None:
    tidy = tidied(path)
    assert tidied(tidy) == tidy
    if path.strip() and all(path.split("/")):
        assert tidy == path
