"""One writer of a run: its journal, how far it is delivered, and what could not be."""

from __future__ import annotations

import base64
import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from pluto.core.journal import Reader, Row
from pluto.core.uploader.places import Processes, alive
from pluto.core.uploader.record import Cursor, Record, load_cursor, save_cursor
from pluto.core.uploader.rows import Rows
from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import End, Kind, Start

LOST: Final = '{"reason": "lost"}'
"""`statusMetadata` of a run whose process is gone without a word."""
GONE: Final = ".gone"
"""What the hidden name of a writer's folder ends with that is being deleted."""
_POISON: Final = "poison.jsonl"


class Writer:
    """A writer's folder. The lanes call it from two threads; `lock` guards what they share."""

    def __init__(self, folder: Path, processes: Processes, record: Record) -> None:
        self.folder = folder
        self.name = folder.name
        self.reader = Reader(folder)
        self.cursor: Cursor = load_cursor(folder)
        self.lock = threading.RLock()
        self.rows = Rows()
        """The parts of rows read so far that make no whole one yet."""
        self.read_to = self.cursor.lines
        """How far the lane of lines is read."""
        self.start: Start | None = None
        self.end: End | None = None
        self.end_seq = 0
        self.quiet = 0
        """How often in a row nothing was found since its process is gone."""
        self.key_renewed = False
        """Whether its run was asked for again after the key was refused."""
        self.shelved = False
        """Whether it was refused and has ended: its journal stays on disk."""
        self._refused: set[tuple[int, str]] | None = None
        self._processes = processes
        self._record = record
        self._facts = read_json(folder / "writer.json")
        self.created: int = int(self._facts.get("created") or 0)
        self.rank: int = int(self._facts.get("rank") or 0)
        self.primary: bool = bool(self._facts.get("primary", True))
        self.child: bool = bool(self._facts.get("child"))
        """Whether it is a forked child of a process that writes the run, too: it has no say in how the run ends."""
        if self.cursor.end is not None:
            self.end = End(self.cursor.end[2], self.cursor.end[0], None, self.cursor.end[1])

    @property
    def done(self) -> bool:
        """Whether its end, and all before it, are delivered."""
        return self.cursor.end is not None

    @property
    def reached(self) -> int:
        """How far the lane of lines has come, a row that is still open left aside."""
        return max(self.cursor.lines, self.cursor.sent)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.done or self.shelved

    @property
    def admitted(self) -> bool:
        """Whether the server has answered its START with a run."""
        facts = self._record.receipt.writers.get(self.name)
        return facts is not None and facts.refused is None

    @property
    def creator(self) -> bool:
        """Whether its START has made the run."""
        return not self._record.writer(self.name).resumed

    @property
    def readable(self) -> bool:
        """As `records.Start.readable`."""
        return self.start is not None and self.start.readable

    @property
    def refused(self) -> bool:
        """Whether the server has no run for it."""
        return self._record.writer(self.name).refused is not None

    def alive(self) -> bool:
        """Whether its process may still write."""
        return alive(self._processes, self._facts, self.folder)

    def last_heard(self) -> int:
        """When it last wrote, in microseconds since the epoch."""
        # Not the -shm: readers change it, too.
        files = [*self.folder.glob("*.db"), *self.folder.glob("*.db-wal")]
        return max((path.stat().st_mtime_ns // 1000 for path in files), default=self.created)

    def read_start(self, fallback: Start) -> Start | None:
        """Its START; None while there is nothing. Where the first segment is damaged, or gone since, `fallback`."""
        if self.start is None:
            rows = self.reader.read(0, "lines", 1).rows
            if not rows:
                return None
            self.start = msgspec.structs.replace(fallback, readable=self.cursor.readable)
            if rows[0].kind == Kind.START:
                try:
                    start: Start = records.decode(rows[0].kind, rows[0].body)
                except msgspec.DecodeError as error:
                    self.reject(rows[0], f"unreadable: {error}")
                else:
                    self.start, self.primary, self.cursor.readable = start, start.primary, start.readable
        return self.start

    def passed(self, lane: str, seq: int, *, save: bool = True) -> None:
        """Everything of a lane up to `seq` is delivered, or refused for good. Raises `OSError` if it can't be noted."""
        with self.lock:
            if self.done:
                return  # the other lane has seen the end meanwhile, and may have cleared the folder away
            if lane == LINES:
                self.cursor.sent = max(self.cursor.sent, seq)
                self.cursor.lines = max(self.cursor.lines, self.rows.settled(self.cursor.sent))
            else:
                self.cursor.files = max(self.cursor.files, seq)
            if save:
                self.save()
            lost = sum(damage.lost for damage in self.reader.damage.values())
            changes: dict[str, Any] = {"lost": lost} if lost > self._record.writer(self.name).lost else {}
            self._record.note_writer(self.name, lines=self.reached, files=self.cursor.files, **changes)

    def save(self) -> None:
        """Writes the cursor. Raises `OSError`."""
        with self.lock:
            save_cursor(self.folder, self.cursor)

    def reject(self, row: Row, error: str) -> None:
        """Keeps a record that was refused for good, with the reason and its blob: once, however often it is refused."""
        if (row.seq, error) in self._refusals():
            return
        known = Kind(row.kind).name if row.kind in list(Kind) else str(row.kind)
        line: dict[str, Any] = {"seq": row.seq, "kind": known, "error": error, "time": time.time_ns() // 1000}
        blobs: list[str] = []
        try:
            content = records.decode(row.kind, row.body)
            line["record"] = msgspec.to_builtins(content, builtin_types=())
            blobs = records.blobs_of(content)
        except (ValueError, msgspec.DecodeError):
            line["body"] = base64.b64encode(row.body).decode()
        with self.lock:
            handle = os.open(self.folder / _POISON, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(json.dumps(line, default=_text) + "\n")
            for blob in blobs:
                self._keep(row.segment, blob)
            self._refusals().add((row.seq, error))
            count = self._record.writer(self.name).rejected + 1
            self._record.note_writer(self.name, write=False, rejected=count)

    def _refusals(self) -> set[tuple[int, str]]:
        if self._refused is None:
            lines = [read_object(line) for line in read_lines(self.folder / _POISON)]
            self._refused = {(line.get("seq", 0), line.get("error", "")) for line in lines}
        return self._refused

    def note_changed(self, name: str) -> None:
        """A file whose content changed before it was uploaded."""
        with self.lock:
            changed = self._record.writer(self.name).changed
            if name not in changed:
                self._record.note_writer(self.name, write=False, changed=[*changed, name])

    def note_lost(self) -> None:
        """A record whose content is not there any more."""
        with self.lock:
            self._record.note_writer(self.name, write=False, lost=self._record.writer(self.name).lost + 1)

    def note_repeated(self, count: int) -> None:
        """Records that a stock server may have stored twice."""
        with self.lock:
            self._record.note_writer(self.name, write=False, repeated=self._record.writer(self.name).repeated + count)

    def finish(self) -> None:
        """Notes that its end, and all before it, are delivered. Raises `OSError`."""
        assert self.end is not None
        with self.lock:
            self.cursor.lines = max(self.reached, self.end_seq)
            self.cursor.files = max(self.cursor.files, self.end_seq)
            self.cursor.end = [self.end.status, self.end.metadata, self.end.time]
            self.cursor.names, self.cursor.routes = {}, {}
            self.save()
            self._record.note_writer(self.name, lines=self.cursor.lines, files=self.cursor.files, done=True)

    def left(self) -> int:
        """How many records are not delivered yet, files among them counted once."""
        return 0 if self.done else max(0, self.reader.tail()[0] - min(self.reached, self.cursor.files))

    def release(self) -> None:
        """Deletes the segments that are delivered."""
        self.reader.release(self.cursor.lines, self.cursor.files, done=self.done)

    def clean(self) -> bool:
        """Deletes the folder once it is done. What was refused, or could not be read, stays: then False."""
        self.release()
        self.reader.close()
        try:
            kept = any(name == _POISON or ".damaged" in name for name in os.listdir(self.folder))
        except FileNotFoundError:
            return True
        if not kept:
            # Out of sight at once: of a folder that is half deleted nobody could tell that its end was delivered.
            gone = self.folder.with_name(f".{self.name}{GONE}")
            os.rename(self.folder, gone)
            shutil.rmtree(gone, ignore_errors=True)
        return not kept

    def has_files(self) -> bool:
        """Whether a file waits. Where none does, the lane of files is taken along to the end."""
        with self.lock:
            before = self.cursor.files
            batch = self.reader.read(before, FILES, 1, before=self.reached + 2)
            if batch.rows:
                return True
            if self.cursor.files == before:
                self.cursor.files = batch.through
            return False

    def _keep(self, segment: int, blob: str) -> None:
        folder = self.folder / "poison"
        try:
            folder.mkdir(0o700, exist_ok=True)
            os.link(self.reader.blob(segment, blob), folder / blob)
        except (OSError, ValueError):
            return


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one where there is none."""
    try:
        return read_object(path.read_bytes())
    except OSError:
        return {}


def read_object(text: bytes) -> dict[str, Any]:
    """The JSON object in a text; an empty one where there is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_lines(path: Path) -> list[bytes]:
    """The lines of a file; none where there is no file."""
    try:
        return path.read_bytes().splitlines()
    except OSError:
        return []


def _text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
