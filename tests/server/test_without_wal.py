"""A store on a network file system: nothing in it uses the write-ahead log, and all of it works."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pluto.protocol.batch import LINES, Entry
from pluto.protocol.records import Kind, Metrics, encode
from pluto.server.metadata.contract import NewRun
from pluto.server.metadata.sql import SqlMetadata, open_metadata
from pluto.server.series import open_store
from tests.server.conformance_metadata import MetadataConformance


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlMetadata]:
    store = open_metadata(tmp_path, wal=False)
    yield store
    store.close()


class TestMetadataWithoutWal(MetadataConformance):
    pass


def modes(folder: Path) -> set[str]:
    """The journal modes of the databases, as anybody would find them who opens one."""
    found = set()
    for path in folder.rglob("*.db"):
        connection = sqlite3.connect(path)
        found.add(connection.execute("PRAGMA journal_mode").fetchone()[0])
        connection.close()
    return found


def fill(folder: Path, *, wal: bool, seq: int = 1) -> None:
    metadata = open_metadata(folder, wal=wal)
    metadata.runs.create(NewRun("p", "r"))
    metadata.close()
    series = open_store(folder / "series", wal=wal)
    series.append(1, "w", LINES, [Entry(seq, int(Kind.METRICS), encode(Metrics(1, seq, {"loss": float(seq)})))])
    assert series.points(1, "loss").steps.tolist() == list(range(1, seq + 1))
    series.seal(1)
    assert not list(folder.rglob("*-wal")) or wal
    series.close()


def test_a_store_that_left_the_write_ahead_log_does_not_go_back(tmp_path: Path) -> None:
    fill(tmp_path, wal=True)
    assert modes(tmp_path) == {"wal"}
    fill(tmp_path, wal=False, seq=2)
    assert modes(tmp_path) == {"delete"}
    # Whoever sees the same files on a disk of its own, as the file server does, must not turn them back.
    fill(tmp_path, wal=True, seq=3)
    assert modes(tmp_path) == {"delete"}


def test_what_leaves_the_log_waits_for_those_that_still_use_it(tmp_path: Path) -> None:
    fill(tmp_path, wal=True)
    reader = sqlite3.connect(tmp_path / "index.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM runs").fetchall()
    leaving = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from pluto.server.metadata.sql import open_metadata\n"
            "print('opening', flush=True); open_metadata(Path(sys.argv[1]), wal=False).close()",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with leaving:
        assert leaving.stdout is not None and leaving.stdout.readline() == "opening\n"
        reader.close()
        assert leaving.wait(60) == 0
    connection = sqlite3.connect(tmp_path / "index.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


_WRITER = """
import sys
from pathlib import Path
from pluto.protocol.batch import LINES, Entry
from pluto.protocol.records import Kind, Metrics, encode
from pluto.server.metadata.contract import NewRun
from pluto.server.metadata.sql import open_metadata
from pluto.server.series import open_store
folder, me = Path(sys.argv[1]), sys.argv[2]
metadata, series = open_metadata(folder, wal=False), open_store(folder / "series", wal=False)
for seq in range(1, 31):
    metadata.runs.create(NewRun("p", "own"))
    series.append(7, me, LINES, [Entry(seq, int(Kind.METRICS), encode(Metrics(1, seq, {me: float(seq)})))])
    assert len(series.points(7, me).steps) == seq
metadata.close()
series.close()
"""


def test_processes_write_at_once_without_the_log(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), f"w{n}"]) for n in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert modes(tmp_path) == {"delete"}
    metadata, series = open_metadata(tmp_path, wal=False), open_store(tmp_path / "series", wal=False)
    assert metadata.runs.projects(1)[0].runs == 90
    for n in range(3):
        assert series.points(7, f"w{n}").steps.tolist() == list(range(1, 31))
    metadata.close()
    series.close()
