"""The metadata store on SQL. SQLite today; the statements are kept to what Postgres takes as well."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from pluto.server.metadata import tables
from pluto.server.metadata.artifacts.store import SqlArtifacts
from pluto.server.metadata.database import Database
from pluto.server.metadata.keys import SqlKeys
from pluto.server.metadata.overview import SqlOverviews
from pluto.server.metadata.runs import SqlRuns
from pluto.server.metadata.search import SqlSearch
from pluto.server.metadata.statuses import SqlStatuses
from pluto.server.metadata.summaries import SqlSummaries

FILE = "index.db"


class SqlMetadata:
    """Metadata in one SQLite file."""

    def __init__(self, path: Path, *, wal: bool = True) -> None:
        self._database = Database(path, wal=wal)
        self.runs = SqlRuns(self._database)
        self.statuses = SqlStatuses(self._database)
        self.search = SqlSearch(self._database)
        self.overviews = SqlOverviews(self._database)
        self.summaries = SqlSummaries(self._database)
        self.keys = SqlKeys(self._database)
        self.artifacts = SqlArtifacts(self._database)

    def check(self) -> None:
        with self._database.read() as connection:
            connection.execute(select(tables.migrations.c.name).limit(1))

    def close(self) -> None:
        self._database.close()


def open_metadata(store: Path, *, wal: bool = True) -> SqlMetadata:
    """The metadata of the store in a folder. `wal` as in `create_app`."""
    return SqlMetadata(store / FILE, wal=wal)
