"""The write side of the journal."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pluto.core import fork
from pluto.core.journal import segment
from pluto.core.journal.blobs import BlobFolder

SEGMENT_BYTES: Final = 16 << 20
"""Rows, with what SQLite adds to them, after which the next segment starts."""
BLOB_BYTES: Final = 256 << 20
"""Blobs after which it starts, too: they are only deleted with their segment."""
BACKLOG_BYTES: Final = 64 << 20
"""What is kept in memory while the disk takes nothing."""
RETRY_S: Final = 1.0

_INSERT: Final = "INSERT INTO record VALUES (?,?,?)"
_INSERT_AGAIN: Final = "INSERT OR IGNORE INTO record VALUES (?,?,?)"

_logger = logging.getLogger("pluto")

Line = tuple[int, int, bytes]


class _Segment:
    """The segment being written."""

    def __init__(self, folder: Path, number: int, durability: str, wal: bool) -> None:
        self.number = number
        self.connection = segment.create(folder, number, durability=durability, wal=wal)
        self.execute = self.connection.execute
        self.room = SEGMENT_BYTES
        self.blobs = BlobFolder(segment.blobs_of(folder, number))


class Journal:
    """The journal of one writer, in a folder of its own. Safe from several threads and from signal handlers.

    Raises `OSError` or `sqlite3.Error` when the folder can't be written to begin with. Later trouble with the disk
    never raises: records wait in memory (up to `BACKLOG_BYTES`; then they are counted in `lost`) and are tried again
    once a second. After a fork the child's copy is dead: `append` raises `ValueError`.
    """

    def __init__(self, folder: Path, *, durability: str = "normal", wal: bool = True) -> None:
        self._folder = folder
        self._durability = durability
        self._wal = wal
        self._lock = fork.sqlite_lock()
        self._seq = 0
        self._row: Line | None = None
        self._backlog: deque[Line] | None = None
        self._backlog_bytes = 0
        self._retry_at = 0.0
        self._pins = 0
        self._switching = False
        self._closed = False
        self._last = 0
        self.lost = 0
        """Records the disk and the memory had no room for."""
        with self._lock:
            self._segment = _Segment(folder, 1, durability, wal)
        fork.tell(self)

    @property
    def folder(self) -> Path:
        """The writer's folder."""
        return self._folder

    @property
    def last_seq(self) -> int:
        """Sequence number of the last record taken."""
        return self._seq

    def append(self, kind: int, body: bytes) -> int:
        """Writes a record and gives its sequence number. It is on its way to the disk when this returns.

        Raises `ValueError` after `close`.
        """
        with self._lock:
            if self._row is not None:
                self._complete()
            if self._backlog is not None:
                return self._hold(kind, body)
            current = self._segment
            seq = self._seq + 1
            self._row = row = (seq, kind, body)
            try:
                current.execute(_INSERT, row)
            except sqlite3.Error as error:
                return self._settle(row, error)
            # A signal handler that logged just now has completed this row itself, and moved on.
            if self._row is row:
                self._seq = seq
                self._row = None
            current.room -= len(body) + segment.FRAME_BYTES
            if current.room < 0:
                self._turn()
            return seq

    @property
    def closed(self) -> bool:
        """Whether nothing more will be written."""
        return self._closed

    def end(self, kind: int, body: bytes) -> None:
        """Writes the last record and closes. Harmless when repeated: an interrupted call is completed by the next."""
        with self._lock:
            if self._closed:
                return
            if self._row is not None:
                self._complete()
            if not self._last:
                self._last = self._seq + 1
            if self._seq < self._last:
                self.append(kind, body)
            self.close()

    @contextlib.contextmanager
    def blobs(self) -> Iterator[BlobFolder]:
        """The blob folder of the current segment, which stays the current one until the block ends.

        Append the record that names a blob inside the block.
        """
        with self._lock:
            self._pins += 1
            blobs = self._segment.blobs
        try:
            yield blobs
        finally:
            with self._lock:
                self._pins -= 1
                if blobs.bytes_written > BLOB_BYTES or self._segment.room < 0:
                    self._turn()

    def flush(self) -> bool:
        """Tries once to write what waits in memory. True when nothing waits any more."""
        with self._lock:
            if self._backlog is not None and not self._closed:
                self._retry_at = 0.0
                self._retry()
            return self._backlog is None

    def close(self) -> None:
        """Ends writing. Harmless when repeated."""
        with self._lock:
            if self._closed:
                return
            if self._row is not None:
                self._complete()
            self.flush()
            if self._backlog is not None:
                self.lost += len(self._backlog)
                _logger.error("%d records never reached the disk at %s and are lost", self.lost, self._folder)
            segment.close(self._segment.connection, self._folder, self._segment.number)
            self._closed = True

    def forked(self) -> None:
        """In a forked child: lets go of the parent's files without closing them."""
        fork.abandon(self._segment.connection, self._segment)
        self._closed = True
        self._row = None
        self._backlog = None
        self._lock = fork.sqlite_lock()
        self._segment.execute = _refuse  # type: ignore[assignment]

    def _complete(self) -> None:
        """Finishes the row that this signal handler interrupted, so that the journal stays in order."""
        row = self._row
        if row is None:
            return
        try:
            self._segment.execute(_INSERT_AGAIN, row)
        except sqlite3.Error as error:
            self._settle(row, error)
            return
        if self._row is row:
            self._seq = row[0]
            self._row = None

    def _settle(self, row: Line, error: sqlite3.Error) -> int:
        """Finds a place for a row the segment did not take, and gives its number."""
        if self._row is not row:
            return row[0]
        if self._closed:
            self._row = None
            raise ValueError("this journal is closed") from None
        if isinstance(error, sqlite3.IntegrityError):
            # Interrupted between reading and taking the number, which a handler took meanwhile.
            self._row = None
            self._seq = self._segment.execute("SELECT max(seq) FROM record").fetchone()[0]
            return self.append(row[1], row[2])
        self._row = None
        self._backlog = deque()
        self._retry_at = time.monotonic() + RETRY_S
        _logger.warning("the disk does not take what is logged (%s): keeping it in memory and trying again", error)
        return self._hold(row[1], row[2])

    def _hold(self, kind: int, body: bytes) -> int:
        backlog = self._backlog
        assert backlog is not None
        if self._backlog_bytes + len(body) > BACKLOG_BYTES:
            self.lost += 1
            if self.lost == 1:
                _logger.error("no room left on disk and %d MB waiting in memory: losing records", BACKLOG_BYTES >> 20)
        else:
            self._seq += 1
            backlog.append((self._seq, kind, body))
            self._backlog_bytes += len(body)
        if time.monotonic() >= self._retry_at:
            self._retry()
        return self._seq

    def _retry(self) -> None:
        """Writes the backlog, where it was or into a new segment, in one transaction."""
        backlog = self._backlog
        if backlog is None or self._switching:
            return
        self._switching = True
        try:
            if not self._write_all(self._segment, backlog):
                fresh = _Segment(self._folder, self._segment.number + 1, self._durability, self._wal)
                if not self._write_all(fresh, backlog):
                    fresh.connection.close()
                    segment.remove(self._folder, fresh.number)
                    self._retry_at = time.monotonic() + RETRY_S
                    return
                self._replace(fresh)
        except (sqlite3.Error, OSError):
            self._retry_at = time.monotonic() + RETRY_S
            return
        finally:
            self._switching = False
        _logger.warning("the disk takes what is logged again: %d records caught up", len(backlog))
        self._backlog = None
        self._backlog_bytes = 0

    @staticmethod
    def _write_all(target: _Segment, rows: deque[Line]) -> bool:
        try:
            target.execute("BEGIN IMMEDIATE")
            target.connection.executemany(_INSERT, rows)
            target.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                target.execute("ROLLBACK")
            return False
        target.room -= sum(len(row[2]) + segment.FRAME_BYTES for row in rows)
        return True

    def _turn(self) -> None:
        """Starts the next segment, unless a blob's record is still to come. Without room for one, stays where it is."""
        if self._pins or self._switching or self._closed or self._backlog is not None:
            return
        self._switching = True
        try:
            self._replace(_Segment(self._folder, self._segment.number + 1, self._durability, self._wal))
        except (sqlite3.Error, OSError):
            self._segment.room = SEGMENT_BYTES // 4
        finally:
            self._switching = False

    def _replace(self, fresh: _Segment) -> None:
        old, self._segment = self._segment, fresh
        segment.close(old.connection, self._folder, old.number)


def _refuse(*_: object) -> None:
    raise sqlite3.ProgrammingError(f"the journal belongs to the parent of process {os.getpid()}")
