"""Hashes of local files, remembered from run to run: tracking a big data set again costs next to nothing."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pluto.core import fork

__all__ = ["sha1_of", "sha1_of_all"]

_BLOCK_BYTES: Final = 1 << 20
_ROWS: Final = 500
"""How many rows are read or written while other threads' SQLite calls wait."""
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sha1 TEXT) WITHOUT ROWID
"""

Row = tuple[str, int, int, str]


def sha1_of_all(paths: Sequence[Path], folder: Path) -> list[str]:
    """The SHA-1 of each file's content; of files that have not changed since, as `folder/hashes.db` has it.

    What is wrong with that file is no error: everything is hashed then. Raises `OSError` for a file that can't be read.
    """
    database = folder / "hashes.db"
    marks = [(str(path), (status := path.stat()).st_size, status.st_mtime_ns) for path in paths]
    known = {row[:3]: row[3] for row in _known(database, marks)}
    new = {mark: sha1_of(path) for path, mark in zip(paths, marks, strict=True) if mark not in known}
    _keep(database, [(*mark, sha1) for mark, sha1 in new.items()])
    return [known.get(mark) or new[mark] for mark in marks]


def sha1_of(path: Path) -> str:
    """The SHA-1 of a file's content, in hexadecimal."""
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _known(database: Path, marks: Sequence[tuple[str, int, int]]) -> list[Row]:
    rows: list[Row] = []
    if database.exists():
        with contextlib.suppress(sqlite3.Error, OSError):
            for some in _portions(marks):
                with fork.sqlite_lock(), contextlib.closing(sqlite3.connect(database, timeout=1)) as connection:
                    for mark in some:
                        found = "SELECT * FROM file WHERE path = ? AND size = ? AND mtime_ns = ?"
                        rows += connection.execute(found, mark)
    return rows


def _keep(database: Path, rows: Sequence[Row]) -> None:
    with contextlib.suppress(sqlite3.Error, OSError):
        for some in _portions(rows):
            database.parent.mkdir(0o700, parents=True, exist_ok=True)
            with fork.sqlite_lock(), contextlib.closing(sqlite3.connect(database, timeout=1)) as connection, connection:
                connection.execute(_TABLE)
                connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", some)


def _portions(rows: Sequence[tuple[object, ...]]) -> Iterator[Iterable[tuple[object, ...]]]:
    for start in range(0, len(rows), _ROWS):
        yield rows[start : start + _ROWS]
