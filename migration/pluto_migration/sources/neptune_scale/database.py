"""A database of the client `neptune-scale`: opened without a trace, read row by row."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from pluto_migration import sqlite
from pluto_migration.source import Problems, SourceError

NAME: Final = "run_operations.sqlite3"
DATA_DIRECTORY: Final = ".neptune"
"""Where the client puts them, unless it is told another place."""
CREATE: Final = 1
DAMAGE: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading damaged files raises; the message of an error may repeat bytes that are no UTF-8."""
_ONE_BY_ONE: Final = 256
"""So many rows behind a damaged place are tried one by one."""


class Row(NamedTuple):
    """An operation."""

    sequence: int
    time: int | None
    """When it was written down, in microseconds since the epoch."""
    type: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """Where the bytes of a file are that was to be uploaded."""

    source: str
    mime: str
    temporary: bool
    size: int | None


def files_of(path: Path) -> list[Path]:
    """The files that a database consists of."""
    return [one for one in (Path(f"{path}{part}") for part in sqlite.PARTS) if one.is_file()]


class Database:
    """An open database. Raises `SourceError` for a file that is none of the client's."""

    def __init__(self, path: Path, connection: sqlite3.Connection, problems: Problems) -> None:
        self.path = path
        self._connection = connection
        self._problems = problems
        try:
            self._tables = {
                name: {str(column[1]) for column in connection.execute(f"PRAGMA table_info({name})")}
                for name in _TABLES
                if connection.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (name,)).fetchone()
            }
        except DAMAGE as error:
            raise SourceError(f"{path} can't be read: {error}") from error
        if "operation" not in self._tables.get("run_operations", ()):
            raise SourceError(f"{path} has no operations: it is no database of neptune-scale")

    def again(self) -> Database:
        """The same, for another pass, which notes nothing."""
        return Database(self.path, self._connection, Problems())

    def metadata(self) -> dict[str, str]:
        """Texts of the one row there is: project, run_id, version."""
        columns = self._tables.get("metadata", set()) & {"project", "run_id", "version"}
        rows = self._rows("metadata", sorted(columns))
        return {
            name: value for row in rows for name, value in zip(sorted(columns), row, strict=True) if _is_text(value)
        }

    def operations(self) -> Iterator[Row]:
        """All of them, in order. What a damaged page holds is noted and passed over."""
        columns = self._tables["run_operations"]
        key = "sequence_id" if "sequence_id" in columns else "rowid"
        wanted = [name if name in columns else "NULL" for name in ("timestamp", "operation_type", "operation")]
        select = f"SELECT {key}, {', '.join(wanted)} FROM run_operations"  # noqa: S608  names from above
        last = -(2**63)
        gone = 0
        while True:
            try:
                for sequence, time, type_, data in self._connection.execute(
                    f"{select} WHERE {key} > ? ORDER BY {key}", (last,)
                ):
                    last, gone = sequence, 0
                    if isinstance(data, bytes):
                        at = time * 1_000 if isinstance(time, int) and abs(time) < 2**52 else None
                        yield Row(sequence, at, type_ if isinstance(type_, int) else None, data)
                    else:
                        self._problems.note(self.path, "an operation that is no message")
                return
            except DAMAGE as error:
                if gone == 0:
                    self._problems.note(self.path, f"damaged behind operation {max(last, 0)}: {error}")
                last = max(last, 0) + (1 if gone < _ONE_BY_ONE else 1 << min(gone - _ONE_BY_ONE, 40))
                gone += 1
                if last > 2**53:
                    return

    def has_requests(self) -> bool:
        """Whether there is anything in `requests`."""
        if "file_upload_requests" not in self._tables:
            return False
        try:
            return self._connection.execute("SELECT 1 FROM file_upload_requests LIMIT 1").fetchone() is not None
        except DAMAGE:
            return True

    def requests(self) -> Mapping[str, Request]:
        """Files that were to be uploaded, by the name they were to have."""
        needed = ["source_path", "destination", "mime_type", "is_temporary", "size_bytes"]
        known = self._tables.get("file_upload_requests", set())
        if not {"source_path", "destination"} <= known:
            return {}
        columns = [name if name in known else "NULL" for name in needed]
        return {
            destination: Request(source, mime if _is_text(mime) else "", bool(temporary), size)
            for source, destination, mime, temporary, size in self._rows("file_upload_requests", columns)
            if _is_text(source) and _is_text(destination)
        }

    def errors(self) -> Iterator[tuple[str, str]]:
        """Types and texts of what the client's server, or its way there, has refused."""
        columns = [name for name in ("error_type", "error_details") if name in self._tables.get("operation_errors", ())]
        for row in self._rows("operation_errors", columns):
            texts = [str(value) for value in row]
            yield texts[0], texts[-1]

    def _rows(self, table: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        if not columns:
            return
        try:
            select = f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid"  # noqa: S608  names from here
            yield from self._connection.execute(select)
        except DAMAGE as error:
            self._problems.note(self.path, f"{table} can't be read: {error}")


_TABLES: Final = ("metadata", "run_operations", "file_upload_requests", "operation_errors")


@contextlib.contextmanager
def opened(path: Path, problems: Problems, scratch: Path | None = None) -> Iterator[Database]:
    """The database, read-only; where a log lies beside it, of a copy in a folder in `scratch`, or a temporary one."""
    with tempfile.TemporaryDirectory(prefix="pluto-", dir=scratch) as folder:
        connection = sqlite.opened(path, Path(folder))
        try:
            with contextlib.suppress(*DAMAGE):
                connection.execute("PRAGMA trusted_schema=OFF")
            yield Database(path, connection, problems)
        finally:
            connection.close()


def _is_text(value: object) -> bool:
    return isinstance(value, str)
