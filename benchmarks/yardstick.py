"""Raw SQLite: one prepared INSERT of a ready blob, autocommit, WAL, synchronous=NORMAL, no checkpoints."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path


class Yardstick:
    """Inserts blobs of one size, and nothing else. `renew` starts a new file, so that no WAL grows without end."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.body = bytes(size)
        self.files = itertools.count()
        self.connection: sqlite3.Connection | None = None
        self.path = folder
        self.renew()

    def renew(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.path.unlink()
        self.path = self.folder / f"yardstick{next(self.files)}.db"
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=0"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(
            "CREATE TABLE record (seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, body BLOB NOT NULL)"
        )
        self.execute = self.connection.execute
        self.sequence = itertools.count(1)

    def insert(self) -> None:
        self.execute("INSERT INTO record VALUES (?, ?, ?)", (next(self.sequence), 2, self.body))
