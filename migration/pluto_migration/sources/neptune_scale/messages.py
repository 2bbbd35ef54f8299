"""What the client `neptune-scale` hands to its server, field by field: the messages in the `operation` column.

| message | fields |
|---|---|
| creation | 2 fork point, 3 creation time, 4 family, 5 experiment's name, 9 inherit the config |
| fork point | 1 parent's project, 2 parent's run id, 4 step |
| update | 1 step, 2 time, 4 assigned, 5 changed sets, 8 appended, 10 preview |
| value, one of | 1 double, 3 int, 5 bool, 6 text, 8 time, 12 set of texts, 13 file, 14 histogram |
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from pluto.compat.attributes.layout import normal
from pluto.core.protobuf import (
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    DamagedError,
    double,
    fields,
    numbers,
    signed,
    single,
    text,
    varints,
)

Bytes = bytes | memoryview
_MICRO: Final = 1_000_000
_EPOCH: Final = datetime.fromtimestamp(0, timezone.utc)
_DOUBLE: Final = struct.Struct("<d")
_MOST_S: Final = 2**42
ADD: Final = 1
REMOVE: Final = 2


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file by the name it was to have on the server."""

    path: str = ""
    size: int | None = None
    mime: str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Edges, and counts or densities between them."""

    edges: list[float]
    values: list[int] | list[float]
    density: bool


Value = float | int | bool | str | datetime | frozenset[str] | FileRef | Histogram


@dataclass(slots=True)
class Creation:
    """What a run was made with."""

    experiment: str | None = None
    created: int | None = None
    family: str | None = None
    inherits: bool = False
    parent_project: str | None = None
    parent: str | None = None
    fork_step: float | None = None


@dataclass(slots=True)
class Update:
    """What one call logged; entries are decoded by `entry` and `value`, sets by `set_changes`."""

    step: int | None = None
    """In millionths."""
    time: int | None = None
    assigned: list[Bytes] = field(default_factory=list)
    sets: list[Bytes] = field(default_factory=list)
    appended: list[Bytes] = field(default_factory=list)
    preview: float | None = None
    """How complete the numbers are, where they may yet change."""


def creation(data: Bytes) -> Creation:
    """Raises `DamagedError`."""
    found = Creation()
    for number, kind, value in fields(data):
        if kind == LENGTH and number == 2:
            _fork_point(value, found)
        elif kind == LENGTH and number == 3:
            found.created = microseconds(value)
        elif kind == LENGTH and number == 4:
            found.family = text(value)
        elif kind == LENGTH and number == 5:
            found.experiment = text(value)
        elif kind == VARINT and number == 9:
            found.inherits = bool(value)
    return found


def _fork_point(data: Bytes, into: Creation) -> None:
    for number, kind, value in fields(data):
        if kind == LENGTH and number == 1:
            into.parent_project = text(value)
        elif kind == LENGTH and number == 2:
            into.parent = text(value)
        elif kind == LENGTH and number == 4:
            into.fork_step = step(value) / _MICRO


def update(data: Bytes) -> Update:
    """Raises `DamagedError`."""
    found = Update()
    for number, kind, value in fields(data):
        if kind != LENGTH:
            continue
        if number == 8:
            found.appended.append(value)
        elif number == 1:
            found.step = step(value)
        elif number == 2:
            found.time = microseconds(value)
        elif number == 4:
            found.assigned.append(value)
        elif number == 5:
            found.sets.append(value)
        elif number == 10:
            found.preview = _preview(value)
    return found


def step(data: Bytes) -> int:
    """A step in millionths; an empty message is step 0."""
    whole = micro = 0
    for number, kind, value in fields(data):
        if kind == VARINT and number == 1:
            whole = value
        elif kind == VARINT and number == 2:
            micro = value
    return whole * _MICRO + micro


def microseconds(data: Bytes) -> int | None:
    """A time in microseconds since the epoch; None for one beyond all calendars."""
    seconds, nanos = _seconds(data)
    return seconds * _MICRO + _nearest(nanos) if -_MOST_S < seconds < _MOST_S else None


def _seconds(data: Bytes) -> tuple[int, int]:
    seconds = nanos = 0
    for number, kind, value in fields(data):
        if kind == VARINT and number == 1:
            seconds = signed(value)
        elif kind == VARINT and number == 2:
            nanos = signed(value)
    return seconds, nanos


def _nearest(nanos: int) -> int:
    """In microseconds: the client makes them of floats, which are off by up to 240 ns."""
    return (nanos + 500) // 1_000


def _preview(data: Bytes) -> float | None:
    is_preview, completion = False, 0.0
    for number, kind, value in fields(data):
        if kind == VARINT and number == 1:
            is_preview = bool(value)
        elif kind == FIXED32 and number == 2:
            completion = single(value)
    return completion if is_preview else None


def entry(data: Bytes) -> tuple[str, Bytes]:
    """Path and value of an entry of a map. Raises `DamagedError`, also for one without a path."""
    path, content = "", b""
    for number, kind, value in fields(data):
        if kind == LENGTH and number == 1:
            path = text(value)
        elif kind == LENGTH and number == 2:
            content = value
    path = normal(path)
    if not path:
        raise DamagedError("a value without a path")
    return path, content


def value(data: Bytes) -> Value | None:
    """A value; None for one of a type that is not known. Raises `DamagedError`."""
    if len(data) == 9 and data[0] == 0x09:  # a double, as nearly all are
        return float(_DOUBLE.unpack_from(data, 1)[0])
    found: Value | None = None
    for number, kind, content in fields(data):
        if kind == FIXED64 and number == 1:
            found = double(content)
        elif kind == VARINT and number == 3:
            found = signed(content)
        elif kind == VARINT and number == 5:
            found = bool(content)
        elif kind == LENGTH and number == 6:
            found = text(content)
        elif kind == LENGTH and number == 8:
            found = _datetime(content)
        elif kind == LENGTH and number == 12:
            found = frozenset(text(one) for place, type_, one in fields(content) if (place, type_) == (1, LENGTH))
        elif kind == LENGTH and number == 13:
            found = _file(content)
        elif kind == LENGTH and number == 14:
            found = _histogram(content)
    return found


def set_changes(data: Bytes) -> Iterator[tuple[str, int]]:
    """Texts of a set that are added (`ADD`) or removed (`REMOVE`). Raises `DamagedError`."""
    for number, kind, strings in fields(data):
        if (number, kind) != (1, LENGTH):
            continue
        for place, type_, pair in fields(strings):
            if (place, type_) != (1, LENGTH):
                continue
            name, change = "", 0
            for at, wire, content in fields(pair):
                if (at, wire) == (1, LENGTH):
                    name = text(content)
                elif (at, wire) == (2, VARINT):
                    change = content
            yield name, change


def _datetime(data: Bytes) -> datetime:
    seconds, nanos = _seconds(data)
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=_nearest(nanos))
    except OverflowError:
        raise DamagedError("a time beyond all calendars") from None


def _file(data: Bytes) -> FileRef:
    path, size, mime = "", None, ""
    for number, kind, content in fields(data):
        if (number, kind) == (1, LENGTH):
            path = text(content)
        elif (number, kind) == (2, VARINT):
            size = content
        elif (number, kind) == (3, LENGTH):
            mime = text(content)
    return FileRef(path, size, mime)


def _histogram(data: Bytes) -> Histogram:
    edges: list[Bytes] = []
    counts: list[int | Bytes] = []
    densities: list[Bytes] = []
    density = False
    for number, kind, content in fields(data):
        if number == 1 and kind in (LENGTH, FIXED64):
            edges.append(content)
        elif (number, kind) == (4, LENGTH):
            density = False
            counts += [one for place, type_, one in fields(content) if place == 1 and type_ in (LENGTH, VARINT)]
        elif (number, kind) == (5, LENGTH):
            density = True
            densities += [one for place, type_, one in fields(content) if place == 1 and type_ in (LENGTH, FIXED64)]
    return Histogram(numbers(edges, "d"), numbers(densities, "d") if density else varints(counts), density)
