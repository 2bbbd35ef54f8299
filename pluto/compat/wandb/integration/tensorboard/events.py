"""Events of TensorBoard: a step, a time, and values with a tag each."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from pluto.compat.wandb.integration.tensorboard import wire

_DTYPES: Final = {
    1: "f4",
    2: "f8",
    3: "i4",
    4: "u1",
    5: "i2",
    6: "i1",
    9: "i8",
    10: "?",
    17: "u2",
    19: "f2",
    22: "u4",
    23: "u8",
}
"""TensorFlow's numbers of types, as numpy calls them."""
_STRING: Final = 7
_FLOATS: Final = {1: (5, "f"), 2: (6, "d")}
_VARINTS: Final = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, 17: 7, 22: 16, 23: 17}


@dataclass
class Value:
    """One value of an event."""

    tag: str
    plugin: str = ""
    simple: float | None = None
    image: bytes | None = None
    histogram: tuple[list[float], list[float]] | None = None
    """Upper limits of the buckets, and how many are in each."""
    tensor: Any = None
    """A numpy array, or a list of bytes."""


@dataclass
class Event:
    """What was written at once."""

    time: float
    step: int
    values: list[Value] = field(default_factory=list)


def read(file: BinaryIO) -> Iterator[Event]:
    """The events from where the file stands that hold values. Raises `wire.DamagedError`."""
    for record in wire.records(file):
        event = parse_event(record)
        if event.values:
            yield event


def parse_event(data: bytes) -> Event:
    """An event. Raises `wire.DamagedError`."""
    found = wire.fields(data)
    (time,) = struct.unpack("<d", found[1][-1]) if 1 in found else (0.0,)
    step = wire.signed(found[2][-1]) if 2 in found else 0
    values = [one for summary in found.get(5, ()) for one in parse_summary(summary)]
    return Event(time, step, values)


def parse_summary(data: bytes) -> list[Value]:
    """The values of a summary. Raises `wire.DamagedError`."""
    return [_value(one) for one in wire.fields(data).get(1, ())]


def _value(data: bytes) -> Value:
    found = wire.fields(data)
    value = Value(_text(found, 1))
    if 9 in found:
        plugin = wire.fields(found[9][-1])
        value.plugin = _text(wire.fields(plugin[1][-1]), 1) if 1 in plugin else ""
    if 2 in found:
        (value.simple,) = struct.unpack("<f", found[2][-1])
    elif 4 in found:
        value.image = wire.fields(found[4][-1]).get(4, [b""])[-1]
    elif 5 in found:
        histogram = wire.fields(found[5][-1])
        value.histogram = wire.numbers(histogram.get(6, []), "d"), wire.numbers(histogram.get(7, []), "d")
    elif 8 in found:
        value.tensor = _tensor(found[8][-1])
    return value


def _text(found: dict[int, list[Any]], number: int) -> str:
    return str(found[number][-1].decode("utf-8", "replace")) if number in found else ""


def _tensor(data: bytes) -> Any:
    """A tensor as a numpy array; one of texts as a list of bytes; None where its type is not known here."""
    import numpy as np

    found = wire.fields(data)
    kind = found.get(1, [0])[-1]
    if kind == _STRING:
        return [bytes(one) for one in found.get(8, [])]
    if kind not in _DTYPES:
        return None
    sizes = [
        wire.signed(wire.fields(one).get(1, [0])[-1])
        for shape in found.get(2, [])[-1:]
        for one in wire.fields(shape).get(2, [])
    ]
    dtype = np.dtype(_DTYPES[kind])
    if found.get(4, [b""])[-1]:
        values = np.frombuffer(found[4][-1], dtype.newbyteorder("<"))
    elif kind in _FLOATS:
        number, letter = _FLOATS[kind]
        values = np.array(wire.numbers(found.get(number, []), letter), dtype)
    elif kind in _VARINTS:
        values = np.array(_varints(found.get(_VARINTS[kind], [])), dtype)
    else:
        return None
    count = math.prod(sizes)
    if len(values) == 1 and count > 1:  # one value stands for all
        values = np.full(count, values[0])
    if len(values) != count:
        raise wire.DamagedError(f"a tensor of {sizes} with {len(values)} values")
    return values.reshape(sizes)


def _varints(parts: list[Any]) -> list[int]:
    """Repeated whole numbers, packed or one by one."""
    found = []
    for part in parts:
        if isinstance(part, int):
            found.append(wire.signed(part))
            continue
        at = 0
        while at < len(part):
            value, at = wire.varint(part, at)
            found.append(wire.signed(value))
    return found
