"""Columns of numbers as bytes and back, bit by bit the same.

A column is a letter for its form, and the form's bytes. Integers are kept as a first number and the differences, in
as few bytes each as they need; floats as the integers they are, as float32 where nothing is lost, or as they are. What
is left is compressed word by word, the least significant first, where that saves a quarter at least.
"""

from __future__ import annotations

import struct
import threading
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
_RANKS: Final = np.arange(16_384)
_FLOAT_RANKS: Final = _RANKS.astype(np.float64)


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


def decode_integers(data: bytes, out: Integers) -> None:
    """Fills `out` with the int64 column in `data`."""
    if not len(out):
        return
    if data[:1] == _EVEN:
        first, step = _PAIR.unpack_from(data, 1)
        np.multiply(_RANKS[: len(out)] if len(out) <= len(_RANKS) else np.arange(len(out)), step, out=out)
        out += first
        return
    (out[0],) = _FIRST.unpack_from(data, 1)
    _unpack(data[9:], _STEPS[data[:1]], out[1:])
    np.cumsum(out, out=out)


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


def decode_floats(data: bytes, out: Floats) -> None:
    """Fills `out` with the float64 column in `data`."""
    form = data[:1]
    if form == _WHOLE and data[1:2] == _EVEN and len(out):
        first, step = _PAIR.unpack_from(data, 2)
        if abs(first) + abs(step) * len(out) < _EXACT:
            # Floats all the way are exact here, and quicker.
            np.multiply(_FLOAT_RANKS[: len(out)] if len(out) <= len(_RANKS) else np.arange(len(out)), step, out=out)
            out += first
            return
    if form == _WHOLE:
        whole = np.empty(len(out), np.int64)
        decode_integers(data[1:], whole)
        out[:] = whole
    elif form == _SINGLE:
        _unpack(data[1:], np.dtype("<f4"), out)
    elif form == _DOUBLE:
        _unpack(data[1:], np.dtype("<f8"), out)
    else:
        raise ValueError(f"unknown form of column {form!r}")


def _fits(number: int, kind: np.dtype[Any]) -> bool:
    return -(1 << 8 * kind.itemsize - 1) <= number < 1 << 8 * kind.itemsize - 1


class _Zstd(threading.local):
    """What compresses and what unpacks, made once for each thread: making them takes longer than a small column."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(LEVEL).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


zstd: Final = _Zstd()


def _pack(column: npt.NDArray[Any]) -> bytes:
    plain = column.tobytes()
    if not plain:
        return _PLAIN
    words = "u1" if column.itemsize < 4 else "u2"
    shuffled = np.ascontiguousarray(column.view(words).reshape(len(column), -1).T)
    packed = zstd.compress(shuffled.tobytes())
    return _PACKED + packed if len(packed) < WORTH_IT * len(plain) else _PLAIN + plain


def _unpack(data: bytes, kind: np.dtype[Any], out: npt.NDArray[Any]) -> None:
    if data[:1] == _PLAIN:
        out[:] = np.frombuffer(data, kind, len(out), 1)
        return
    shuffled = zstd.decompress(data[1:], max_output_size=len(out) * kind.itemsize)
    words = "u1" if kind.itemsize < 4 else "u2"
    out[:] = np.ascontiguousarray(np.frombuffer(shuffled, words).reshape(-1, len(out)).T).view(kind).reshape(len(out))
