"""The read side of the journal, for whoever delivers it. It never writes to a segment."""

from __future__ import annotations

import itertools
import logging
import os
import re
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from pluto.core import fork
from pluto.core.journal import segment
from pluto.protocol.batch import FILES
from pluto.protocol.records import FILES_KINDS, Kind

MAX_BYTES: Final = 1 << 19
"""Bodies of a batch. Whoever delivers them holds them three times over, and more at a time would be no faster."""
_OPEN_SEGMENTS: Final = 4
_CACHE_KB: Final = 256
"""SQLite's, of a segment. Reading goes forward: it comes back to the pages above a row, and hardly ever to a row."""
_FETCH_ROWS: Final = 16
"""Rows taken from SQLite in one go. Those beyond `max_bytes` are read in vain, and again for the next batch."""
_TRIES: Final = 3
"""Reads of a segment that may fail with an I/O error before it counts as damaged."""
_BLOB: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_FILES_KINDS: Final = ",".join(str(int(kind)) for kind in sorted(FILES_KINDS))
_SELECT: Final = {
    is_files: f"SELECT seq, kind, body, ? FROM record WHERE seq > ? AND seq <= ? AND {which} ORDER BY seq LIMIT ?"  # noqa: S608
    for is_files, which in (
        (False, f"kind NOT IN ({_FILES_KINDS})"),
        (True, f"kind IN ({_FILES_KINDS},{int(Kind.FORGET)})"),
    )
}
"""MEDIA (5) is in the lane of files, FORGET (15) in both."""

_logger = logging.getLogger("pluto")


class Row(NamedTuple):
    """One record, and the segment it lies in (for `Reader.blob`)."""

    seq: int
    kind: int
    body: bytes
    segment: int


_row: Final[Callable[[tuple[int, int, bytes, int]], Row]] = partial(tuple.__new__, Row)
"""`Row._make` less its checks: a third of the time, and there are millions of rows."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What `Reader.read` gives."""

    rows: list[Row]
    through: int
    """Everything of this lane up to here is in `rows` or before: the lane's cursor once they are delivered."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A segment that could not be read, or not to its end."""

    segment: int
    error: str
    lost: int
    """Records that were in it and are gone, of both lanes; 0 where that is not known yet."""


class Reader:
    """Reads one writer's journal, while it is written and after. Safe from several threads.

    A segment that can't be read is skipped, kept (renamed to `….damaged` by `release`) and listed in `damage`; its
    neighbours are read as ever.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[int, sqlite3.Connection] = OrderedDict()
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        """Last sequence numbers of segments that nobody writes to any more."""
        self._errors: dict[int, int] = {}
        self.damage: dict[int, Damage] = {}
        """What could not be read, by segment."""
        fork.tell(self)

    def read(
        self, after: int, lane: str, limit: int = 5000, max_bytes: int = MAX_BYTES, before: int | None = None
    ) -> Batch:
        """The next records of a lane (`lines`, `files`) behind sequence number `after`, in order.

        At most `limit` rows, no more after `max_bytes` of bodies are reached, and none from number `before` on.
        """
        rows: list[Row] = []
        through = after
        with fork.sqlite_lock():
            numbers = segment.numbers(self._folder)
            for index, number in enumerate(numbers):
                room = limit - len(rows)
                if room <= 0 or max_bytes <= 0:
                    break
                if self._last.get(number, through + 1) <= through:
                    continue
                later = numbers[index + 1 :]
                try:
                    taken, through_here, full = self._take(number, through, lane, room, max_bytes, before, bool(later))
                except sqlite3.Error as error:
                    following = self._first_among(later)
                    if following is not None and following <= through + 1:
                        continue
                    if not self._give_up(number, error, through, following):
                        break
                    if following is not None:
                        through = following - 1
                    continue
                rows += taken
                through = through_here
                if full:
                    break
                max_bytes -= sum(len(row[2]) for row in taken)
        return Batch(rows, through)

    def tail(self) -> tuple[int, bool]:
        """The last sequence number present (0 for none), and whether it is the writer's END."""
        with fork.sqlite_lock():
            for number in reversed(segment.numbers(self._folder)):
                try:
                    row = self._query(number, "SELECT seq, kind FROM record ORDER BY seq DESC LIMIT 1").fetchone()
                except sqlite3.Error:
                    continue
                if row is not None:
                    return row[0], row[1] == segment.END
        return 0, False

    def blob(self, number: int, name: str) -> Path:
        """Where a blob of a segment's record lies. Raises `ValueError` for a name that is none."""
        if not _BLOB.fullmatch(name):
            raise ValueError(f"{name!r} is no blob name")
        return segment.blobs_of(self._folder, number) / name

    def release(self, lines: int, files: int, *, done: bool = False) -> int:
        """Deletes the segments that both lanes are past, and gives their number.

        The newest stays until the writer is `done`. Damaged ones are renamed instead.
        """
        released = 0
        with fork.sqlite_lock():
            numbers = segment.numbers(self._folder)
            for number, following in itertools.zip_longest(numbers, numbers[1:]):
                if following is None and not done:
                    break
                if not self._is_past(number, following, min(lines, files)):
                    break
                self._close(number)
                if number in self.damage:
                    _set_aside(self._folder, number)
                else:
                    segment.remove(self._folder, number)
                released += 1
        return released

    def bytes_left(self) -> int:
        """Disk space in use, blobs included."""
        total = 0
        for place, _, names in os.walk(self._folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(place, name)).st_size
                except OSError:
                    continue
        return total

    def close(self) -> None:
        """Closes the files. Reading again opens them again."""
        with fork.sqlite_lock():
            while self._open:
                self._open.popitem()[1].close()

    def forked(self) -> None:
        """In a forked child: lets go of the parent's connections without closing them."""
        fork.abandon(*self._open.values())
        self._open = OrderedDict()

    def _first_among(self, numbers: list[int]) -> int | None:
        """The first sequence number in these segments, None where they hold none that can be read."""
        return next((first for first in map(self._first_of, numbers) if first is not None), None)

    def _first_of(self, number: int) -> int | None:
        if number in self._first:
            return self._first[number]
        try:
            first: int | None = self._query(number, "SELECT min(seq) FROM record").fetchone()[0]
        except sqlite3.Error:
            return None
        if first is not None:
            self._first[number] = first
        return first

    def _take(
        self, number: int, after: int, lane: str, limit: int, max_bytes: int, before: int | None, complete: bool
    ) -> tuple[list[Row], int, bool]:
        """Rows of one segment, how far they reach, and whether there may be more of them in it."""
        if number in self.damage:
            raise sqlite3.DatabaseError(self.damage[number].error)
        last = self._query(number, "SELECT max(seq) FROM record").fetchone()[0]
        if last is None:
            return [], after, False
        if complete:
            self._last[number] = last
        top = last if before is None else min(last, before - 1)
        if top <= after:
            return [], after, top < last
        cursor = self._query(number, _SELECT[lane == FILES], number, after, top, limit)
        rows: list[Row] = []
        try:
            while found := cursor.fetchmany(_FETCH_ROWS):
                sizes = [len(row[2]) for row in found]
                if sum(sizes) >= max_bytes:
                    fitting = 1 + sum(size < max_bytes for size in itertools.accumulate(sizes))
                    rows += map(_row, found[:fitting])
                    return rows, rows[-1].seq, True
                max_bytes -= sum(sizes)
                rows += map(_row, found)
        except sqlite3.Error:
            if not rows:
                raise
            return rows, rows[-1].seq, True
        finally:
            cursor.close()
        return (rows, rows[-1].seq, True) if len(rows) >= limit else (rows, top, top < last)

    def _give_up(self, number: int, error: sqlite3.Error, through: int, following: int | None) -> bool:
        """Whether a segment is beyond hope, rather than busy, unfinished or worth another try."""
        text = str(error)
        if "locked" in text or "busy" in text or "no such table" in text:
            return following is not None and "no such table" in text
        self._close(number)
        self._errors[number] = self._errors.get(number, 0) + 1
        fatal = "malformed" in text or "not a database" in text
        if not fatal and self._errors[number] < _TRIES:
            return False
        lost = 0 if following is None else max(0, following - 1 - through)
        if number not in self.damage:
            _logger.error("segment %s can't be read: %s", segment.path_of(self._folder, number), text)
        if number not in self.damage or lost:
            self.damage[number] = Damage(number, text, lost)
        return True

    def _is_past(self, number: int, following: int | None, mark: int) -> bool:
        if number in self._last:
            return self._last[number] <= mark
        if following is not None:
            first = self._first_of(following)
            if first is not None and first - 1 <= mark:
                return True
        if number in self.damage:
            return True
        try:
            last = self._query(number, "SELECT max(seq) FROM record").fetchone()[0]
        except sqlite3.Error as error:
            return "no such table" in str(error)
        return last is None or last <= mark

    def _query(self, number: int, sql: str, *parameters: Any) -> sqlite3.Cursor:
        connection = self._open.get(number)
        if connection is None:
            connection = segment.open_for_reading(self._folder, number)
            self._open[number] = connection
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
            while len(self._open) > _OPEN_SEGMENTS:
                self._open.popitem(last=False)[1].close()
        else:
            self._open.move_to_end(number)
        return connection.execute(sql, parameters)

    def _close(self, number: int) -> None:
        connection = self._open.pop(number, None)
        if connection is not None:
            connection.close()


def _set_aside(folder: Path, number: int) -> None:
    path = segment.path_of(folder, number)
    for suffix in ("-wal", "-shm", ""):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.rename(old.with_name(f"{path.name}.damaged{suffix}"))
