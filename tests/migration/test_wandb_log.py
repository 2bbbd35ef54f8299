"""How records lie in a log of W&B, and what is left of a damaged one."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration.sources.wandb_local import log

from tests.migration import wandb_logs
from tests.migration.wandb_logs import BLOCK, HEADER, framed

Lost = list[tuple[int, int, str]]


def read(path: Path, content: bytes) -> tuple[list[bytes], Lost]:
    path.write_bytes(content)
    lost: Lost = []
    return list(log.records(path, lambda *what: lost.append(what))), lost


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run-r.wandb"


@given(st.lists(st.one_of(st.binary(max_size=60), st.integers(0, 3 * BLOCK).map(lambda size: b"x" * size)), max_size=8))
def test_records_of_all_sizes_come_back(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("log") / "run-r.wandb"
    assert read(path, framed(payloads)) == (payloads, [])


def test_blocks_are_counted_from_the_first_byte_of_the_file(file: Path) -> None:
    # The header of seven bytes is part of the first block: this record fills it to the last byte.
    payload = b"x" * (BLOCK - len(HEADER) - 7)
    content = framed([payload, b"next"])
    assert len(content) == BLOCK + 7 + 4
    assert read(file, content) == ([payload, b"next"], [])


@pytest.mark.parametrize("left", range(8))
def test_the_end_of_a_block_that_no_header_fits_into_is_padding(file: Path, left: int) -> None:
    payload = b"x" * (BLOCK - len(HEADER) - 7 - left)
    assert read(file, framed([payload, b"next", b"last"])) == ([payload, b"next", b"last"], [])


def test_a_log_that_is_cut_off_anywhere_gives_what_was_whole(file: Path) -> None:
    payloads = [b"a" * 5, b"b" * 40, b"c", b"d" * 20]
    content = framed(payloads)
    ends = list(itertools.accumulate([len(HEADER), *(7 + len(payload) for payload in payloads)]))
    for size in range(len(HEADER), len(content) + 1):
        found, lost = read(file, content[:size])
        whole = sum(end <= size for end in ends[1:])
        assert found == payloads[:whole]
        assert sum(count for _, count, _ in lost) == size - ends[whole]


def test_a_record_over_several_blocks_that_is_cut_off_is_told_whole(file: Path) -> None:
    content = framed([b"first", b"x" * 2 * BLOCK])
    found, lost = read(file, content[: BLOCK + 1000])
    assert found == [b"first"]
    assert sum(count for _, count, _ in lost) >= BLOCK - 100
    assert any("the end of a record is missing" in reason for *_, reason in lost)


def test_room_that_was_never_written_to_is_no_loss(file: Path) -> None:
    content = framed([b"one"])
    assert read(file, content + b"\0" * 3000) == ([b"one"], [])
    # Up to the end of the block, and on in the next one.
    filled = content + b"\0" * (BLOCK - len(content))
    behind = framed([b"x" * (BLOCK - len(HEADER) - 7), b"two"])[BLOCK:]
    assert read(file, filled + behind) == ([b"one", b"two"], [])


def test_a_wrong_checksum_costs_the_rest_of_its_block_and_no_more(file: Path) -> None:
    payloads = [bytes((number,)) * 1000 for number in range(100)]
    content = bytearray(framed(payloads))
    content[BLOCK + 500] ^= 1
    found, lost = read(file, bytes(content))
    in_block = {payload for payload in payloads if payload in framed(payloads)[BLOCK : 2 * BLOCK]}
    assert set(payloads) - set(found) <= in_block | set(payloads[30:34]) | set(payloads[64:67])
    assert next(position for position, *_ in lost) < 2 * BLOCK
    assert len(found) > 60


def test_each_bit_flipped_costs_at_most_what_is_behind_it_in_the_block(file: Path) -> None:
    payloads = [b"first", b"second record", b"third"]
    content = framed(payloads)
    for position in range(len(HEADER), len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            found, lost = read(file, bytes(damaged))
            assert lost
            assert found == payloads[: len(found)]


def test_parts_without_beginning_or_end_are_told(file: Path) -> None:
    import struct
    import zlib

    def part(kind: int, payload: bytes) -> bytes:
        body = bytes((kind,)) + payload
        return struct.pack("<IHB", zlib.crc32(body), len(payload), kind) + payload

    content = HEADER + part(3, b"mid") + part(4, b"end") + part(2, b"begun") + part(1, b"whole") + part(9, b"?")
    found, lost = read(file, content)
    assert found == [b"whole"]
    assert [(count, reason.split()[-1]) for _, count, reason in lost] == [
        (3, "missing"),
        (3, "missing"),
        (5, "missing"),
        (1, "9"),
    ]


def test_what_is_no_log_is_refused(file: Path) -> None:
    for content, words in ((b"", "empty"), (b":W&B", "begins with"), (b"SQLite format 3\0", "begins with")):
        with pytest.raises(log.NoLogError, match=words):
            read(file, content)


@given(st.binary(max_size=200))
def test_any_bytes_behind_a_header_are_read_to_the_end(tmp_path_factory: pytest.TempPathFactory, rest: bytes) -> None:
    path = tmp_path_factory.mktemp("log") / "run-r.wandb"
    found, lost = read(path, HEADER + rest)
    accounted = sum(len(payload) + 7 for payload in found) + sum(count for _, count, _ in lost)
    assert accounted <= len(rest) + 7 * len(lost)


def test_a_record_that_grows_without_end_is_given_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LIMIT", 2 * BLOCK)
    found, lost = read(file, framed([b"x" * 4 * BLOCK, b"next"]))
    assert found == [b"next"]
    assert any("more than" in reason for *_, reason in lost)


def test_the_writer_of_these_tests_writes_what_wandb_wrote() -> None:
    data = Path(__file__).parent / "data" / "wandb" / "wandb"
    for path in sorted(data.glob("*/run-*.wandb")):
        payloads = list(log.records(path, lambda *what: pytest.fail(str(what))))
        assert wandb_logs.framed(payloads) == path.read_bytes()
