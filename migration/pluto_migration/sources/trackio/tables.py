"""The rows of a project of Trackio, wherever they lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pluto_migration import sqlite
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.trackio.projects import Project, Row, fragments, stem_of

TABLES: Final = ("metrics", "system_metrics", "configs", "alerts", "traces", "run_artifact_links")
"""The tables whose rows belong to a run."""
_KINDS: Final = {"metric": "metrics", "system_metric": "system_metrics", "alert": "alerts"}
_PACKED: Final = {"metrics": "metrics", "system_metrics": "metrics", "configs": "config"}
"""The column with JSON, whose values are columns of their own in Parquet files."""
_OWN: Final = {"id", "run_id", "run_name", "timestamp", "step", "created_at", "log_id", "space_id"}
_ROWS: Final = 4096
_DAMAGE: Final = (sqlite3.Error, UnicodeError)
"""What a damaged database may raise: its messages repeat names that are no UTF-8."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a run's rows are told by: its id, or its name where it has none, as in older databases."""

    id: str | None
    name: str


@dataclass(slots=True)
class Known:
    """What is known of a run from a look at the tables."""

    name: str
    begun: str
    """The earliest time of its rows, as it stands there."""
    rows: int = 0


def opened(project: Project, scratch: Path, problems: Problems) -> Tables:
    """The rows of a project. Raises `SourceError` for what is no database of Trackio's."""
    if project.database is None:
        return Tables(project, None, problems)
    connection = sqlite.opened(project.database, scratch)
    connection.row_factory = sqlite3.Row
    tables = Tables(project, connection, problems)
    try:
        known = {"run_name", "step", "metrics"} <= tables.columns("metrics")
    except _DAMAGE:
        known = False
    if not known:
        tables.close()
        raise SourceError(f"{project.database} is no database of Trackio's: it has no table of metrics")
    return tables


class Tables:
    """Tables of a project, or what there is in their place."""

    def __init__(self, project: Project, connection: sqlite3.Connection | None, problems: Problems) -> None:
        self._project = project
        self._connection = connection
        self._problems = problems
        self._columns: dict[str, set[str]] = {}

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database."""
        if self._connection is not None:
            self._connection.close()

    @property
    def _where_from(self) -> Path:
        return self._project.files[0]

    def columns(self, table: str) -> set[str]:
        """The columns of a table of the database; none where it has no such table."""
        if self._connection is not None and table not in self._columns:
            try:
                rows = self._connection.execute(f"PRAGMA table_info({table})").fetchall()
            except _DAMAGE as error:
                rows = []
                self._problems.note(self._where_from, f"table {table} can't be read: {error}")
            self._columns[table] = {row[1] for row in rows}
        return self._columns.get(table, set())

    def rows(self, table: str, key: Key | None = None) -> Iterator[Row]:
        """The rows of a table in the order they were written, of all runs or of one.

        Values that are JSON are still texts or bytes, but for Parquet files, where they are what they say. What can't
        be read is noted, and the rows before it are given.
        """
        try:
            if self._connection is not None:
                yield from self._stored(self._connection, table, key)
            elif table in self._project.parquet:
                yield from self._of_parquet(self._project.parquet[table], table, key)
            yield from self._waiting(table, key)
        except _DAMAGE as error:
            self._problems.note(self._where_from, f"the rest of table {table} can't be read: {error}")

    def runs(self) -> dict[Key, Known]:
        """The runs that any row belongs to, those that began first first."""
        found: dict[Key, Known] = {}
        for table in TABLES:
            for row in self._by_run(table):
                key = key_of(row)
                if key is None:
                    if table != "run_artifact_links":
                        self._problems.note(self._where_from, f"table {table}: rows that name no run")
                    continue
                when = next((row[name] for name in ("timestamp", "created_at") if isinstance(row.get(name), str)), "")
                known = found.setdefault(key, Known(str(row.get("run_name") or key.id), when))
                known.begun = min(filter(None, (known.begun, when)), default="")
                known.rows += row.get("rows", 1)
                if table == "configs" and isinstance(row.get("run_name"), str):
                    known.name = row["run_name"]  # a run that was renamed
        return dict(sorted(found.items(), key=lambda item: item[1].begun))

    def _by_run(self, table: str) -> Iterator[Row]:
        if self._connection is None:
            yield from self.rows(table)
            return
        columns = self.columns(table)
        when = next((name for name in ("timestamp", "created_at") if name in columns), None)
        if when is not None and "run_name" in columns:
            id = "run_id" if "run_id" in columns else "NULL AS run_id"
            query = f"SELECT {id}, run_name, min({when}) AS {when}, count(*) AS rows FROM {table} GROUP BY 1, 2"  # noqa: S608
            try:
                yield from map(dict, self._connection.execute(query))
                yield from self._waiting(table, None)
            except _DAMAGE as error:
                self._problems.note(self._where_from, f"table {table} can't be read: {error}")

    def state(self, key: Key) -> list[object]:
        """Numbers and texts that change whenever a run has other rows."""
        if self._connection is None:
            return [*((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self._project.files)]
        found: list[object] = [(path.name, path.stat().st_size) for path in self._project.inbox]
        for table in TABLES:
            if not self.columns(table):
                continue
            where, values = self._where(table, key)
            packed = _PACKED.get(table, "rowid")
            query = f"SELECT count(*), max(rowid), total(length(cast({packed} AS BLOB))) FROM {table}"  # noqa: S608
            try:
                found.append(tuple(self._connection.execute(query + where, values).fetchone()))
            except _DAMAGE as error:
                found.append(str(error))
        return found

    def _stored(self, connection: sqlite3.Connection, table: str, key: Key | None) -> Iterator[Row]:
        if not self.columns(table):
            return
        where, values = ("", ()) if key is None else self._where(table, key)
        for row in connection.execute(f"SELECT * FROM {table}{where} ORDER BY rowid", values):  # noqa: S608
            yield dict(row)

    def _where(self, table: str, key: Key) -> tuple[str, tuple[bytes, ...]]:
        if "run_id" not in self.columns(table):
            return " WHERE run_name = CAST(? AS TEXT)", (_bytes(key.name),)
        if key.id is None:
            return " WHERE run_name = CAST(? AS TEXT) AND coalesce(run_id, '') = ''", (_bytes(key.name),)
        return " WHERE run_id = CAST(? AS TEXT)", (_bytes(key.id),)

    def _of_parquet(self, path: Path, table: str, key: Key | None) -> Iterator[Row]:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise SourceError(f"{path} needs pyarrow: pip install 'pluto-ml[migrate]'") from error
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_ROWS):
                    for row in batch.to_pylist():
                        if key is None or key_of(row) == key:
                            yield _packed(row, _PACKED.get(table))
        except (pa.ArrowException, OSError, ValueError) as error:
            self._problems.note(path, f"the rest of it can't be read: {error}")

    def _waiting(self, table: str, key: Key | None) -> Iterator[Row]:
        """Rows that were written beside the database and have not been brought into it."""
        mark = "alert_id" if table == "alerts" else "log_id"
        known = mark in self.columns(table)
        for path in self._project.inbox:
            for number, row in fragments(path, self._problems):
                if not isinstance(row.get("project"), str) or stem_of(row["project"]) != self._project.stem:
                    continue
                row["run_name"] = row.pop("run", None)
                if table == "configs" and row.get("config"):
                    pass
                elif _KINDS.get(row.get("kind", "")) != table:
                    continue
                if not isinstance(row["run_name"], str):
                    self._problems.note(path, f"line {number} names no run")
                    continue
                if key is not None and key_of(row) != key:
                    continue
                if known and row.get(mark) and self._has(table, mark, row[mark]):
                    continue
                yield row

    def _has(self, table: str, column: str, value: object) -> bool:
        assert self._connection is not None
        query = f"SELECT 1 FROM {table} WHERE {column} = ?"  # noqa: S608
        return self._connection.execute(query, (str(value),)).fetchone() is not None


def key_of(row: Mapping[str, Any]) -> Key | None:
    """The run a row belongs to; None where it names none."""
    id, name = row.get("run_id"), row.get("run_name")
    if isinstance(id, str) and id:
        return Key(id, "")
    return Key(None, name) if isinstance(name, str) and name else None


def _bytes(text: str) -> bytes:
    """A text as the database has it, also one that is no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _packed(row: Row, column: str | None) -> Row:
    """A row as the database has it, with what JSON had packed together."""
    if column is None:
        return row
    own = {name: value for name, value in row.items() if name in _OWN}
    own[column] = {name: _without_gaps(value) for name, value in row.items() if name not in _OWN and value is not None}
    return own


def _without_gaps(value: Any) -> Any:
    """Without the fields that only objects of other rows have."""
    if isinstance(value, dict):
        return {name: _without_gaps(inner) for name, inner in value.items() if inner is not None}
    return [_without_gaps(inner) for inner in value] if isinstance(value, list) else value
