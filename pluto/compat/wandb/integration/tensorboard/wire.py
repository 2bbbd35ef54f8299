"""The two formats that event files are made of: records with checksums, and protocol buffers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

_HEAD: Final = struct.Struct("<QI")
_FOOT_SIZE: Final = 4
_MASK: Final = 0xA282EAD8
_MAX_RECORD: Final = 1 << 30


class DamagedError(ValueError):
    """A file of events that is not one, or is damaged."""


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        found.append(value)
    return tuple(found)


_CRC: Final = _table()


def masked_crc(data: bytes) -> int:
    """The checksum of a record's length or bytes, as it stands in the file."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def records(file: BinaryIO) -> Iterator[bytes]:
    """The whole records from where the file stands, which is behind the last of them afterwards.

    A record that is still being written ends it; it is there the next time. Raises `DamagedError`.
    """
    while True:
        start = file.tell()
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            file.seek(start)
            return
        length, checksum = _HEAD.unpack(head)
        if masked_crc(head[:8]) != checksum or length > _MAX_RECORD:
            raise DamagedError(f"what stands at {start} is no record")
        body = file.read(length + _FOOT_SIZE)
        if len(body) < length + _FOOT_SIZE:
            file.seek(start)
            return
        yield body[:length]


def fields(data: bytes) -> dict[int, list[Any]]:
    """The fields of a message by number: whole numbers, 4 or 8 bytes, or bytes. Raises `DamagedError`."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        value: Any
        if kind == 0:
            value, at = varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at : at + size], at + size
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise DamagedError(f"a field of kind {kind}")
        if at > len(data):
            raise DamagedError("a message that is cut off")
        found.setdefault(tag >> 3, []).append(value)
    return found


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A whole number of variable length, and where it ends. Raises `DamagedError`."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
    raise DamagedError("a number that does not end")


def signed(value: int) -> int:
    """A number of 64 bits with its sign."""
    return value - (1 << 64) if value >> 63 else value


def numbers(parts: list[Any], letter: str) -> list[Any]:
    """Repeated numbers of a field, packed or one by one; `letter` is their format in `struct`."""
    size = struct.calcsize(letter)
    packed = b"".join(parts)
    return list(struct.unpack(f"<{len(packed) // size}{letter}", packed[: len(packed) // size * size]))
