"""Reading and writing the plain tables: structured values and texts, files, console lines."""

# ruff: noqa: S608
# Statements are put together from the constants here; what callers hand over is always a parameter.

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from pluto.server.series.contract import DataRow, FileRow, LogLine, Page

_FILE_COLUMNS: Final = (
    'name, "index", type, file_name, file_type, size, sha256, step, time, caption, annotations, metadata, id'
)
_NAN: Final = b""
"""What stands for a NaN step: SQLite would make NULL of it, and a blob sorts behind all numbers."""


def step_in(step: float) -> float | bytes:
    """A step as the tables keep it."""
    return _NAN if math.isnan(step) else float(step)


def step_out(kept: float | bytes) -> float:
    """A step as it was."""
    return math.nan if isinstance(kept, bytes) else kept


def logs(
    db: sqlite3.Connection, stream: str | None, source: str | None, limit: int, offset: int
) -> tuple[list[LogLine], int]:
    """Console lines by number, and how many there are."""
    asked = {name: value for name, value in (("stream", stream), ("source", source)) if value is not None}
    where = f"WHERE {' AND '.join(f'{name} = ?' for name in asked)}" if asked else ""
    values = tuple(asked.values())
    (total,) = db.execute(f"SELECT count(*) FROM console {where}", values).fetchone()
    found = db.execute(
        f"SELECT time, stream, line, message, source FROM console {where} ORDER BY line, id LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [LogLine(*row) for row in found], total


def last_lines(db: sqlite3.Connection) -> list[LogLine]:
    """The last line of each source and stream."""
    found = db.execute(
        "SELECT time, stream, max(line), message, source FROM console GROUP BY source, stream ORDER BY source, stream"
    )
    return [LogLine(*row) for row in found]


def last_data(db: sqlite3.Connection, names: Sequence[str]) -> dict[str, DataRow]:
    """The row with the highest step of each name."""
    found = {}
    for name in names:
        row = db.execute(
            "SELECT name, type, step, time, body FROM data WHERE name = ? AND typeof(step) <> 'blob'"
            " ORDER BY step DESC, time DESC, id DESC LIMIT 1",
            (name,),
        ).fetchone()
        if row is not None:
            found[name] = DataRow(row[0], row[1], step_out(row[2]), row[3], row[4])
    return found


def last_files(db: sqlite3.Connection, names: Sequence[str]) -> dict[str, FileRow]:
    """The file with the highest step of each name."""
    found = {}
    for name in names:
        row = db.execute(
            f"SELECT {_FILE_COLUMNS} FROM file WHERE name = ? AND file_type <> 'mask' AND typeof(step) <> 'blob'"
            " ORDER BY step DESC, time DESC, id DESC LIMIT 1",
            (name,),
        ).fetchone()
        if row is not None:
            found[name] = _file(*row)
    return found


def data(db: sqlite3.Connection, where: dict[str, tuple[Any, ...]], cursor: str | None, limit: int) -> Page:
    """A page of structured values and texts."""
    found, following = _page(
        db, "data", "name, type, step, time, body, id", ("name", "step", "time", "id"), where, cursor, limit
    )
    return Page([DataRow(row[0], row[1], step_out(row[2]), row[3], row[4]) for row in found], following)


def files(db: sqlite3.Connection, where: dict[str, tuple[Any, ...]], cursor: str | None, limit: int) -> Page:
    """A page of files."""
    found, following = _page(db, "file", _FILE_COLUMNS, ("step", '"index"', "file_name", "id"), where, cursor, limit)
    return Page([_file(*row) for row in found], following)


def _file(*row: Any) -> FileRow:
    return replace(FileRow(*row), step=step_out(row[7]))


def insert_file(db: sqlite3.Connection, row: FileRow) -> int:
    """Adds a file; gives its id."""
    added = db.execute(
        f"INSERT INTO file ({_FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            row.name, row.index, row.type, row.file_name, row.file_type, row.size, row.sha256, step_in(row.step),
            row.time, row.caption, row.annotations, row.metadata,
        ),
    )  # fmt: skip
    return int(added.lastrowid or 0)


def _page(
    db: sqlite3.Connection,
    table: str,
    columns: str,
    keys: tuple[str, ...],
    where: dict[str, tuple[Any, ...]],
    cursor: str | None,
    limit: int,
) -> tuple[list[tuple[Any, ...]], str | None]:
    """Rows by `keys`, whose last is the id, and the cursor of what follows them."""
    if limit < 1:
        raise ValueError("the limit has to be 1 at least")
    if cursor is not None:
        where = {**where, f"({', '.join(keys)}) > ({', '.join('?' * len(keys))})": _read_cursor(cursor, len(keys))}
    conditions = f"WHERE {' AND '.join(where)}" if where else ""
    found = db.execute(
        f"SELECT {columns}, {', '.join(keys)} FROM {table} {conditions} ORDER BY {', '.join(keys)} LIMIT ?",
        (*(value for values in where.values() for value in values), limit + 1),
    ).fetchall()
    rest = [row[: -len(keys)] for row in found[:limit]]
    if len(found) <= limit:
        return rest, None
    return rest, json.dumps([None if value == _NAN else value for value in found[limit - 1][-len(keys) :]])


def _read_cursor(cursor: str, length: int) -> tuple[Any, ...]:
    try:
        values = json.loads(cursor)
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, _SCALARS) for v in values):
        raise ValueError(f"{cursor!r} is no cursor of this list")
    return tuple(_NAN if value is None else value for value in values)


_SCALARS: Final = (str, int, float, type(None))
