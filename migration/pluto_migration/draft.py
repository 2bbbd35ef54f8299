"""A journal that is written in one go: invisible until it is complete, thrown away where it never gets so.

Its segments are the engine's (`pluto.core.journal.segment`), each filled in one transaction without a log: what did not
come to its end is not gone on with, so that nothing has to be kept safe before. The records that open a run are written
last, when all is known that they say, and stand first: their numbers are kept free.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import time
from pathlib import Path
from typing import Final

from pluto.core.journal import BlobFolder, segment
from pluto.core.run_folder import RunFolder, write_json, writer_name
from pluto.protocol.records import Kind

HEAD_RECORDS: Final = 64
"""Numbers that are kept free for the records that open the run."""
SEGMENT_BYTES: Final = 32 << 20
"""Rows after which the next segment starts: what is delivered is deleted by segments."""
BLOB_BYTES: Final = 256 << 20
ROWS_AT_ONCE: Final = 2_000
BYTES_AT_ONCE: Final = 4 << 20
PREFIX: Final = ".migrating-"
"""What the folders of drafts begin with; the name of the process's place (`pluto.core.process`) follows, and a dot."""


class Draft:
    """The journal of one writer, on its way. `commit` makes it seen, `discard` takes it away."""

    def __init__(self, sync: Path, process: str) -> None:
        """`process`: the name of this process's place. Raises `OSError` and `sqlite3.Error`, as all here does."""
        self.writer = writer_name()
        self._sync = sync
        self._place = process
        self._folder = sync / "runs" / f"{PREFIX}{process}.{self.writer}"
        self._journal = self._folder / self.writer
        self.scratch = self._folder / "scratch"
        """For what has to be unpacked: goes with the draft."""
        for path in (sync, sync / "runs", self._folder, self._journal, self.scratch):
            path.mkdir(0o700, parents=True, exist_ok=True)
        self._seq = HEAD_RECORDS
        self._head: list[tuple[int, int, bytes]] = []
        self._number = 1
        self._rows: list[tuple[int, int, bytes]] = []
        self._bytes = 0
        self._open()

    @property
    def blobs(self) -> BlobFolder:
        """The blob folder that the record appended next refers to."""
        return self._blobs

    def head(self, kind: Kind, body: bytes) -> None:
        """Appends one of the records that open the run."""
        if len(self._head) >= HEAD_RECORDS:
            raise ValueError(f"a run is opened by at most {HEAD_RECORDS} records")
        self._head.append((len(self._head) + 1, int(kind), body))

    def append(self, kind: Kind, body: bytes) -> None:
        """Appends a record behind all others, and starts the next segment where this one is full."""
        self._seq += 1
        self._rows.append((self._seq, int(kind), body))
        self._bytes += len(body)
        if self._bytes >= BYTES_AT_ONCE or len(self._rows) >= ROWS_AT_ONCE:
            self._write()
            if self._room < 0 or self._blobs.bytes_written > BLOB_BYTES:
                self._close()
                self._open()

    def commit(self, key: str, about: dict[str, object], *, primary: bool = True) -> None:
        """Puts the journal where the deliverer finds it, beside what may lie there of the run."""
        self._write()
        self._close()
        self._number = 0
        self._open()
        self._rows, self._head = self._head, []
        self._write()
        self._close()
        _write_facts(self._journal, self._place, primary)
        write_json(self._folder / "run.json", dict(about))
        shutil.rmtree(self.scratch)
        for folder in (self._journal, self._folder):
            _fsync(folder)
        target = RunFolder(self._sync, key)
        try:
            os.rename(self._folder, target.path)
        except OSError:
            # There is a folder of the run, with what was refused of an earlier writer, or one that is on its way.
            target.path.mkdir(0o700, exist_ok=True)
            target.describe(dict(about))
            os.rename(self._journal, target.writer(self.writer))
            target.describe(dict(about))  # should the deliverer have tidied up just now
            shutil.rmtree(self._folder, ignore_errors=True)
        _fsync(self._sync / "runs")

    def discard(self) -> None:
        """Takes everything away. Harmless when repeated, and after `commit`."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _open(self) -> None:
        self._number += 1
        self._connection = segment.create(self._journal, self._number, durability="normal", wal=False)
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("BEGIN")
        self._blobs = BlobFolder(segment.blobs_of(self._journal, self._number))
        self._room = SEGMENT_BYTES

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        self._connection.executemany("INSERT INTO record VALUES (?,?,?)", rows)
        self._room -= self._bytes
        self._bytes = 0

    def _close(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.close()
        _fsync(segment.path_of(self._journal, self._number))
        folder = segment.blobs_of(self._journal, self._number)
        if folder.is_dir():
            for entry in os.scandir(folder):
                _fsync(Path(entry.path))
            _fsync(folder)


def drafts(sync: Path) -> list[tuple[Path, str]]:
    """The folders of drafts, each with the name of the place of the process that makes it."""
    try:
        names = [entry.name for entry in os.scandir(sync / "runs") if entry.name.startswith(PREFIX)]
    except OSError:
        return []
    return [(sync / "runs" / name, name.removeprefix(PREFIX).partition(".")[0]) for name in names]


def _write_facts(journal: Path, process: str, primary: bool) -> None:
    facts = {
        "process": process,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "rank": 0,
        "primary": primary,
        "child": False,
        "created": time.time_ns() // 1000,
    }
    write_json(journal / "writer.json", facts)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
