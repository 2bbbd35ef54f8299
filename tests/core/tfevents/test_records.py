"""Event files taken apart."""

from __future__ import annotations

import io
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core.protobuf import DamagedError
from pluto.core.tfevents import crc, records
from tests.tfevents import record

BODIES = [b"first", b"", b"second record", bytes(300)]
WHOLE = b"".join(map(record, BODIES))
ENDS = [len(b"".join(map(record, BODIES[:count]))) for count in range(len(BODIES) + 1)]


def test_the_checksum_is_the_known_one() -> None:
    assert crc._byte_by_byte(b"123456789") == 0xE3069283
    assert crc._byte_by_byte(bytes(32)) == 0x8A9136AA


@given(st.binary(max_size=300), st.integers(1, 64))
def test_many_bytes_at_once_have_the_same_checksum(data: bytes, repeated: int) -> None:
    assert crc._side_by_side(data * repeated) == crc._byte_by_byte(data * repeated)


def test_more_than_is_counted_at_once_has_the_same_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crc, "_AT_ONCE", 1000)
    for size in (999, 1000, 1001, 1003, 2000, 3500):
        data = bytes(i * 7 % 251 for i in range(size))
        assert crc._side_by_side(data) == crc._byte_by_byte(data)


def test_the_library_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    library = types.ModuleType("google_crc32c")
    library.value = lambda data: asked.append(len(data)) or 7  # type: ignore[attr-defined]
    crc._quickest.cache_clear()
    monkeypatch.setitem(sys.modules, "google_crc32c", library)
    try:
        assert crc.masked(b"abc") == (((7 >> 15) | (7 << 17)) + 0xA282EAD8) & 0xFFFFFFFF
        assert asked == [3]
    finally:
        crc._quickest.cache_clear()


def test_a_record_that_is_being_written_is_read_later() -> None:
    whole = record(b"abc")
    file = io.BytesIO(whole + whole[:-3])
    assert list(records.records(file)) == [b"abc"]
    assert file.tell() == len(whole)
    file.write(whole)
    file.seek(len(whole))
    assert list(records.records(file)) == [b"abc"]


def test_a_wrong_length_is_an_error_without_somebody_to_tell() -> None:
    with pytest.raises(DamagedError, match="at 0"):
        list(records.records(io.BytesIO(b"x" * 40)))


def test_a_file_cut_off_anywhere_gives_what_is_whole() -> None:
    for end in range(len(WHOLE) + 1):
        told: list[tuple[int, str]] = []
        whole = max(i for i, at in enumerate(ENDS) if at <= end)
        assert (
            list(records.records(io.BytesIO(WHOLE[:end]), lambda at, what: told.append((at, what)))) == BODIES[:whole]
        )
        if end in ENDS:
            assert told == []
        else:
            ((at, what),) = told
            assert at == ENDS[whole]
            assert f"last {end - at} bytes" in what


def test_a_flipped_bit_costs_one_record_and_is_told() -> None:
    for place in range(len(WHOLE)):
        for bit in range(8):
            damaged = bytearray(WHOLE)
            damaged[place] ^= 1 << bit
            told: list[tuple[int, str]] = []
            found = list(records.records(io.BytesIO(bytes(damaged)), lambda at, what: told.append((at, what))))
            hit = max(i for i, at in enumerate(ENDS) if at <= place)
            kept = BODIES[:hit] + BODIES[hit + 1 :]
            # A record of nothing is not looked for behind what is damaged: its length is like any zeros.
            assert found in (kept, [one for one in kept if one])
            assert [at for at, _ in told] == [ENDS[hit]]


@given(st.binary(max_size=400))
def test_any_bytes_end_without_an_error(data: bytes) -> None:
    told: list[int] = []
    list(records.records(io.BytesIO(data), lambda at, what: told.append(at)))
    assert bool(told) == bool(data)


def test_what_says_to_be_huge_takes_no_memory() -> None:
    import struct

    told: list[str] = []
    for length in (1 << 27, 1 << 40, (1 << 64) - 1):
        head = struct.pack("<Q", length)
        file = io.BytesIO(head + struct.pack("<I", crc.masked(head)) + b"some bytes")
        assert list(records.records(file, lambda at, what: told.append(what))) == []
    assert len(told) == 3


def test_zeros_are_passed_over() -> None:
    told: list[tuple[int, str]] = []
    file = io.BytesIO(record(b"a") + bytes(1 << 22) + record(b"b"))
    assert list(records.records(file, lambda at, what: told.append((at, what)))) == [b"a", b"b"]
    assert told == [(17, f"{1 << 22} bytes are no record")]
