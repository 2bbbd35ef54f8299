"""The SQL database under the metadata store: connections, transactions, and the few things dialects disagree on."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from pluto.server.metadata.filters import FilterError
from pluto.server.metadata.migrations import migrate
from pluto.server.metadata.patterns import Matcher

BUSY_TIMEOUT_S = 30
PARAMETERS = 500
"""Most values in one IN (...), well below SQLite's oldest limit of 999."""


class Database:
    """Transactions on one database."""

    def __init__(self, path: Path, *, wal: bool = True) -> None:
        """Opens the SQLite file at `path`, makes it if need be, and migrates it. `wal` as in `create_app`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        _prepare(self.engine, wal)
        self._writer = self.engine.execution_options(pluto_write=True)
        try:
            with self.write() as connection:
                migrate(connection)
        except BaseException:
            self.engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection with one consistent view. Raises `FilterError` when regular expressions take too long."""
        with self.engine.begin() as connection:
            try:
                yield connection
            except OperationalError as error:
                problem = connection.info["regexp"].problem
                if problem is None:
                    raise
                raise FilterError(problem) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection that holds the write lock from the start, so that what it reads is what it changes."""
        with self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def _prepare(engine: Engine, wal: bool) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where the `begin` event says, not at the first write
        record.info["regexp"] = Matcher()
        connection.create_function("regexp", 2, record.info["regexp"], deterministic=True)
        cursor = connection.cursor()
        if not wal:
            _leave_wal(cursor)
        elif cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
            # Only a new file: one that is without may be in use over a network.
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'NORMAL' if wal else 'FULL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.info["regexp"].begin()
        write = connection.get_execution_options().get("pluto_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _leave_wal(cursor: Any) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=DELETE")
            return
        except sqlite3.OperationalError as error:
            # SQLite waits for no lock here: another process has the file open as it was.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, update: bool = False) -> None:
    """Inserts rows; one whose key is there is skipped, or with `update` takes its place."""
    if not rows:
        return
    # The one in use, and no other: loading Postgres' takes 2 MB that a local store has no use for.
    dialect = importlib.import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    if update:
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))
    else:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys), list(rows))


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """`values` in pieces small enough for one IN (...)."""
    for start in range(0, len(values), PARAMETERS):
        yield values[start : start + PARAMETERS]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def dump(value: Any) -> str:
    """JSON text for a column, with `NaN` and `Infinity` as Python writes them."""
    return json.dumps(value, separators=(",", ":"))


def load(text: str) -> Any:
    """The value of a column's JSON text."""
    return json.loads(text)
