"""Takes an event file apart: records with their length and checksums, one behind the other."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import BinaryIO, Final

from pluto.core.protobuf import DamagedError
from pluto.core.tfevents import crc

_HEAD: Final = struct.Struct("<QI")
_FOOT: Final = struct.Struct("<I")
_LARGEST: Final = 1 << 28
"""Bytes of a record that is still read: what says to be larger would fill the memory."""
_NEVER: Final = 1 << 40
"""No record is so long."""
_PIECE: Final = 1 << 20
_LENGTH: Final = re.compile(rb"(?=(?:[^\0]...|.[^\0]..|..[^\0].|...[^\0])\0\0\0\0)", re.DOTALL)
"""What may be the length of a record: not nothing, and less than 4 GiB."""

_of_length = lru_cache(1024)(crc.masked)
"""Most records of a file are of few lengths."""

Damaged = Callable[[int, str], None]
"""Is told where something is that can't be read, and what is the matter."""


def records(file: BinaryIO, damaged: Damaged | None = None) -> Iterator[bytes]:
    """The whole records from where the file stands, which is behind the last of them afterwards.

    A record that is still being written ends it; it is there the next time. Raises `DamagedError` where a length is
    wrong. With `damaged` nothing is raised, the checksums of all bytes are looked at, and reading goes on behind what
    `damaged` is told of, a last record that is cut off among it.
    """
    at = file.tell()
    while True:
        head = file.read(_HEAD.size)
        whole = len(head) == _HEAD.size
        length, checksum = _HEAD.unpack(head) if whole else (0, 0)
        if whole and (_of_length(head[:8]) != checksum or length >= _NEVER):
            if damaged is None:
                raise DamagedError(f"what stands at {at} is no record")
            found = _next(file, at + 1)
            damaged(at, f"{(found or file.tell()) - at} bytes are no record")
            if found is None:
                return
            at = found
            file.seek(at)
            continue
        if whole and length > _LARGEST:
            if damaged is None:
                raise DamagedError(f"the record at {at} has {length} bytes")
            damaged(at, f"a record of {length} bytes, more than are read at once, is left out")
            at += _HEAD.size + length + _FOOT.size
            file.seek(at)
            continue
        body = _read(file, length + _FOOT.size) if whole else b""
        if not whole or len(body) < length + _FOOT.size:
            if damaged is not None and head:
                damaged(at, f"the last {len(head) + len(body)} bytes are no whole record: the writer was cut off")
            file.seek(at)
            return
        data = body[:length]
        if damaged is not None and crc.masked(data) != _FOOT.unpack_from(body, length)[0]:
            damaged(at, "a record whose checksum is wrong is left out")
        else:
            yield data
        at += _HEAD.size + len(body)


def _read(file: BinaryIO, size: int) -> bytes:
    """So many bytes, or what is left: memory is taken for what is there, and not for what is said to be."""
    if size <= _PIECE:
        return file.read(size)
    parts = []
    while size:
        part = file.read(min(size, _PIECE))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _next(file: BinaryIO, at: int) -> int | None:
    """Where the next record begins, at `at` at the earliest; the file stands at its end where there is none."""
    file.seek(at)
    kept, size = b"", 1 << 12
    while True:
        piece = file.read(size)
        size = min(2 * size, _PIECE)
        data = kept + piece
        for match in _LENGTH.finditer(data):
            start = match.start()
            if start + _HEAD.size > len(data):
                break
            length, checksum = _HEAD.unpack_from(data, start)
            if crc.masked(data[start : start + 8]) == checksum and length <= _LARGEST:
                return at + start
        if not piece:
            return None
        kept = data[-(_HEAD.size - 1) :]
        at += len(data) - len(kept)
