"""Open run files: few at a time, one user each, none across a fork."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pluto.server.series.contract import Damaged
from pluto.server.series.schema import prepare

OPEN_AT_MOST: Final = 128
"""Three file descriptors each. A chart of 100 runs reads them all without opening any twice."""
BUSY_S: Final = 30.0
WAL_KEPT_BYTES: Final = 4 << 20

_abandoned: list[object] = []
"""Connections of a parent process. Closing one here could checkpoint and unlink the parent's WAL, so they stay open."""


@dataclass(slots=True)
class Connection:
    """An open run file."""

    db: sqlite3.Connection
    inode: tuple[int, int]
    lock: threading.RLock = field(default_factory=threading.RLock)
    names: dict[str, int] = field(default_factory=dict)
    """Ids of log names seen here, true as long as nobody has forgotten names since."""
    forgets: int = 0
    """How often names had been forgotten when they were seen."""

    def heed_forgetting(self) -> None:
        """Lets go of the ids where names were forgotten, here or by another process. Within a transaction."""
        times: int = self.db.execute("SELECT times FROM forgetting").fetchone()[0]
        if times != self.forgets:
            self.names.clear()
            self.forgets = times


class Connections:
    """The files of a folder, `<run>.db`, opened when asked for."""

    def __init__(self, folder: Path, limit: int = OPEN_AT_MOST, *, wal: bool = True) -> None:
        self.folder = folder
        self._wal = wal
        self._limit = limit
        self._start()

    def path(self, run: int) -> Path:
        """Where the run's file is, or would be."""
        return self.folder / f"{int(run)}.db"

    @contextlib.contextmanager
    def read(self, run: int) -> Iterator[Connection | None]:
        """The run's file in one consistent state, or None when there is none. Raises `Damaged`."""
        with self._using(run, create=False) as connection:
            if connection is None:
                yield None
                return
            connection.db.execute("BEGIN")
            try:
                yield connection
            finally:
                with contextlib.suppress(sqlite3.Error):
                    connection.db.execute("ROLLBACK")

    @contextlib.contextmanager
    def write(self, run: int, *, create: bool = True) -> Iterator[Connection | None]:
        """The run's file in a write transaction: committed at the end, rolled back on an error. Raises `Damaged`.

        None when there is no file and none shall be made.
        """
        with self._using(run, create=create) as connection:
            if connection is None:
                yield None
                return
            connection.db.execute("BEGIN IMMEDIATE")
            try:
                connection.heed_forgetting()
                yield connection
                connection.db.execute("COMMIT")
            except BaseException:
                connection.names.clear()
                with contextlib.suppress(sqlite3.Error):
                    connection.db.execute("ROLLBACK")
                raise

    def settle(self, run: int) -> None:
        """Moves what the run's WAL holds into its file, as far as nobody is in the way, and closes it."""
        with self._using(run, create=False) as connection:
            if connection is not None:
                connection.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        with self._lock:
            self._close_idle(run)

    def remove(self, run: int) -> None:
        """Deletes the run's file with all that belongs to it."""
        self._check_process()
        with self._lock:
            connection = self._open.pop(run, None)
        if connection is not None:
            with connection.lock:
                connection.db.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = self.path(run)
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Closes what is open; the next use opens again."""
        self._check_process()
        with self._lock:
            connections = list(self._open.values())
            self._open.clear()
        for connection in connections:
            with connection.lock:
                connection.db.close()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._open: OrderedDict[int, Connection] = OrderedDict()

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            _abandoned.append(self._open)
            self._start()

    @contextlib.contextmanager
    def _using(self, run: int, *, create: bool) -> Iterator[Connection | None]:
        self._check_process()
        path = self.path(run)
        try:
            connection = self._take(run, create)
            if connection is None:
                yield None
                return
            try:
                yield connection
            finally:
                connection.lock.release()
        except Damaged as error:
            raise Damaged(f"the series of run {run} can't be read: {error} ({path})") from error
        except sqlite3.DatabaseError as error:
            # Its subclasses are other things: a lock not got, a full disk, a mistake in a statement.
            if type(error) is sqlite3.DatabaseError:
                raise Damaged(f"the series of run {run} can't be read: {error} ({path})") from error
            raise

    def _take(self, run: int, create: bool) -> Connection | None:
        """The run's connection, its lock held."""
        path = self.path(run)
        while True:
            try:
                status = os.stat(path)
                inode = (status.st_dev, status.st_ino)
            except FileNotFoundError:
                if not create:
                    return None
                inode = _make(path)
            with self._lock:
                connection = self._open.get(run)
                if connection is None or connection.inode != inode:
                    if connection is not None:
                        # Another process deleted the file: what is open here has no name any more.
                        self._drop(run)
                    connection = self._open[run] = Connection(_connect(path, self._wal), inode)
                    self._shrink(run)
                self._open.move_to_end(run)
            connection.lock.acquire()
            if self._open.get(run) is connection:
                return connection
            connection.lock.release()

    def _drop(self, run: int) -> None:
        connection = self._open.pop(run)
        with connection.lock:
            connection.db.close()

    def _shrink(self, keep: int) -> None:
        for run in list(self._open):
            if len(self._open) <= self._limit:
                return
            if run != keep:
                self._close_idle(run)

    def _close_idle(self, run: int) -> None:
        """Closes the run's connection, unless somebody is using it."""
        connection = self._open.get(run)
        if connection is not None and connection.lock.acquire(blocking=False):
            try:
                del self._open[run]
                connection.db.close()
            finally:
                connection.lock.release()


def _make(path: Path) -> tuple[int, int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        status = os.fstat(handle)
    finally:
        os.close(handle)
    return status.st_dev, status.st_ino


def _connect(path: Path, wal: bool) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        deadline = time.monotonic() + BUSY_S
        while True:
            try:
                prepare(db, wal)
                break
            except sqlite3.OperationalError as error:
                # Changing to WAL, or from it, does not wait for locks: another process is at the same file just now.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        db.execute(f"PRAGMA synchronous = {'NORMAL' if wal else 'FULL'}")
        db.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")
    except BaseException:
        db.close()
        raise
    return db
