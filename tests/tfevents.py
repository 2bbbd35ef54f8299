"""Writes event files, field by field."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from pluto.core.tfevents import crc


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def number(tag: int, value: int) -> bytes:
    return varint(tag << 3) + varint(value & (1 << 64) - 1)


def double(tag: int, value: float) -> bytes:
    return varint(tag << 3 | 1) + struct.pack("<d", value)


def single(tag: int, value: float) -> bytes:
    return varint(tag << 3 | 5) + struct.pack("<f", value)


def part(tag: int, body: bytes) -> bytes:
    return varint(tag << 3 | 2) + varint(len(body)) + body


def scalar(tag: str, value: float) -> bytes:
    return part(1, part(1, tag.encode()) + single(2, value))


def image(tag: str, encoded: bytes) -> bytes:
    return part(1, part(1, tag.encode()) + part(4, number(1, 2) + number(2, 3) + number(3, 3) + part(4, encoded)))


def audio(tag: str, encoded: bytes, content_type: str = "audio/wav") -> bytes:
    return part(1, part(1, tag.encode()) + part(6, single(1, 8000) + part(4, encoded) + part(5, content_type.encode())))


def histogram(
    tag: str,
    low: float,
    high: float,
    limits: Sequence[float],
    counts: Sequence[float],
    sums: tuple[float, float] = (0, 0),
) -> bytes:
    facts = double(1, low) + double(2, high) + double(3, sum(counts)) + double(4, sums[0]) + double(5, sums[1])
    buckets = (struct.pack(f"<{len(some)}d", *some) for some in (limits, counts))
    return part(1, part(1, tag.encode()) + part(5, facts + b"".join(part(6 + i, one) for i, one in enumerate(buckets))))


def metadata(plugin: str, content: bytes = b"", display_name: str = "", description: str = "") -> bytes:
    inner = part(1, plugin.encode()) + part(2, content)
    return part(9, part(1, inner) + part(2, display_name.encode()) + part(3, description.encode()))


def tensor(tag: str, plugin: str | None, body: bytes, content: bytes = b"") -> bytes:
    about = b"" if plugin is None else metadata(plugin, content)
    return part(1, part(1, tag.encode()) + about + part(8, body))


def array(kind: int, shape: Sequence[int], content: bytes) -> bytes:
    """A tensor of TensorFlow's type `kind` from its raw bytes."""
    return number(1, kind) + sizes(shape) + part(4, content)


def strings(values: Sequence[bytes], shape: Sequence[int] | None = None) -> bytes:
    """A tensor of texts."""
    return number(1, 7) + sizes([len(values)] if shape is None else shape) + b"".join(part(8, one) for one in values)


def sizes(shape: Sequence[int]) -> bytes:
    return part(2, b"".join(part(2, number(1, size)) for size in shape))


def event(step: int, *values: bytes, time: float = 1.7e9) -> bytes:
    return double(1, time) + number(2, step) + part(5, b"".join(values))


def record(body: bytes) -> bytes:
    head = struct.pack("<Q", len(body))
    return head + struct.pack("<I", crc.masked(head)) + body + struct.pack("<I", crc.masked(body))


BEGIN = double(1, 1.0) + part(3, b"brain.Event:2")


def write(path: Path, *bodies: bytes) -> Path:
    """An event file of these events, behind the one that every file begins with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(record, (BEGIN, *bodies))))
    return path
