"""SQLite files of others, opened without leaving a trace: nothing beside them is made, changed or removed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pluto_migration.source import SourceError

PARTS: Final = ("", "-wal", "-journal")
"""A SQLite file with what belongs to it. `-shm` is made anew from the others."""
_ATTEMPTS: Final = 20
_PAUSE_S: Final = 0.1


def opened(path: Path, scratch: Path) -> sqlite3.Connection:
    """A connection for reading alone: to the file itself where nobody has left a log beside it, else to a copy of both.

    The copy lies in `scratch`. Texts that are no UTF-8 come with surrogates in the place of what can't be read. Raises
    `SourceError` for what is no database.
    """
    if not path.is_file():
        raise SourceError(f"{path} is no file")
    try:
        connection = _connected(path, scratch)
    except (sqlite3.Error, OSError) as error:
        raise SourceError(f"{path} can't be read: {error}") from error
    connection.text_factory = text
    try:
        connection.execute("SELECT name FROM sqlite_master").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a damaged schema, whose names the message repeats
        connection.close()
        raise SourceError(f"{path} can't be read as a database: {error}") from error
    return connection


def _connected(path: Path, scratch: Path) -> sqlite3.Connection:
    if any(os.path.lexists(f"{path}{part}") for part in PARTS[1:]):
        copied = scratch / path.name
        copy(path, copied)
        return sqlite3.connect(copied, check_same_thread=False)
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )


def copy(source: Path, target: Path) -> None:
    """Copies a SQLite file with its log as they were at one moment, while others may be writing to it."""
    for _ in range(_ATTEMPTS):
        before = state(source)
        for part, about in zip(PARTS, before, strict=True):
            part_copy = Path(f"{target}{part}")
            part_copy.unlink(missing_ok=True)
            if about is not None:
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(f"{source}{part}", part_copy)
        if state(source) == before:
            return
        time.sleep(_PAUSE_S)
    raise SourceError(f"{source} is being written to all the time; try again when nobody does")


def state(path: Path) -> list[tuple[int, int] | None]:
    """Size and time of change of the file and what belongs to it: the same as long as nobody writes.

    Raises `SourceError` for pipes and devices, which might be read without end.
    """
    found: list[tuple[int, int] | None] = []
    for part in PARTS:
        try:
            about = os.stat(f"{path}{part}")
        except FileNotFoundError:
            found.append(None)
        else:
            if not stat.S_ISREG(about.st_mode):
                raise SourceError(f"{path}{part} is no file")
            found.append((about.st_size, about.st_mtime_ns))
    return found


def text(value: bytes) -> str:
    """A text of a database, with surrogates for what is no UTF-8."""
    return value.decode("utf-8", "surrogateescape")
