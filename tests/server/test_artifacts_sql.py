from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pluto.server.metadata.contract import NewRun
from pluto.server.metadata.database import Database
from pluto.server.metadata.migrations import MIGRATIONS, migrate
from pluto.server.metadata.sql import FILE, SqlMetadata, open_metadata
from tests.server.conformance_artifacts import ArtifactsConformance


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlMetadata]:
    store = open_metadata(tmp_path)
    yield store
    store.close()


class TestSqlArtifacts(ArtifactsConformance):
    pass


_LOGGER = """
import sys
from pathlib import Path
from pluto.protocol.artifacts import digest_of
from pluto.protocol.records import Artifact, ArtifactEntry
from pluto.server.metadata.sql import open_metadata
store = open_metadata(Path(sys.argv[1]))
for i in range(20):
    entry = ArtifactEntry("f", f"{sys.argv[2]}-{i}", 1, sha256="0" * 64)
    digest = digest_of([(entry.path, entry.digest)])
    store.artifacts.commit(1, Artifact(0, f"{sys.argv[2]}-{i}", "data", "dataset", digest, entries=[entry]))
store.close()
"""


def test_processes_that_log_one_name_get_numbers_of_their_own(tmp_path: Path, store: SqlMetadata) -> None:
    assert store.runs.create(NewRun("p", "run"))[0].id == 1
    loggers = [subprocess.Popen([sys.executable, "-c", _LOGGER, str(tmp_path), str(n)]) for n in range(3)]
    assert [process.wait(120) for process in loggers] == [0, 0, 0]
    collection = store.artifacts.collections("p")[0]
    members = store.artifacts.members(collection.id, limit=100)
    assert [one.version for one in members] == list(reversed(range(60)))
    assert [one.version for one in members if "latest" in one.aliases] == [59]


def _shape(path: Path) -> set[tuple[str, str, str, int, int]]:
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        shape = {
            (table, row[1], row[2], row[3], row[5])
            for table in tables
            for row in connection.execute(f"PRAGMA table_info({table})")
        }
        indexes = {
            (name, table, "", 0, 0)
            for name, table in connection.execute(
                "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
            )
        }
    connection.close()
    return shape | indexes


def test_an_older_database_gets_the_same_tables(tmp_path: Path, store: SqlMetadata) -> None:
    old = Database(tmp_path / "old.db")
    with old.write() as connection:
        names = [f"artifact{rest}" for rest in ("_commits", "_runs", "_tags", "_aliases", "_members", "_files")]
        for table in (*names, "artifacts", "artifact_collection_tags", "artifact_collections"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DELETE FROM migrations WHERE name = '0003-artifacts'"))
        assert migrate(connection, MIGRATIONS) == ["0003-artifacts"]
    old.close()
    assert _shape(tmp_path / "old.db") == _shape(tmp_path / FILE)
