"""The framing of a `.wandb` file: LevelDB's log format, with the plain CRC-32, behind a header of seven bytes.

Blocks of 32 KiB are counted from the start of the file. A record lies in one block (full), or in parts (first, middle,
last), each with checksum, length and type in seven bytes before it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

HEADER: Final = b":W&B\xe1\xbe\x00"
"""Ident, magic number and version."""
BLOCK: Final = 32768
LIMIT: Final = 64 << 20
"""Bytes of the longest record that is put together: what is longer is no record."""
_HEAD: Final = 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_AT_ONCE: Final = 32
"""Blocks that are read together."""

Lost = Callable[[int, int, str], object]
"""`lost(position, bytes, reason)`: bytes of the file that no record could be made of."""


class NoLogError(ValueError):
    """A file that is no log of the kind."""


def check(file: BinaryIO) -> None:
    """Reads past the header. Raises `NoLogError` where it is not there."""
    head = file.read(len(HEADER))
    if head != HEADER:
        raise NoLogError("the file is empty" if not head else f"it begins with {head!r}, and not as a log of W&B")


def records(path: Path, lost: Lost) -> Iterator[bytes]:
    """The payloads of a log, in order, as far as they are whole. What is damaged or cut off is told and passed by.

    Raises `NoLogError` for another file, and `OSError`. Memory: two megabytes, and the longest record.
    """
    with path.open("rb") as file:
        check(file)
        yield from _Reader(file, lost).records()


class _Reader:
    def __init__(self, file: BinaryIO, lost: Lost) -> None:
        self._file = file
        self._lost = lost
        self._parts: list[bytes] = []
        """The parts so far of a record that goes over several blocks,"""
        self._began = self._size = 0
        """where the first begins, and how many bytes they have."""
        self._resync = False
        """Whether the middle of a record is to be passed by, since its beginning is gone."""

    def records(self) -> Iterator[bytes]:
        """See the function of this name."""
        start, used = 0, len(HEADER)
        while True:
            data = self._file.read(BLOCK * _AT_ONCE - (start + used) % BLOCK if start == 0 else BLOCK * _AT_ONCE)
            if not data:
                break
            if start == 0:
                data = HEADER + data
            for at in range(0, len(data), BLOCK):
                yield from self._block(data, at, min(at + BLOCK, len(data)), start, used if start + at == 0 else 0)
            start += len(data)
        if self._parts:
            self._lost(self._began, self._size, "the end of a record is missing")

    def _block(self, data: bytes, at: int, end: int, start: int, skip: int) -> Iterator[bytes]:
        """The records that end in one block; it lies at `data[at:end]`, and the data at `start` of the file."""
        crc32 = zlib.crc32
        whole = end - at == BLOCK
        at += skip
        while end - at >= _HEAD:
            kind = data[at + 6]
            length = data[at + 4] | data[at + 5] << 8
            stop = at + _HEAD + length
            if not kind and not length and data[at : at + _HEAD] == b"\0" * _HEAD:
                # Room that was never written to, up to the end of the block.
                self._drop("the end of a record is missing")
                if data.count(0, at, end) < end - at:
                    self._gone(start + at, end - at, "bytes after an empty header")
                return
            if stop > end:
                if whole:
                    self._gone(start + at, end - at, "a record that goes beyond its block")
                else:
                    self._gone(start + at, end - at, "the file ends within a record")
                return
            if crc32(data[at + 6 : stop]) != int.from_bytes(data[at : at + 4], "little"):
                self._gone(start + at, end - at, "a wrong checksum: the rest of the block is passed by")
                return
            if kind == _FULL:
                if self._parts:
                    self._drop("the end of a record is missing")
                self._resync = False
                yield data[at + _HEAD : stop]
            else:
                yield from self._part(kind, data[at + _HEAD : stop], start + at)
            at = stop
        if at < end and data.count(0, at, end) < end - at:
            self._gone(
                start + at, end - at, "the file ends within a header" if not whole else "bytes after the last record"
            )

    def _part(self, kind: int, payload: bytes, position: int) -> Iterator[bytes]:
        if kind == _FIRST:
            if self._parts:
                self._drop("the end of a record is missing")
            self._parts, self._began, self._size, self._resync = [payload], position, len(payload), False
        elif kind not in (_MIDDLE, _LAST):
            self._drop("the end of a record is missing")
            self._lost(position, len(payload), f"a record of the unknown type {kind}")
        elif not self._parts:
            if not self._resync:
                self._lost(position, len(payload), "the beginning of a record is missing")
            else:
                self._lost(position, len(payload), "the rest of a record whose beginning is damaged")
        elif self._size + len(payload) > LIMIT:
            self._parts.append(payload)
            self._size += len(payload)
            self._drop(f"a record of more than {LIMIT} bytes")
            self._resync = True
        else:
            self._parts.append(payload)
            self._size += len(payload)
            if kind == _LAST:
                whole, self._parts = b"".join(self._parts), []
                yield whole

    def _gone(self, position: int, count: int, reason: str) -> None:
        """Bytes are damaged; so is the record that was begun."""
        self._drop("the end of a record is missing")
        self._resync = True
        self._lost(position, count, reason)

    def _drop(self, reason: str) -> None:
        if self._parts:
            self._lost(self._began, self._size, reason)
            self._parts = []
