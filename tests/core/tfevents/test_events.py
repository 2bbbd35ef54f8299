"""What the records of event files say."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core.protobuf import DamagedError
from pluto.core.tfevents import events, tensors
from tests import tfevents
from tests.tfevents import array, event, number, part, scalar


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.lists(st.tuples(st.text(st.characters(codec="utf-8"), max_size=20), st.floats(width=32, allow_nan=False))),
)
def test_events_are_read_as_written(step: int, values: list[tuple[str, float]]) -> None:
    found = events.parse_event(event(step, *(scalar(tag, value) for tag, value in values)))
    assert found.step == step
    assert [(one.tag, one.simple) for one in found.values] == values


@given(st.binary(max_size=200))
def test_bytes_that_are_no_event_raise_one_error(data: bytes) -> None:
    for parse in (events.parse_event, events.parse_image, events.parse_audio, events.parse_histogram, tensors.tensor):
        try:
            parse(data)
        except DamagedError:
            pass


WHOLE = event(
    3,
    scalar("a", 0.5),
    tfevents.image("i", b"\x89PNG"),
    tfevents.audio("s", b"RIFF"),
    tfevents.histogram("h", 0, 2, [1, 2], [3, 4], sums=(9, 11)),
    tfevents.tensor("t", "scalars", array(1, [], struct.pack("<f", 2))),
)


def everything(data: bytes) -> list[Any]:
    found = []
    for value in events.parse_event(data).values:
        for one in ("metadata", "simple", "image", "audio", "histogram", "tensor"):
            try:
                found.append(getattr(value, one))
            except DamagedError as error:
                found.append(error)
    return found


def test_each_kind_of_value() -> None:
    scalar_, image, audio, histogram, tensor = events.parse_event(WHOLE).values
    assert (scalar_.simple, scalar_.image, scalar_.tensor, scalar_.metadata) == (0.5, None, None, None)
    assert image.image == events.Image(2, 3, b"\x89PNG")
    assert audio.audio == events.Audio(8000, 0, b"RIFF", "audio/wav")
    assert histogram.histogram == events.Histogram(0, 2, 9, 11, [1, 2], [3, 4])
    assert tensor.metadata == events.Metadata("scalars")
    assert tensor.tensor.shape == ()  # type: ignore[union-attr]


def test_a_cut_or_a_flipped_bit_anywhere_raises_nothing_else() -> None:
    for place in range(len(WHOLE)):
        try:
            everything(WHOLE[:place])
        except DamagedError:
            pass
        for bit in range(8):
            damaged = bytearray(WHOLE)
            damaged[place] ^= 1 << bit
            try:
                everything(bytes(damaged))
            except DamagedError:
                pass


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(1, "f4"), (2, "f8"), (3, "i4"), (4, "u1"), (5, "i2"), (6, "i1"), (9, "i8"), (10, "?"), (17, "u2"), (19, "f2"),
     (22, "u4"), (23, "u8")],
)  # fmt: skip
def test_tensors_of_raw_bytes(kind: int, dtype: str) -> None:
    values = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    found = tensors.tensor(array(kind, values.shape, values.tobytes()))
    assert isinstance(found, np.ndarray)
    assert found.dtype == values.dtype
    assert (found == values).all()


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (number(1, 1) + tfevents.sizes([2]) + part(5, struct.pack("<2f", 1.5, -2)), [1.5, -2]),
        (number(1, 1) + tfevents.single(5, 1.5), 1.5),
        (number(1, 2) + tfevents.sizes([3]) + tfevents.double(6, 7), [7, 7, 7]),
        (number(1, 3) + tfevents.sizes([2]) + number(7, -1) + number(7, 5), [-1, 5]),
        (number(1, 9) + number(10, -(2**62)), -(2**62)),
        (number(1, 10) + number(11, 1), True),
        (number(1, 19) + number(13, 0x3C00), 1.0),
        (number(1, 14) + number(13, 0x3FC0), 1.5),
        (array(14, [2], struct.pack("<2H", 0x3FC0, 0xC000)), [1.5, -2]),
        (number(1, 9) + tfevents.sizes([0]), []),
    ],
)
def test_tensors_of_single_values(body: bytes, values: Any) -> None:
    found = tensors.tensor(body)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == values


@pytest.mark.parametrize(
    "body",
    [
        array(1, [2, 2], bytes(12)),
        array(1, [1], bytes(3)),
        array(1, [-1], bytes(4)),
        array(1, [1] * 40, bytes(4)),
        array(1, [1 << 40], bytes(4)),
        number(1, 1) + tfevents.sizes([1 << 62, 1 << 62]) + tfevents.single(5, 1),
    ],
)
def test_tensors_that_are_not_what_they_say_are_damaged(body: bytes) -> None:
    with pytest.raises(DamagedError):
        tensors.tensor(body)


def test_texts_and_types_that_are_not_known() -> None:
    body = tfevents.strings([b"a", b"\xff", b"c", b"d"], [2, 2])
    assert tensors.tensor(body) == [b"a", b"\xff", b"c", b"d"]
    assert tensors.shape(body) == [2, 2]
    assert tensors.tensor(array(8, [], bytes(8))) is None
