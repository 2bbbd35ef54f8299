"""What a record of an event file says: a step, a time, and values with a tag each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from pluto.core import protobuf
from pluto.core.protobuf import FIXED32, FIXED64, LENGTH, VARINT
from pluto.core.tfevents.records import records
from pluto.core.tfevents.tensors import Array, tensor

VERSION: Final = 3
GRAPH: Final = 4
LOG_MESSAGE: Final = 6
SESSION: Final = 7
RUN_METADATA: Final = 8
META_GRAPH: Final = 9
"""What an event may hold besides values, as `Event.others` numbers it."""

SIMPLE: Final = 2
IMAGE: Final = 4
HISTOGRAM: Final = 5
AUDIO: Final = 6
TENSOR: Final = 8
"""What a value is, as `Value.kind` numbers it; 0 is none of them."""
_METADATA: Final = 9


@dataclass(slots=True)
class Metadata:
    """What the first value of a tag, and of some writers each, says of the tag."""

    plugin: str = ""
    content: bytes = b""
    """The plugin's own."""
    display_name: str = ""
    description: str = ""


@dataclass(slots=True)
class Image:
    """A picture, encoded: PNG as a rule, GIF where it moves."""

    height: int = 0
    width: int = 0
    encoded: bytes = b""


@dataclass(slots=True)
class Histogram:
    """Counts of buckets. `limits[i]` is the upper edge of the bucket of `counts[i]`."""

    low: float = 0.0
    high: float = 0.0
    sum: float = 0.0
    sum_squares: float = 0.0
    limits: list[float] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Audio:
    """A sound, encoded: WAV as a rule."""

    rate: float = 0.0
    channels: int = 0
    encoded: bytes = b""
    content_type: str = ""


@dataclass(slots=True)
class Value:
    """One value of an event. What is in it is looked at when it is asked for, and may raise `DamagedError` then."""

    tag: str = ""
    kind: int = 0
    body: bytes = b""
    about: bytes | None = None

    @property
    def metadata(self) -> Metadata | None:
        """What it says of its tag, None where it says nothing."""
        return None if self.about is None else parse_metadata(self.about)

    @property
    def simple(self) -> float | None:
        """The number of a `SIMPLE`: the one of 32 bits, exactly. None of others; the same below."""
        return protobuf.single(self.body) if self.kind == SIMPLE else None

    @property
    def image(self) -> Image | None:
        """The picture of an `IMAGE`."""
        return parse_image(self.body) if self.kind == IMAGE else None

    @property
    def histogram(self) -> Histogram | None:
        """The buckets of a `HISTOGRAM`."""
        return parse_histogram(self.body) if self.kind == HISTOGRAM else None

    @property
    def audio(self) -> Audio | None:
        """The sound of an `AUDIO`."""
        return parse_audio(self.body) if self.kind == AUDIO else None

    @property
    def tensor(self) -> Array | list[bytes] | None:
        """The values of a `TENSOR`, as `tensors.tensor` gives them."""
        return tensor(self.body) if self.kind == TENSOR else None


@dataclass(slots=True)
class Event:
    """What was written at once. `time`: seconds since the epoch."""

    time: float = 0.0
    step: int = 0
    values: list[Value] = field(default_factory=list)
    others: list[tuple[int, bytes]] = field(default_factory=list)
    """What else it holds: which of `VERSION` to `META_GRAPH`, and the bytes."""


def read(file: BinaryIO) -> Iterator[Event]:
    """The events from where the file stands that hold values. Raises `DamagedError`."""
    for record in records(file):
        event = parse_event(record)
        if event.values:
            yield event


def parse_event(data: bytes) -> Event:
    """An event. Raises `DamagedError`."""
    event = Event()
    for number, kind, value in protobuf.fields(data):
        if kind == LENGTH:
            if number == 5:
                event.values += parse_summary(value)
            elif VERSION <= number <= META_GRAPH:
                event.others.append((number, value))
        elif number == 1 and kind == FIXED64:
            event.time = protobuf.double(value)
        elif number == 2 and kind == VARINT:
            event.step = protobuf.signed(value)
    return event


def parse_summary(data: bytes) -> list[Value]:
    """The values of a summary. Raises `DamagedError`."""
    return [_value(value) for number, kind, value in protobuf.fields(data) if number == 1 and kind == LENGTH]


def _value(data: bytes) -> Value:
    found = Value()
    for number, kind, value in protobuf.fields(data):
        if kind == LENGTH:
            if number == 1:
                found.tag = protobuf.text(value)
            elif number == _METADATA:
                found.about = value
            elif number in (IMAGE, HISTOGRAM, AUDIO, TENSOR):
                found.kind, found.body = number, value
        elif number == SIMPLE and kind == FIXED32:
            found.kind, found.body = number, value
    return found


def parse_metadata(data: bytes) -> Metadata:
    """What is said of a tag. Raises `DamagedError`."""
    found = Metadata()
    for number, kind, value in protobuf.fields(data):
        if kind != LENGTH:
            continue
        if number == 1:
            for inner, inner_kind, inner_value in protobuf.fields(value):
                if inner_kind == LENGTH and inner == 1:
                    found.plugin = protobuf.text(inner_value)
                elif inner_kind == LENGTH and inner == 2:
                    found.content = inner_value
        elif number == 2:
            found.display_name = protobuf.text(value)
        elif number == 3:
            found.description = protobuf.text(value)
    return found


def parse_image(data: bytes) -> Image:
    """A picture. Raises `DamagedError`."""
    found = _by_kind(data)
    return Image(found.get((1, VARINT), 0), found.get((2, VARINT), 0), found.get((4, LENGTH), b""))


def parse_audio(data: bytes) -> Audio:
    """A sound. Raises `DamagedError`."""
    found = _by_kind(data)
    rate = found.get((1, FIXED32))
    return Audio(
        0.0 if rate is None else protobuf.single(rate),
        found.get((2, VARINT), 0),
        found.get((4, LENGTH), b""),
        protobuf.text(found.get((5, LENGTH), b"")),
    )


def parse_histogram(data: bytes) -> Histogram:
    """The buckets of a histogram. Raises `DamagedError`."""
    facts = {1: 0.0, 2: 0.0, 4: 0.0, 5: 0.0}
    parts: dict[int, list[Any]] = {6: [], 7: []}
    for number, kind, value in protobuf.fields(data):
        if number in facts and kind == FIXED64:
            facts[number] = protobuf.double(value)
        elif number in parts and kind in (FIXED64, LENGTH):
            parts[number].append(value)
    limits, counts = (protobuf.numbers(parts[number], "d") for number in (6, 7))
    return Histogram(facts[1], facts[2], facts[4], facts[5], limits, counts)


def _by_kind(data: bytes) -> dict[tuple[int, int], Any]:
    """The last value of each field that stands once."""
    return {(number, kind): value for number, kind, value in protobuf.fields(data)}
