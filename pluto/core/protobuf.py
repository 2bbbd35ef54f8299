"""Reads messages of protocol buffers field by field, without descriptors: what is not known, a caller passes by."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
"""Wire types: what stands for a field's value in the message."""

_DOUBLE: Final = struct.Struct("<d")
_SINGLE: Final = struct.Struct("<f")
_MASK: Final = (1 << 64) - 1


class DamagedError(ValueError):
    """Bytes that are no message, or one that is cut off."""


def fields(data: bytes | memoryview) -> Iterator[tuple[int, int, Any]]:
    """`(number, wire type, value)` of each field, in the order of the message.

    The value of a `VARINT` is a whole number from 0 on (`signed` makes one of 64 bits of it), of `FIXED64` and
    `FIXED32` 8 and 4 bytes (`double`, `single`), of `LENGTH` the bytes: a slice of what was given, and so no copy of a
    memoryview. Nothing within them is looked at. Raises `DamagedError`, after the fields that were whole.
    """
    at, end = 0, len(data)
    value: Any
    while at < end:
        tag = data[at]
        at += 1
        if tag > 0x7F:  # a number above 15; those up to 2047 are met often
            if at < end and (more := data[at]) < 0x80:
                tag, at = tag & 0x7F | more << 7, at + 1
            else:
                tag, at = varint(data, at - 1)
        kind = tag & 7
        if tag < 8:
            raise DamagedError(f"a field without a number at {at - 1}")
        if kind == LENGTH:
            if at < end and (size := data[at]) < 0x80:
                at += 1
            else:
                size, at = varint(data, at)
            start, at = at, at + size
            if at > end:
                raise DamagedError(f"a field at {start} that is cut off")
            value = data[start:at]
        elif kind == VARINT:
            if at < end and (value := data[at]) < 0x80:
                at += 1
            else:
                value, at = varint(data, at)
        elif kind in (FIXED64, FIXED32):
            start, at = at, at + (8 if kind == FIXED64 else 4)
            if at > end:
                raise DamagedError(f"a field at {start} that is cut off")
            value = data[start:at]
        else:
            raise DamagedError(f"a field of the wire type {kind} at {at}")
        yield tag >> 3, kind, value


def varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """The whole number of variable length that begins at `at`, and where it ends. Raises `DamagedError`."""
    value = shift = 0
    end = len(data)
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, at
        shift += 7
    raise DamagedError(f"a number before {at} that does not end")


def signed(value: int) -> int:
    """A number of a `VARINT` as one of 64 bits with its sign (int32, int64; not sint32, sint64)."""
    return value - (1 << 64) if value >> 63 else value


def double(value: bytes | memoryview) -> float:
    """A number of a `FIXED64`."""
    return float(_DOUBLE.unpack(value)[0])


def single(value: bytes | memoryview) -> float:
    """A number of a `FIXED32`: the one of 32 bits, exactly."""
    return float(_SINGLE.unpack(value)[0])


def text(value: bytes | memoryview) -> str:
    """A text of a `LENGTH`; bytes that are no UTF-8 are shown with backslashes."""
    return str(value, "utf-8", "backslashreplace")


def numbers(parts: Iterable[bytes | memoryview], letter: str) -> list[Any]:
    """The values of a repeated field of fixed size, which come packed, one by one, or both.

    `letter` is their format in `struct`: `d`, `f`, `q`, `Q`, `i`, `I`. Raises `DamagedError`.
    """
    size = struct.calcsize(f"<{letter}")
    packed = b"".join(parts)
    if len(packed) % size:
        raise DamagedError(f"{len(packed)} bytes of numbers of {size} bytes")
    return list(struct.unpack(f"<{len(packed) // size}{letter}", packed))


def varints(parts: Iterable[int | bytes | memoryview]) -> list[int]:
    """The values of a repeated field of whole numbers, packed, one by one, or both. Raises `DamagedError`."""
    found: list[int] = []
    for part in parts:
        if isinstance(part, int):
            found.append(part)
            continue
        at = 0
        while at < len(part):
            value, at = varint(part, at)
            found.append(value)
    return found
