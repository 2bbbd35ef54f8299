from __future__ import annotations

import json
import math
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pluto.core.data import Histogram

FLOATS = st.lists(st.floats(), max_size=60)
SMOOTH = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60)


def check(payload: dict, finite: list[float], left_out: int, bins: int) -> None:
    assert sum(payload["freq"]) == len(finite)
    assert payload["maxFreq"] == max(payload["freq"])
    assert payload.get("nonFinite", 0) == left_out
    assert (payload["bins"]["num"], len(payload["freq"]), payload["shape"]) == (bins, bins, "uniform")
    assert (payload["type"], payload["v"]) == ("Histogram", 1)
    if finite:
        assert payload["bins"]["min"] <= min(finite) <= max(finite) <= payload["bins"]["max"]
        assert payload["bins"]["min"] < payload["bins"]["max"]


@settings(deadline=None)
@given(FLOATS, st.integers(1, 80))
def test_each_finite_number_is_counted_once(numbers: list[float], bins: int) -> None:
    finite = [x for x in numbers if math.isfinite(x)]
    for data in (numbers, np.array(numbers, dtype=float)):
        kind, text = Histogram(data, bins).to_data()
        assert kind == "HISTOGRAM"
        check(json.loads(text), finite, len(numbers) - len(finite), bins)


@settings(deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.bool_, np.int8, np.uint64, np.int64, np.float16, np.float32]),
        arrays.array_shapes(max_dims=3, max_side=6),
    ),
    st.integers(1, 80),
)
def test_arrays_of_any_type_and_shape(array: np.ndarray, bins: int) -> None:
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    check(Histogram(array, bins).to_dict(), [float(x) for x in finite.ravel()], array.size - finite.size, bins)


@settings(deadline=None)
@given(SMOOTH, st.integers(1, 80))
def test_lists_and_arrays_are_counted_as_numpy_counts(numbers: list[float], bins: int) -> None:
    payload = Histogram(numbers, bins).to_dict()
    if max(numbers) - min(numbers) > 1e-3:
        expected, edges = np.histogram(numbers, bins)
        assert payload["freq"] == expected.tolist()
        assert Histogram(np.array(numbers), bins).to_dict()["freq"] == expected.tolist()
        assert payload["bins"] == {"min": edges[0], "max": edges[-1], "num": bins}


def test_lists_are_counted_without_numpy() -> None:
    program = """
import sys
from pluto.core.data import Histogram
print(Histogram([[1, 2], 2.5], 3).to_data()[1], 'numpy' in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    text, loaded = done.stdout.rsplit(" ", 1)
    assert (json.loads(text)["freq"], loaded.strip()) == ([1, 0, 2], "False")


def test_precomputed_counts() -> None:
    counts, edges = np.histogram(np.random.default_rng(0).standard_normal(1000), 10)
    expected = {"min": edges[0], "max": edges[-1], "num": 10}
    for data, bins in (
        ((counts, edges), 64),
        ((counts, edges), None),
        ([counts.tolist(), edges.tolist()], None),
        ((counts, edges.astype(np.float32)), None),
    ):
        payload = Histogram(data, bins).to_dict()
        assert (payload["freq"], payload["shape"]) == (counts.tolist(), "uniform")
        assert payload["bins"] == pytest.approx(expected)
    uneven = Histogram(([1, 2.5], [0, 1, 10])).to_dict()
    assert uneven == {
        "freq": [1, 2.5],
        "maxFreq": 2.5,
        "bins": [0, 1, 10],
        "shape": "generic",
        "type": "Histogram",
        "v": 1,
    }


def test_given_edges() -> None:
    for data in ([0, 1, 5, 9, 10, -1, math.nan], np.array([0, 1, 5, 9, 10, -1, math.nan])):
        payload = Histogram(data, bins=[0, 1, 10]).to_dict()
        assert (payload["freq"], payload["shape"], payload["nonFinite"]) == ([1, 4], "generic", 1)
    assert Histogram([1, 5], bins=[0, 2, 4]).to_dict()["freq"] == [1, 0]


def test_empty_constant_and_huge_numbers() -> None:
    assert Histogram([], 3).to_dict()["freq"] == [0, 0, 0]
    assert Histogram([math.nan], 3).to_dict()["bins"] == {"min": 0, "max": 1, "num": 3}
    constant = Histogram([2.0] * 5, 4).to_dict()
    assert (constant["bins"], sum(constant["freq"])) == ({"min": 1.5, "max": 2.5, "num": 4}, 5)
    assert Histogram([10**400, 1]).to_dict()["nonFinite"] == 1


def test_what_was_counted_stays() -> None:
    numbers = [random.random() for _ in range(10)]
    made = Histogram(numbers)
    before = made.to_data()
    numbers.clear()
    assert made.to_data() == before


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"data": 5}, TypeError, "Histogram data"),
        ({"data": "123"}, TypeError, "Histogram data"),
        ({"data": ["1"]}, TypeError, "str is no number"),
        ({"data": [None]}, TypeError, "NoneType"),
        ({"data": np.array(["a"])}, TypeError, "Histogram data"),
        ({"data": np.zeros(3, complex)}, TypeError, "Histogram data"),
        ({"data": [1], "bins": 0}, ValueError, "Histogram bins"),
        ({"data": [1], "bins": [1]}, ValueError, "two edges"),
        ({"data": [1], "bins": [2, 1]}, ValueError, "rising"),
        ({"data": [1], "bins": [0, math.nan]}, ValueError, "rising"),
        ({"data": [1, 2, 3], "bins": None}, ValueError, "pair"),
        ({"data": ([1, 2], [1, 2]), "bins": None}, ValueError, "3 edges"),
        ({"data": ([-1], [1, 2])}, ValueError, "no count"),
        ({"data": ([math.nan], [1, 2])}, ValueError, "no count"),
    ],
)
def test_bad_input_names_the_field(arguments: dict, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Histogram(**arguments)
