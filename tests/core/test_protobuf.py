"""Messages of protocol buffers, field by field."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core import protobuf

Field = tuple[int, int, int | bytes]

whole = st.integers(0, 2**64 - 1)
one_field = st.one_of(
    st.tuples(st.integers(1, 2**29 - 1), st.just(protobuf.VARINT), whole),
    st.tuples(st.integers(1, 2**29 - 1), st.just(protobuf.LENGTH), st.binary(max_size=300)),
    st.tuples(st.integers(1, 3000), st.just(protobuf.FIXED64), st.binary(min_size=8, max_size=8)),
    st.tuples(st.integers(1, 3000), st.just(protobuf.FIXED32), st.binary(min_size=4, max_size=4)),
)


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def written(field: Field) -> bytes:
    number, kind, value = field
    head = varint(number << 3 | kind)
    if isinstance(value, int):
        return head + varint(value)
    return head + (varint(len(value)) if kind == protobuf.LENGTH else b"") + value


@given(st.lists(one_field, max_size=20))
def test_fields_are_read_as_written(message: list[Field]) -> None:
    data = b"".join(map(written, message))
    assert list(protobuf.fields(data)) == message
    assert list(protobuf.fields(memoryview(data))) == message


@given(st.lists(one_field, min_size=1, max_size=4))
def test_a_message_that_is_cut_off_gives_its_whole_fields_and_one_error(message: list[Field]) -> None:
    data = b"".join(map(written, message))
    ends = [len(b"".join(map(written, message[:count]))) for count in range(len(message) + 1)]
    for end in range(len(data)):
        found = []
        if end in ends:
            assert list(protobuf.fields(data[:end])) == message[: ends.index(end)]
            continue
        with pytest.raises(protobuf.DamagedError):
            for field in protobuf.fields(data[:end]):
                found.append(field)
        assert found == message[: sum(one <= end for one in ends) - 1]


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_damaged(data: bytes) -> None:
    try:
        for _, kind, value in protobuf.fields(data):
            assert isinstance(value, int) == (kind == protobuf.VARINT)
    except protobuf.DamagedError as error:
        assert str(error)


def test_slices_of_a_memoryview_are_no_copies() -> None:
    data = bytearray(written((1, protobuf.LENGTH, b"abc")))
    ((_, _, value),) = protobuf.fields(memoryview(data))
    data[-1:] = b"d"
    assert value == b"abd"


@pytest.mark.parametrize(
    "data",
    [b"\x00\x01", b"\x03\x01", b"\x0b\x0c", b"\x0c", b"\x0f\x01", b"\x08" + b"\xff" * 11, b"\x0a\xff\xff\xff\x7f"],
)
def test_what_is_no_field_is_damaged(data: bytes) -> None:
    with pytest.raises(protobuf.DamagedError):
        list(protobuf.fields(data))


@given(st.integers(-(2**63), 2**63 - 1), st.floats(), st.floats(width=32))
def test_numbers(number: int, wide: float, narrow: float) -> None:
    ((_, _, found),) = protobuf.fields(written((1, protobuf.VARINT, number % 2**64)))
    assert protobuf.signed(found) == number
    assert struct.pack("<d", protobuf.double(struct.pack("<d", wide))) == struct.pack("<d", wide)
    assert repr(protobuf.single(struct.pack("<f", narrow))) == repr(narrow)


@given(st.lists(st.floats(allow_nan=False)), st.lists(whole), st.integers(0, 5))
def test_repeated_numbers_come_packed_one_by_one_or_both(doubles: list[float], wholes: list[int], cut: int) -> None:
    parts = [
        b"".join(struct.pack("<d", one) for one in doubles[:cut]),
        *(struct.pack("<d", one) for one in doubles[cut:]),
    ]
    assert protobuf.numbers(parts, "d") == doubles
    assert protobuf.varints([b"".join(map(varint, wholes[:cut])), *wholes[cut:]]) == wholes


def test_repeated_numbers_of_another_size_are_damaged() -> None:
    with pytest.raises(protobuf.DamagedError):
        protobuf.numbers([b"1234567"], "d")
    with pytest.raises(protobuf.DamagedError):
        protobuf.varints([b"\x80"])


def test_text_that_is_no_utf8_survives() -> None:
    assert protobuf.text(b"a\xff") == "a\\xff"
    assert protobuf.text(memoryview("ü".encode())) == "ü"
