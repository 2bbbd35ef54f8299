from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pluto.server.metadata.contract import MetricSummary, NewRun, OverviewQuery
from pluto.server.metadata.database import Database
from pluto.server.metadata.migrations import MIGRATIONS, Migration, NewerDatabase, migrate
from pluto.server.metadata.sql import FILE, SqlMetadata, open_metadata
from tests.server.conformance_metadata import MetadataConformance


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlMetadata]:
    store = open_metadata(tmp_path)
    yield store
    store.close()


class TestSqlMetadata(MetadataConformance):
    pass


def test_the_file_is_private(tmp_path: Path, store: SqlMetadata) -> None:
    assert os.stat(tmp_path / FILE).st_mode & 0o777 == 0o600
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


_CREATOR = """
import sys
from pathlib import Path
from pluto.server.metadata.contract import NewRun
from pluto.server.metadata.sql import open_metadata
store = open_metadata(Path(sys.argv[1]))
for i in range(40):
    store.runs.create(NewRun("p", "own"))
    store.runs.create(NewRun("p", "shared", external_id=f"shared-{i}"))
store.close()
"""


def test_processes_create_at_once(tmp_path: Path) -> None:
    """From an empty folder on: the database is made once, numbers are given once, and an external id is one run."""
    workers = [subprocess.Popen([sys.executable, "-c", _CREATOR, str(tmp_path)]) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    store = open_metadata(tmp_path)
    project = store.runs.projects(1)[0]
    assert project.runs == 3 * 40 + 40
    store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        numbers = [number for (number,) in connection.execute("SELECT number FROM runs ORDER BY number")]
    connection.close()
    assert numbers == list(range(1, 161))


def _add_colour(connection: object) -> None:
    connection.execute(text("ALTER TABLE runs ADD COLUMN colour TEXT"))  # type: ignore[attr-defined]
    connection.execute(text("UPDATE runs SET colour = 'blue'"))  # type: ignore[attr-defined]


COLOUR = Migration("0002-colour", _add_colour)


def test_an_older_database_is_brought_forward_once(tmp_path: Path, store: SqlMetadata) -> None:
    store.runs.create(NewRun("p", "old"))
    database = Database(tmp_path / FILE)
    for expected in (["0002-colour"], []):
        with database.write() as connection:
            assert migrate(connection, [*MIGRATIONS, COLOUR]) == expected
    with database.read() as connection:
        assert connection.execute(text("SELECT name, colour FROM runs")).all() == [("old", "blue")]
    database.close()


def test_a_store_of_the_first_layout_becomes_a_current_one(tmp_path: Path, store: SqlMetadata) -> None:
    runs = [store.runs.create(NewRun("p", name))[0].id for name in ("ended", "open")]
    store.statuses.set(runs[0], "COMPLETED", source="api")
    store.summaries.put(runs[0], [MetricSummary("m", 1, 1.0, 1.0, 1.0, 0.0, 1.0)], complete=True)
    store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        for statement in (
            "ALTER TABLE projects DROP COLUMN description", "ALTER TABLE metric_summaries DROP COLUMN last_step",
            "ALTER TABLE metric_summaries DROP COLUMN odd_last", "DROP TABLE last_values",
            "DELETE FROM migrations WHERE name = '0002-overviews'",
        ):  # fmt: skip
            connection.execute(statement)
    connection.close()
    again = open_metadata(tmp_path)
    found = again.overviews.page(OverviewQuery("p", 10, metrics=None, lasts=None))
    assert [(run.name, run.lasts) for run in found] == [("open", None), ("ended", None)]
    assert found[1].summaries[0].last_step is None and again.summaries.stale("p") == [(runs[0], True), (runs[1], False)]
    assert again.runs.create_project("q", None, "described").description == "described"
    again.close()
    tables = ("projects", "metric_summaries", "last_values")
    fresh = open_metadata(tmp_path / "fresh")
    fresh.close()
    columns = []
    for folder in (tmp_path, tmp_path / "fresh"):
        with sqlite3.connect(folder / FILE) as connection:
            query = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name'
            columns.append([connection.execute(query, (table,)).fetchall() for table in tables])
        connection.close()
    assert columns[0] == columns[1]


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, store: SqlMetadata) -> None:
    def broken(connection: object) -> None:
        _add_colour(connection)
        raise OSError("disk full")

    database = Database(tmp_path / FILE)
    with pytest.raises(OSError, match="disk full"), database.write() as connection:
        migrate(connection, [*MIGRATIONS, Migration("0002-broken", broken)])
    with database.write() as connection:
        assert migrate(connection, [*MIGRATIONS, COLOUR]) == ["0002-colour"]
    database.close()


def test_a_newer_database_is_refused(tmp_path: Path, store: SqlMetadata) -> None:
    database = Database(tmp_path / FILE)
    with database.write() as connection:
        migrate(connection, [*MIGRATIONS, COLOUR])
    database.close()
    with pytest.raises(NewerDatabase, match=r"0002-colour.*upgrade"):
        open_metadata(tmp_path)
