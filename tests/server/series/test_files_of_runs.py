"""The files on disk: permissions, how many are open, damage, versions, full disks, and buckets from coarser levels."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import numpy as np
import psutil
import pytest

from pluto.protocol.batch import LINES
from pluto.protocol.records import Metrics
from pluto.server.series import SeriesStore, SqliteSeries, buckets, chunks, open_store
from pluto.server.series.connections import Connections
from pluto.server.series.contract import Damaged
from tests.server.series.conformance import columns, entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "series"


@pytest.fixture
def store(folder: Path):
    store = open_store(folder)
    yield store
    store.close()


def log(store: SeriesStore, run: int, seq: int = 1, **values: float) -> None:
    store.append(run, "w", LINES, [entry(seq, Metrics(seq, seq, values or {"a": float(seq)}))])


def test_files_are_the_owners_alone(store: SeriesStore, folder: Path):
    log(store, 1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_deletion_leaves_no_file(store: SeriesStore, folder: Path):
    log(store, 1)
    assert len(list(folder.iterdir())) == 3
    store.delete(1)
    assert list(folder.iterdir()) == []


def test_many_runs_need_few_open_files(folder: Path):
    store = SqliteSeries(folder)
    store._files = Connections(folder, limit=5)
    for run in range(40):
        log(store, run)
    for run in range(40):
        assert store.points(run, "a").values.tolist() == [1]
        here = [file for file in psutil.Process().open_files() if file.path.startswith(str(folder))]
        assert len(here) <= 5 * 3
    store.close()
    assert [file for file in psutil.Process().open_files() if file.path.startswith(str(folder))] == []


@pytest.mark.parametrize("content", [b"nothing of the kind", os.urandom(8192), b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_file_concerns_its_run_alone(store: SeriesStore, folder: Path, content: bytes):
    log(store, 1)
    (folder / "2.db").write_bytes(content)
    for use in (lambda: store.points(2, "a"), lambda: store.marks(2), lambda: log(store, 2), lambda: store.seal(2)):
        with pytest.raises(Damaged, match=r"run 2.*2\.db"):
            use()
    log(store, 1, 2)
    assert store.points(1, "a").values.tolist() == [1, 2]
    store.delete(2)
    log(store, 2)
    assert store.points(2, "a").values.tolist() == [1]


def test_a_damaged_chunk_says_so(store: SeriesStore, folder: Path):
    store.append(1, "w", LINES, [entry(1, columns("a", range(5000), np.arange(5000) ** 3, range(5000)))])
    store.close()
    with sqlite3.connect(folder / "1.db") as db:
        db.execute("UPDATE chunk SET times = ?", (b"8" + bytes(8) + b"z\x28\xb5\x2f\xfdrubbish",))
    db.close()
    with pytest.raises(Damaged, match="run 1"):
        store.points(1, "a")
    assert store.summaries(1)["a"].count == 5000


def test_a_newer_file_is_left_alone(store: SeriesStore, folder: Path):
    log(store, 1)
    store.close()
    with sqlite3.connect(folder / "1.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(Damaged, match="newer Pluto"):
        log(store, 1, 2)


def test_a_foreign_database_is_left_alone(store: SeriesStore, folder: Path):
    folder.mkdir()
    with sqlite3.connect(folder / "1.db") as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    with pytest.raises(Damaged, match="none of Pluto's"):
        log(store, 1)
    with sqlite3.connect(folder / "1.db") as db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("mine",)]
    db.close()


def test_a_full_disk_takes_nothing_of_the_batch(folder: Path):
    store = SqliteSeries(folder)
    log(store, 1)
    with store._files.read(1) as file:
        assert file is not None
        file.db.execute(f"PRAGMA max_page_count = {file.db.execute('PRAGMA page_count').fetchone()[0] + 2}")
    big = [entry(2, Metrics(0, 0, {f"new/{i}": 1.0 for i in range(2_000)}))]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.append(1, "w", LINES, big)
    assert store.marks(1) == {("w", LINES): 1}
    with store._files.read(1) as file:
        assert file is not None
        file.db.execute("PRAGMA max_page_count = 1000000")
    assert len(store.append(1, "w", LINES, big).new_names) == 2_000
    assert store.points(1, "new/1999").values.tolist() == [1]
    store.close()


def test_many_small_batches_leave_few_rows_and_few_chunks(folder: Path):
    store = SqliteSeries(folder)
    for seq in range(1, 5_000):
        log(store, 1, seq, a=seq, b=seq)
        if seq % 500 == 0:
            with store._files.read(1) as file:
                assert file is not None
                assert file.db.execute("SELECT count(*) FROM tail").fetchone()[0] <= 129
                assert file.db.execute("SELECT count(*) FROM chunk").fetchone()[0] <= 2 * 3 * 8
    store.seal(1)
    with store._files.read(1) as file:
        assert file is not None
        assert file.db.execute("SELECT count(*) FROM tail").fetchone()[0] == 0
        assert file.db.execute("SELECT count(*) FROM chunk").fetchone()[0] == 2
    assert (store.points(1, "a").values == np.arange(1, 5_000)).all()
    store.close()


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "FULL", 64)
    monkeypatch.setattr(chunks, "LEVEL_FROM", 16)
    monkeypatch.setattr(chunks, "LEVEL_POINTS", 4)
    monkeypatch.setattr(buckets, "EXACT_POINTS", 32)


@pytest.mark.parametrize("count", [5, 50, 100])
@pytest.mark.parametrize("spacing", ["even", "gaps", "shuffled"])
@pytest.mark.usefixtures("coarse")
def test_crowded_buckets_come_from_coarser_levels(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch, count: int, spacing: str
):
    random = np.random.default_rng(count)
    total = 20_000
    steps = np.arange(total, dtype=float)
    if spacing == "gaps":
        steps[total // 2 :] += 10_000_000
    if spacing == "shuffled":
        steps = random.permutation(steps)
    values = random.normal(size=total)
    store.append(1, "w", LINES, [entry(1, columns("a", steps, range(total), values))])
    rough = store.buckets(1, "a", count)
    low, high = steps.min(), steps.max()
    width = (high - low) / count
    assert rough.counts.sum() == total
    assert (rough.min.min(), rough.max.max()) == (values.min(), values.max())
    assert float((rough.mean * rough.counts).sum()) == pytest.approx(values.sum())
    monkeypatch.setattr(buckets, "EXACT_POINTS", total)
    exact = store.buckets(1, "a", count)
    places = np.minimum(((exact.steps - low) / width).astype(int), count - 1)
    rough_places = np.minimum(((rough.steps - low) / width + 1 / 8).astype(int), count - 1)
    assert rough_places.tolist() == places.tolist()
    for i, place in enumerate(places):
        # Each bucket has all that is well inside its range, and nothing beyond an eighth of it.
        start, end = low + place * width, low + (place + 1) * width
        inner = values[(steps >= start + width / 8) & (steps < end - width / 8)]
        outer = values[(steps >= start - width / 8) & (steps <= end + width / 8)]
        assert len(inner) <= rough.counts[i] <= len(outer)
        assert outer.min() <= rough.min[i]
        if len(inner):
            assert rough.min[i] <= inner.min()
    if spacing == "shuffled":
        assert rough.counts.tolist() == exact.counts.tolist()


@pytest.mark.usefixtures("coarse")
def test_crowded_buckets_decode_few_points(store: SeriesStore, monkeypatch: pytest.MonkeyPatch):
    store.append(1, "w", LINES, [entry(1, columns("a", range(64_000), range(64_000), range(64_000)))])
    decoded = []
    read = chunks.read
    monkeypatch.setattr(chunks, "read", lambda *span: decoded.append(len(span[-1])) or read(*span))
    rough = store.buckets(1, "a", 10)
    assert sum(decoded) < 64_000 / 50
    assert rough.counts.sum() == 64_000
    window = store.buckets(1, "a", 10, step_min=10_001, step_max=20_000)
    assert window.counts.sum() == 10_000
    assert (window.steps[0], window.last_steps[-1]) == (10_001, 20_000)
