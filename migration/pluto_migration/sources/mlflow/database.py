"""MLflow's SQL databases: SQLite files, and whatever else SQLAlchemy has a driver for."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from pluto_migration import sqlite
from pluto_migration.source import SourceError
from pluto_migration.temporary import OwnFolder

ROWS_AT_ONCE: Final = 1 << 16
_NEEDED: Final = frozenset({"runs", "experiments", "metrics"})
_making = threading.Lock()


class Database:
    """A database by its URL. One that is a file is opened where it lies if that leaves no trace, else as a copy."""

    def __init__(self, url: str, path: Path | None = None) -> None:
        self._url = url
        self.path = path
        self._own = OwnFolder()
        self._copied: Path | None = None
        self._columns: dict[str, frozenset[str]] | None = None

    @classmethod
    def of_url(cls, url: str) -> Database:
        """The database at a URL. Raises `SourceError` where it is a file that is not there."""
        try:
            parts = sa.make_url(url)
        except ArgumentError as error:
            raise SourceError(f"{url.partition('@')[2] or url} is no URL of a database: {error}") from error
        if parts.get_backend_name() != "sqlite":
            return cls(url)
        path = Path(parts.database or "").expanduser().absolute()
        if not path.is_file():
            raise SourceError(f"{url}: there is no file {path}")
        return cls.of_file(path)

    @classmethod
    def of_file(cls, path: Path) -> Database:
        """The database in a SQLite file."""
        return cls("sqlite://", path)

    @property
    def label(self) -> str:
        """Its name for messages, without a password."""
        if self.path is not None:
            return str(self.path)
        try:
            return sa.make_url(self._url).render_as_string(hide_password=True)
        except ArgumentError:
            return self._url.partition("@")[2] or self._url

    def is_mlflow(self) -> bool:
        """Whether it has the tables that MLflow makes first."""
        try:
            with self.reading() as session:
                return session.columns.keys() >= _NEEDED
        except SourceError:
            return False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that reads. Raises `SourceError` for what can't be read, or is changed while it is."""
        before = None if self.path is None else sqlite.state(self.path)
        try:
            engine = self._engine()
            try:
                with engine.connect() as connection:
                    if self._columns is None:
                        self._columns = _columns_of(connection)
                    yield Session(connection, self._columns)
            finally:
                engine.dispose()
        except (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError) as error:
            raise SourceError(f"{self.label} can't be read: {getattr(error, 'orig', None) or error}") from error
        if self.path is not None and not self._is_copy() and sqlite.state(self.path) != before:
            raise SourceError(f"{self.label} was written to while it was read; try again when nobody does")

    def _is_copy(self) -> bool:
        return self._copied is not None and self._copied.exists()

    def _engine(self) -> sa.Engine:
        if self.path is None:
            try:
                return sa.create_engine(self._url)
            except ModuleNotFoundError as error:
                raise SourceError(f"{self.label}: the driver is missing: pip install {error.name}") from error
            except (ArgumentError, NoSuchModuleError) as error:
                raise SourceError(f"{self.label} is no URL of a database: {error}") from error
        connection = self._connection(self.path)
        # Closed with the pool, which has this one connection.
        return sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)

    def _connection(self, path: Path) -> sqlite3.Connection:
        folder = self._own.path()
        with _making:
            copied = folder / path.name
            if not copied.exists():
                connection = sqlite.opened(path, folder)
                indexed = _indexed(connection)
                if indexed and not copied.exists():
                    return connection
                connection.close()
                if not copied.exists():
                    sqlite.copy(path, copied)
                if not indexed:
                    # An old one, without what finds a run's points: for each run they would be looked for among all.
                    with (
                        contextlib.suppress(sqlite3.Error),
                        contextlib.closing(sqlite3.connect(copied)) as writing,
                        writing,
                    ):
                        writing.execute("CREATE INDEX pluto_metrics ON metrics (run_uuid, key)")
            self._copied = copied
            connection = sqlite3.connect(copied, check_same_thread=False)
            connection.text_factory = sqlite.text
            return connection


class Session:
    """Reads tables by the names of their columns, as far as they are there: older databases have fewer."""

    def __init__(self, connection: sa.Connection, columns: Mapping[str, frozenset[str]]) -> None:
        self._connection = connection
        self.columns = columns

    def rows(
        self, table: str, where: Mapping[str, Any] | None = None, order: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """The rows with these values, by column; none of a table that is not there."""
        there = self.columns.get(table, frozenset())
        if not there or not there.issuperset(where or ()):
            return
        names = sorted(there)
        for row in self._connection.execute(_select(table, names, where or {}, [one for one in order if one in there])):
            yield dict(zip(names, row, strict=True))

    def blocks(self, table: str, names: Sequence[str], where: Mapping[str, Any], order: Sequence[str]) -> Iterator[Any]:
        """Columns of many rows, in blocks of at most `ROWS_AT_ONCE`, while the database goes on. All must be there."""
        missing = set(names) - self.columns.get(table, frozenset())
        if missing:
            raise SourceError(f"the table {table} has no column {min(missing)}")
        query = _select(table, names, where, order)
        if self._connection.dialect.name != "sqlite":
            streamed = self._connection.execution_options(stream_results=True, max_row_buffer=ROWS_AT_ONCE)
            yield from streamed.execute(query).partitions(ROWS_AT_ONCE)
            return
        cursor = self._connection.execute(query).cursor
        assert cursor is not None
        # SQLite's own cursor streams, and its plain tuples are twice as fast.
        while block := cursor.fetchmany(ROWS_AT_ONCE):
            yield block

    def one(self, table: str, where: Mapping[str, Any], *asked: str) -> tuple[Any, ...]:
        """How many rows there are, and the highest values of columns."""
        there = self.columns.get(table, frozenset())
        if not there:
            return (0, *(None for _ in asked))
        columns = [sa.func.max(sa.column(name)) if name in there else sa.null() for name in asked]
        query: Any = sa.select(sa.func.count(), *columns).select_from(sa.table(table))
        for name, value in where.items():
            query = query.where(sa.column(name) == value)
        return tuple(self._connection.execute(query).one())

    @property
    def by_insertion(self) -> Sequence[str]:
        """What orders rows as they came in, where the database knows it."""
        return ["rowid"] if self._connection.dialect.name == "sqlite" else []


def _select(table: str, names: Sequence[str], where: Mapping[str, Any], order: Sequence[str]) -> Any:
    # Without types: what a SQLite file holds need not be of the type its column was declared with.
    query: Any = sa.select(*(sa.column(name) for name in names)).select_from(sa.table(table))
    for name, value in where.items():
        query = query.where(sa.column(name) == value)
    return query.order_by(*(sa.column(name) for name in order))


def _columns_of(connection: sa.Connection) -> dict[str, frozenset[str]]:
    inspector = sa.inspect(connection)
    found = {}
    for table in inspector.get_table_names():
        found[table] = frozenset(str(column["name"]) for column in inspector.get_columns(table))
    return found


def _indexed(connection: sqlite3.Connection) -> bool:
    """Whether the points of a run are found without looking at all; true where there are none to look for."""
    try:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT value FROM metrics WHERE run_uuid = ''").fetchall()
    except sqlite3.Error:
        return True
    return all("SCAN" not in str(row[-1]) for row in plan)
