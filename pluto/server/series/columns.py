"""Columns of numbers as bytes and back, bit by bit the same.

A column is a letter for its form, and the form's bytes. Integers are kept as a first number and the differences, in
as few bytes each as they need; floats as the integers they are, as float32 where nothing is lost, or as they are. What
is left is compressed word by word, the least significant first, where that saves a quarter at least.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import zstandard

from pluto.server.series.contract import Floats, Integers

LEVEL: Final = 1
WORTH_IT: Final = 0.75
"""Compressed columns are smaller than this part of the plain ones. Random mantissas are not worth the time to read."""

_EVEN: Final = b"e"  # first and difference: every difference is the same
_STEPS: Final[dict[bytes, np.dtype[Any]]] = {
    b"1": np.dtype("<i1"),
    b"2": np.dtype("<i2"),
    b"4": np.dtype("<i4"),
    b"8": np.dtype("<i8"),
}
_WHOLE: Final = b"w"
_SINGLE: Final = b"s"
_DOUBLE: Final = b"d"
_PLAIN: Final = b"p"
_PACKED: Final = b"z"
_PAIR: Final = struct.Struct("<qq")
_FIRST: Final = struct.Struct("<q")
_EXACT: Final = float(2**53)


def encode_integers(column: Integers) -> bytes:
    """An int64 column as bytes."""
    first = int(column[0]) if len(column) else 0
    # Differences wrap around, and the sums that undo them wrap back.
    with np.errstate(over="ignore"):
        steps = np.diff(column)
    low, high = (int(steps.min()), int(steps.max())) if len(steps) else (0, 0)
    if low == high:
        return _EVEN + _PAIR.pack(first, low)
    letter = next(letter for letter, kind in _STEPS.items() if _fits(low, kind) and _fits(high, kind))
    return letter + _FIRST.pack(first) + _pack(steps.astype(_STEPS[letter]))


def decode_integers(data: bytes, count: int) -> Integers:
    """The int64 column of `count` numbers in `data`."""
    column = np.empty(count, np.int64)
    if not count:
        return column
    with np.errstate(over="ignore"):
        if data[:1] == _EVEN:
            first, step = _PAIR.unpack_from(data, 1)
            np.multiply(np.arange(count), step, out=column)
            column += first
            return column
        (first,) = _FIRST.unpack_from(data, 1)
        column[0] = first
        column[1:] = _unpack(data[9:], _STEPS[data[:1]], count - 1)
        np.cumsum(column, out=column)
    return column


def encode_floats(column: Floats) -> bytes:
    """A float64 column as bytes."""
    bits = column.view(np.int64)
    with np.errstate(all="ignore"):
        if len(column) and abs(column[0]) < _EXACT and column[0] == np.floor(column[0]):
            whole = column.astype(np.int64)
            if np.abs(column).max() < _EXACT and np.array_equal(whole.astype(np.float64).view(np.int64), bits):
                return _WHOLE + encode_integers(whole)
        single = column.astype("<f4")
        if np.array_equal(single.astype(np.float64).view(np.int64), bits):
            return _SINGLE + _pack(single)
    return _DOUBLE + _pack(column)


def decode_floats(data: bytes, count: int) -> Floats:
    """The float64 column of `count` numbers in `data`."""
    form = data[:1]
    if form == _WHOLE and data[1:2] == _EVEN and count:
        first, step = _PAIR.unpack_from(data, 2)
        if abs(first) + abs(step) * count < _EXACT:
            # Floats all the way are exact here, and quicker.
            column = np.arange(count, dtype=np.float64)
            column *= step
            column += first
            return column
    if form == _WHOLE:
        return decode_integers(data[1:], count).astype(np.float64)
    if form == _SINGLE:
        return _unpack(data[1:], np.dtype("<f4"), count).astype(np.float64)
    if form == _DOUBLE:
        return _unpack(data[1:], np.dtype("<f8"), count)
    raise ValueError(f"unknown form of column {form!r}")


def _fits(number: int, kind: np.dtype[Any]) -> bool:
    return -(1 << 8 * kind.itemsize - 1) <= number < 1 << 8 * kind.itemsize - 1


def _pack(column: npt.NDArray[Any]) -> bytes:
    plain = column.tobytes()
    if not plain:
        return _PLAIN
    words = "u1" if column.itemsize < 4 else "u2"
    shuffled = np.ascontiguousarray(column.view(words).reshape(len(column), -1).T)
    packed = zstandard.compress(shuffled.tobytes(), LEVEL)
    return _PACKED + packed if len(packed) < WORTH_IT * len(plain) else _PLAIN + plain


def _unpack(data: bytes, kind: np.dtype[Any], count: int) -> npt.NDArray[Any]:
    if data[:1] == _PLAIN:
        return np.frombuffer(data, kind, count, 1)
    shuffled = zstandard.decompress(data[1:], max_output_size=count * kind.itemsize)
    words = "u1" if kind.itemsize < 4 else "u2"
    return np.ascontiguousarray(np.frombuffer(shuffled, words).reshape(-1, count).T).view(kind).reshape(count)
