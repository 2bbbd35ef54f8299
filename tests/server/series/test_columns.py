"""Columns of numbers: every bit comes back, and what is plain is small."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pluto.server.series.columns import decode_floats, decode_integers, encode_floats, encode_integers

sizes = st.integers(0, 300)
bit_patterns = arrays.arrays(np.int64, sizes, elements=st.integers(-(2**63), 2**63 - 1))
small = arrays.arrays(np.int64, sizes, elements=st.integers(-300, 300))
singles = arrays.arrays(np.float32, sizes, elements=st.floats(width=32, allow_nan=False))
wholes = arrays.arrays(np.int64, sizes, elements=st.integers(-(2**53) - 2, 2**53 + 2))


def integers(data: bytes, count: int) -> np.ndarray:
    out = np.empty(count, np.int64)
    decode_integers(data, out)
    return out


def floats(data: bytes, count: int) -> np.ndarray:
    out = np.empty(count)
    decode_floats(data, out)
    return out


@given(bit_patterns | small | wholes)
def test_integers_come_back(column: np.ndarray):
    assert integers(encode_integers(column), len(column)).tolist() == column.tolist()


@given(
    bit_patterns.map(lambda column: column.view(np.float64))
    | small.map(lambda column: column / 4)
    | wholes.map(lambda column: column.astype(np.float64))
    | singles.map(lambda column: column.astype(np.float64))
    | st.lists(st.floats() | st.sampled_from([0.0, -0.0, 1.0])).map(lambda numbers: np.array(numbers, np.float64))
)
def test_floats_come_back(column: np.ndarray):
    assert floats(encode_floats(column), len(column)).view(np.int64).tolist() == column.view(np.int64).tolist()


@pytest.mark.parametrize(
    ("first", "step", "count"), [(-(2**53) + 1, 2**40 - 1, 8193), (2**52, 1, 1000), (5, -1, 100), (0, -3, 9)]
)
def test_even_steps_come_back(first: int, step: int, count: int):
    column = (first + step * np.arange(count)).astype(np.float64)
    encoded = encode_floats(column)
    assert len(encoded) < 20
    assert floats(encoded, count).view(np.int64).tolist() == column.view(np.int64).tolist()


def test_plain_columns_are_small():
    random = np.random.default_rng(0)
    count = 10_000
    assert len(encode_floats(np.full(count, 0.1))) < 100
    assert len(encode_floats(random.normal(size=count).astype(np.float32).astype(float))) < 4.1 * count
    assert len(encode_floats(random.normal(size=count))) < 8.1 * count
    assert len(encode_integers(np.cumsum(random.integers(9_000, 11_000, count)))) < 2.1 * count


@pytest.mark.parametrize("data", [b"", b"x", b"dz", b"dzrubbish", b"wx", b"sp12"])
def test_what_is_no_column_is_refused(data: bytes):
    with pytest.raises(Exception, match=r"."):
        floats(data, 3)
