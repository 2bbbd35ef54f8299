"""The journal: what `append` returned for is read back, once, in order, whatever happens to writer and disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core.journal import Journal, Reader, segment, writer
from tests.core.journals import rows
from tests.programs import Scripts

MEDIA, END, LINE = 5, 14, 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "writer"
    path.mkdir()
    return path


@pytest.fixture
def reader(folder: Path) -> Iterator[Reader]:
    reading = Reader(folder)
    yield reading
    reading.close()


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 64 << 10)


@given(st.lists(st.tuples(st.sampled_from([LINE, MEDIA, 3, 10]), st.binary(max_size=9000)), max_size=40))
def test_what_was_written_is_read_back_by_lane_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("w")
    journal = Journal(folder)
    numbers = [journal.append(kind, body) for kind, body in records]
    assert numbers == list(range(1, len(records) + 1))
    expected = [(seq, *record) for seq, record in zip(numbers, records, strict=True)]
    for lane, media in (("lines", False), ("files", True)):
        assert [row[:3] for row in rows(folder, lane)] == [row for row in expected if (row[1] == MEDIA) == media]
    reader = Reader(folder)
    assert reader.tail() == (len(records), False)
    reader.close()
    journal.close()


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=25), st.integers(1, 7), st.integers(1, 60_000))
def test_batches_keep_their_limits_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int, max_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("w")
    journal = Journal(folder)
    for size in sizes:
        journal.append(LINE, b"x" * size)
    reader = Reader(folder)
    after, seen = 0, []
    while (batch := reader.read(after, "lines", limit, max_bytes)).through > after:
        assert len(batch.rows) <= limit
        assert sum(len(row.body) for row in batch.rows[:-1]) < max_bytes
        seen += [row.seq for row in batch.rows]
        after = batch.through
    assert seen == list(range(1, len(sizes) + 1))
    journal.close()
    reader.close()


@pytest.mark.usefixtures("small_segments")
def test_segments_follow_each_other_and_go_once_both_lanes_are_past(folder: Path, reader: Reader) -> None:
    journal = Journal(folder)
    for number in range(200):
        journal.append(MEDIA if number == 30 else LINE, b"x" * 1000)
    assert len(segment.numbers(folder)) > 5
    assert [row.seq for row in rows(folder)] == [n for n in range(1, 201) if n != 31]
    assert reader.read(0, "files").rows[0].seq == 31
    assert reader.read(0, "files").through == 200

    gone = reader.release(200, 30)
    assert gone >= 1
    assert [row.seq for row in reader.read(0, "files").rows] == [31]
    reader.release(200, 200)
    assert len(segment.numbers(folder)) == 1

    journal.append(END, b"")
    journal.close()
    assert reader.tail() == (201, True)
    reader.release(201, 201, done=True)
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("small_segments")
def test_disk_in_use_stays_bounded_while_somebody_delivers(folder: Path, reader: Reader) -> None:
    journal = Journal(folder)
    most = after = 0
    for number in range(1500):
        journal.append(LINE, os.urandom(500))
        if number % 20 == 0:
            after = reader.read(after, "lines").through
            reader.release(after, after)
            most = max(most, len(segment.numbers(folder)))
    assert most <= 3
    journal.close()


def test_a_blob_lies_in_the_folder_of_its_records_segment(
    folder: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 1)
    journal = Journal(folder)
    for content in (b"one", b"two", b"three"):
        with journal.blobs() as blobs:
            name = blobs.put_bytes(memoryview(content), suffix=".raw")
            for _ in range(3):
                journal.append(LINE, b"")
            journal.append(MEDIA, name.encode())
    found = reader.read(0, "files").rows
    assert [reader.blob(row.segment, row.body.decode()).read_bytes() for row in found] == [b"one", b"two", b"three"]
    assert len({row.segment for row in found}) == 3
    assert reader.blob(found[0].segment, found[0].body.decode()).stat().st_mode & 0o777 == 0o600
    for bad in ("../000001.db", "a/b", "", ".hidden", "a\0"):
        with pytest.raises(ValueError, match="no blob name"):
            reader.blob(1, bad)
    journal.close()


def test_files_are_taken_over_as_they_are_now(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"weights" * 1000)
    journal = Journal(folder)
    with journal.blobs() as blobs:
        small = blobs.put_path(source)
        monkeypatch.setattr("pluto.core.journal.blobs.COPY_BYTES", 10)
        monkeypatch.setattr("pluto.core.journal.blobs._clone", lambda *_: False)
        big = blobs.put_path(source)
        with pytest.raises(ValueError, match="not a regular file"):
            blobs.put_path("/dev/null")
        with pytest.raises(FileNotFoundError):
            blobs.put_path(tmp_path / "gone")
    place = segment.blobs_of(folder, 1)
    assert (small.size, small.linked, small.mtime_ns) == (7000, False, source.stat().st_mtime_ns)
    assert big.linked and (place / big.name).samefile(source)
    source.write_bytes(b"changed")
    assert (place / small.name).read_bytes() == b"weights" * 1000
    assert len(list(place.iterdir())) == 2, "nothing half-written is left"
    journal.close()


@pytest.mark.usefixtures("small_segments")
def test_a_segment_that_cannot_be_read_is_set_aside_and_its_neighbours_are_read(folder: Path, reader: Reader) -> None:
    journal = Journal(folder)
    for _ in range(60):
        journal.append(LINE, b"x" * 1000)
    journal.close()
    first, second, third = segment.numbers(folder)[:3]
    starts = {}
    for number in (second, third):
        connection = segment.open_for_reading(folder, number)
        starts[number] = connection.execute("SELECT min(seq) FROM record").fetchone()[0]
        connection.close()
    path = segment.path_of(folder, second)
    path.write_bytes(b"not a database, nor anything else that SQLite would know" * 100)
    path.with_name(path.name + "-wal").unlink()

    seen, after = [], 0
    while (batch := reader.read(after, "lines")).through > after:
        seen += [row.seq for row in batch.rows]
        after = batch.through
    assert seen == [n for n in range(1, 61) if not starts[second] <= n < starts[third]]
    assert list(reader.damage) == [second]
    assert reader.damage[second].lost == starts[third] - starts[second]
    reader.release(60, 60, done=True)
    assert {left.name.partition("-")[0] for left in folder.iterdir()} == {f"{path.name}.damaged"}
    assert first not in segment.numbers(folder)


def test_a_segment_torn_in_its_log_gives_what_is_whole(folder: Path) -> None:
    journal = Journal(folder)
    for _ in range(20):
        journal.append(LINE, b"x" * 3000)
    log = segment.path_of(folder, 1).with_name("000001.db-wal")
    torn = folder.parent / "torn"
    torn.mkdir()
    (torn / "000001.db").write_bytes(segment.path_of(folder, 1).read_bytes())
    whole = log.read_bytes()
    (torn / log.name).write_bytes(whole[: len(whole) // 2])
    found = [row.seq for row in rows(torn)]
    assert found and found == list(range(1, len(found) + 1)) and len(found) < 20
    journal.close()


def test_an_unwritable_folder_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises((OSError, sqlite3.Error)):
        Journal(tmp_path / "missing")


@pytest.mark.parametrize("wal", [True, False])
def test_threads_write_one_order_without_holes(folder: Path, wal: bool) -> None:
    journal = Journal(folder, wal=wal)
    given: list[int] = []

    def work() -> None:
        for _ in range(100):
            given.append(journal.append(LINE, b"x"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, 401))
    assert [row.seq for row in rows(folder)] == list(range(1, 401))
    journal.close()


def test_a_signal_handler_may_write_while_its_thread_is_inside_append(folder: Path) -> None:
    journal = Journal(folder)
    handled = 0

    def handler(*_: object) -> None:
        nonlocal handled
        handled += 1
        journal.append(3, b"handler")

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        count = 0
        while handled < 500:
            journal.append(LINE, b"loop")
            count += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = rows(folder)
    assert [row.seq for row in found] == list(range(1, len(found) + 1))
    assert [sum(row.kind == kind for row in found) for kind in (LINE, 3)] == [count, handled]
    journal.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_handler_that_ends_the_journal_completes_the_row_it_interrupted(folder: Path, moment: str) -> None:
    journal = Journal(folder)
    insert = journal._segment.execute

    def interrupted(sql: str, row: object) -> object:
        journal._segment.execute = insert
        if moment == "after":
            insert(sql, row)  # type: ignore[arg-type]
        journal.append(END, b"handler")
        journal.close()
        return insert(sql, row)  # type: ignore[arg-type]

    journal._segment.execute = interrupted  # type: ignore[assignment,method-assign]
    if moment == "before":
        assert journal.append(LINE, b"loop") == 1
    else:
        assert journal.append(LINE, b"loop") == 1
    assert [(row.seq, row.kind) for row in rows(folder)] == [(1, LINE), (2, END)]
    with pytest.raises(ValueError, match="closed"):
        journal.append(LINE, b"late")


def test_everything_acknowledged_survives_kill_9(folder: Path, scripts: Scripts) -> None:
    program = scripts.start(
        f"""
        import sys
        from pathlib import Path
        from pluto.core.journal import Journal, writer
        writer.SEGMENT_BYTES = 200_000
        journal = Journal(Path({str(folder)!r}))
        while True:
            sys.stdout.write(f"{{journal.append(2, b'x' * 100)}}\\n")
            sys.stdout.flush()
        """
    )
    assert program.stdout is not None
    read = [program.stdout.readline() for _ in range(500)]
    program.kill()
    # Not communicate(): it knows nothing of what this stream has read ahead.
    read += program.stdout.read().splitlines(keepends=True)
    program.communicate()
    acknowledged = int([line for line in read if line.endswith("\n")][-1])
    found = [row.seq for row in rows(folder)]
    assert found == list(range(1, len(found) + 1))
    assert acknowledged <= len(found) <= acknowledged + 1
