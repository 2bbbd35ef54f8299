"""A batch of records on its way into a run's file."""

from __future__ import annotations

import itertools
import json
import operator
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES, Entry, Rejection
from pluto.protocol.records import BATCH_KINDS, Kind
from pluto.protocol.rows import JSON, contents, each_of
from pluto.server.series import blocks, chunks, forgetting
from pluto.server.series.blocks import Builder
from pluto.server.series.forgetting import METRIC, TEXT_NAME, TEXT_TYPE
from pluto.server.series.rows import step_in

SYSTEM: Final = "sys/"

FOLD_POINTS: Final = 1_000
"""The tail is folded when it has this many points for each of its metrics,"""
FOLD_BYTES: Final = 4 << 20
"""or is this big. Reading a metric reads the whole tail."""
TAIL_ROWS: Final = 128
"""More batches than this in the tail become one."""

ROWS_BYTES: Final = 16 << 10
ROWS_AT_LEAST: Final = 8
"""Rows of metrics read at a time: so many that arrays pay, so few that their Python objects stay in the cache."""

_METRICS: Final = int(Kind.METRICS)
_APART: Final = frozenset({int(Kind.COLUMNS), int(Kind.FORGET)})
"""Kinds whose place among the rows of metrics matters."""
_decode_metrics: Final = msgspec.msgpack.Decoder(records.Metrics).decode
_HASH: Final = re.compile(r"[0-9a-f]{64}\Z")


class Unfit(ValueError):
    """A record that can't be stored. The message is for whoever sent it."""


class Batch:
    """What a batch of records of a lane comes to: rows for each table, and what is forgotten before they are put in."""

    def __init__(self, lane: str = LINES) -> None:
        self.lane = lane
        self.forgotten: list[records.Forget] = []
        self.metrics = Builder()
        self.names: dict[str, str] = {}
        self.data: list[tuple[Any, ...]] = []
        self.files: list[tuple[Any, ...]] = []
        self.console: list[tuple[Any, ...]] = []
        self.events: list[tuple[int, bytes]] = []
        self.rejected: list[Rejection] = []
        self.last_row = -np.inf
        """The highest step of a row."""

    def take(self, entries: Iterable[Entry], refused: Mapping[int, str] | None = None) -> None:
        """Reads the entries. One that can't be stored, or is `refused` already, goes to `rejected`."""
        # Columns and rows are kept in the order they came in; the other kinds lie elsewhere. What is forgotten is all
        # that came before, and nothing that came after.
        for is_apart, stretch in itertools.groupby(entries, lambda entry: entry.kind in _APART):
            there = list(stretch)
            rows = [] if is_apart else [entry for entry in there if entry.kind == _METRICS]
            self._take_rows(rows, refused)
            if len(rows) < len(there):
                for entry in there:
                    if is_apart or entry.kind != _METRICS:
                        self._take_one(entry, refused)
        self.rejected.sort(key=lambda rejection: rejection.seq)

    def _take_rows(self, entries: Sequence[Entry], refused: Mapping[int, str] | None) -> None:
        """Reads rows of metrics many at a time; one by one only where one of them is in doubt."""
        if not entries:
            return
        size = sum([len(entry.body) for entry in entries])
        at_once = max(ROWS_AT_LEAST, len(entries) * ROWS_BYTES // max(size, 1))
        for start in range(0, len(entries), at_once):
            some = entries[start : start + at_once]
            try:
                if refused:
                    raise Unfit("some of them may be refused")
                self.metrics.add_rows([_decode_metrics(entry.body) for entry in some])
            except (ValueError, TypeError, OverflowError, msgspec.DecodeError, RecursionError):
                for entry in some:
                    self._take_one(entry, refused)

    def _take_one(self, entry: Entry, refused: Mapping[int, str] | None) -> None:
        try:
            if refused and entry.seq in refused:
                raise Unfit(refused[entry.seq])
            record = records.decode(entry.kind, entry.body)
            if entry.kind in _EVENTS:
                self._event(entry, record)
            elif entry.kind in _TAKE:
                _TAKE[entry.kind](self, record)
            elif entry.kind not in _ELSEWHERE:
                raise Unfit(f"a {Kind(entry.kind).name} record has no place in a batch")
        except (ValueError, msgspec.DecodeError) as error:
            self.rejected.append(Rejection(entry.seq, str(error)))
        except RecursionError:
            self.rejected.append(Rejection(entry.seq, "nested too deeply"))

    @property
    def forgotten_names(self) -> frozenset[str]:
        """All names of which something is forgotten."""
        return frozenset(name for record in self.forgotten for name in record.names)

    def _metrics(self, record: records.Metrics) -> None:
        _int64(record.time)
        _step(record.step)
        self.metrics.add_rows([record])

    def _columns(self, record: records.Columns) -> None:
        if len(record.steps) % 8 or not len(record.steps) == len(record.times) == len(record.values):
            raise Unfit("the columns are not of equal length, or not of 8 bytes a point")
        self.metrics.add_column(
            record.name,
            np.frombuffer(record.steps, "<f8"),
            np.frombuffer(record.times, "<i8"),
            np.frombuffer(record.values, "<f8"),
        )

    def _texts(self, record: records.Texts) -> None:
        time, step = _int64(record.time), _step(record.step)
        for name, text in record.values.items():
            self.names.setdefault(name, TEXT_NAME)
            self.data.append((name, TEXT_TYPE, step_in(step), time, text))

    def _data(self, record: records.Data) -> None:
        row = (record.name, record.type, step_in(_step(record.step)), _int64(record.time), record.body)
        self.names.setdefault(record.name, TEXT_NAME if record.type == TEXT_TYPE else record.type.upper())
        self.data.append(row)

    def _row(self, record: records.Row) -> None:
        ready = [(_int64(each.time), _step(each.step), contents(each)) for each in each_of(record)]
        for time, step, found in ready:
            self.last_row = max(self.last_row, step)
            if found.numbers:
                self.metrics.add_rows([records.Metrics(time, step, found.numbers)])
            for type, texts in ((TEXT_TYPE, found.texts), (JSON, found.others)):
                for name, text in texts.items():
                    self.names.setdefault(name, TEXT_NAME if type == TEXT_TYPE else type)
                    self.data.append((name, type, step_in(step), time, text))

    def _file(self, record: records.File) -> None:
        if not _HASH.match(record.sha256):
            raise Unfit("sha256 has to be 64 hexadecimal digits in lower case")
        row = (
            record.name, _int64(record.index), record.type, record.file_name, record.file_type, _int64(record.size),
            record.sha256, step_in(_step(record.step)), _int64(record.time), record.caption, record.annotations,
            record.metadata,
        )  # fmt: skip
        self.names.setdefault(record.name, record.type.upper())
        self.files.append(row)

    def _console(self, record: records.Console) -> None:
        time, first = _int64(record.time), _int64(record.first_line)
        _int64(first + len(record.lines))
        who = record.source
        self.console.extend((line, record.stream, time, text, who) for line, text in enumerate(record.lines, first))

    def _forget(self, record: records.Forget) -> None:
        if self.lane != FILES and (record.entries or record.replaced):
            return  # it is about files alone
        self.forgotten.append(record)
        names = frozenset(record.names)
        if self.lane == FILES:
            self.files = [row for row in self.files if not (row[0] in names and _is_meant(row, record.entries))]
        else:
            self.metrics.forget(names)
            self.data = [row for row in self.data if row[0] not in names]
        self.names = {name: kind for name, kind in self.names.items() if name not in names or record.entries}

    def _event(self, entry: Entry, record: Any) -> None:
        _int64(record.time)
        if _EVENTS[entry.kind] and not isinstance(json.loads(record.body), dict):
            raise Unfit("the body has to be the JSON text of an object")
        self.events.append((entry.kind, entry.body))


_TAKE: Final[dict[int, Callable[[Batch, Any], None]]] = {
    Kind.METRICS: Batch._metrics,
    Kind.COLUMNS: Batch._columns,
    Kind.TEXTS: Batch._texts,
    Kind.DATA: Batch._data,
    Kind.ROW: Batch._row,
    Kind.FILE: Batch._file,
    Kind.CONSOLE: Batch._console,
    Kind.FORGET: Batch._forget,
}
_EVENTS: Final[dict[int, bool]] = {
    Kind.CONFIG: True,
    Kind.METADATA: True,
    Kind.MODEL_GRAPH: True,
    Kind.TAGS: False,
    Kind.NOTES: False,
    Kind.NAME: False,
    Kind.ALERT: False,
}
"""Kinds kept as they came, and whether the body is the JSON text of an object."""
_ELSEWHERE: Final = frozenset({Kind.ARTIFACT, Kind.ARTIFACT_USE})
"""Kinds that the metadata alone keeps."""
assert _TAKE.keys() | _EVENTS.keys() | _ELSEWHERE == BATCH_KINDS


def _is_meant(row: tuple[Any, ...], entries: Sequence[str]) -> bool:
    """Whether a file's row is one of the entries; every one is where none are named."""
    if not entries:
        return True
    try:
        path = json.loads(row[-1] or "{}").get("artifact_path")
    except (ValueError, AttributeError):
        return False
    return any(path == entry or (entry.endswith("/") and str(path).startswith(entry)) for entry in entries)


def _int64(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise Unfit(f"{number} does not fit 64 bits with a sign")
    return number


def _step(step: records.Step) -> float:
    if isinstance(step, list):
        raise Unfit("the step is still to be counted; a batch carries numbers")
    return float(step)


def unseen(entries: Sequence[Entry], mark: int) -> Sequence[Entry]:
    """The entries above the mark by rising seq, each seq once."""
    seqs = [entry.seq for entry in entries]
    if all(map(operator.lt, seqs, seqs[1:])):
        return entries[bisect_right(seqs, mark) :]
    rest = []
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.seq > mark:
            rest.append(entry)
            mark = entry.seq
    return rest


def register(db: sqlite3.Connection, ids: dict[str, int], names: dict[str, str]) -> dict[str, str]:
    """Sees to it that `ids` has all the names. Those the file did not have yet come back; the first type stays."""
    new = {}
    for name, kind in names.items():
        if name in ids:
            continue
        row = db.execute("SELECT id FROM name WHERE name = ?", (name,)).fetchone()
        if row is None:
            row = (db.execute("INSERT INTO name (name, type) VALUES (?, ?)", (name, kind)).lastrowid,)
            new[name] = kind
        ids[name] = row[0]
    return new


def write(db: sqlite3.Connection, ids: dict[str, int], batch: Batch) -> dict[str, str]:
    """Puts the rows into the tables, within the caller's transaction.

    Gives the names that are new, and those that are left of what was forgotten.
    """
    left = _forget(db, ids, batch)
    names = dict.fromkeys(batch.metrics.names(), METRIC)
    new = register(db, ids, names | {name: kind for name, kind in batch.names.items() if name not in names})
    if batch.metrics.rows or batch.last_row > -np.inf:
        _bounds(db, batch.metrics, batch.last_row)
    if batch.metrics.rows:
        _add_to_tail(db, ids, batch.metrics)
    db.executemany("INSERT INTO data (name, type, step, time, body) VALUES (?, ?, ?, ?, ?)", batch.data)
    db.executemany("INSERT INTO console (line, stream, time, message, source) VALUES (?, ?, ?, ?, ?)", batch.console)
    db.executemany(
        'INSERT INTO file (name, "index", type, file_name, file_type, size, sha256, step, time, caption, annotations,'
        " metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        batch.files,
    )
    db.executemany("INSERT INTO event (kind, body) VALUES (?, ?)", batch.events)
    return left | new


def _forget(db: sqlite3.Connection, ids: dict[str, int], batch: Batch) -> dict[str, str]:
    if not batch.forgotten:
        return {}
    if batch.lane == FILES:
        for record in batch.forgotten:
            forgetting.forget_files(db, record.names, record.entries)
    else:
        # All at once: it takes as long as one.
        forgetting.forget_lines(db, batch.forgotten_names)
    return forgetting.settle(db, ids, batch.forgotten_names)


def _bounds(db: sqlite3.Connection, metrics: Builder, last_row: float) -> None:
    highest = [last_row, -np.inf]
    for names, step in metrics.highest_steps():
        for system in {name.startswith(SYSTEM) for name in names}:
            highest[system] = max(highest[system], step)
    for index, step in enumerate(highest):
        if step > -np.inf:
            db.execute(
                "INSERT INTO bound VALUES (?, ?) ON CONFLICT (system) DO UPDATE SET step = max(step, excluded.step)",
                (index, step),
            )


def _add_to_tail(db: sqlite3.Connection, ids: dict[str, int], metrics: Builder) -> None:
    batches, rows, points, width, size = db.execute(
        "SELECT count(*), total(rows), total(points), ifnull(max(width), 0), total(size) FROM tail"
    ).fetchone()
    added = metrics.build(ids, int(rows))
    points += sum(block.size for block in added)
    width = max(width, len({name for block in added for name in block.names.tolist()}))
    body = b"".join(block.encode() for block in added)
    if points >= FOLD_POINTS * width or size + len(body) >= FOLD_BYTES:
        chunks.fold(db, [*read_tail(db), *added])
        db.execute("DELETE FROM tail")
    elif batches >= TAIL_ROWS:
        joined = b"".join(block.encode() for block in blocks.join([*read_tail(db), *added]))
        db.execute("DELETE FROM tail")
        _insert(db, points, width, rows + metrics.rows, joined)
    else:
        _insert(db, sum(block.size for block in added), width, metrics.rows, body)


def _insert(db: sqlite3.Connection, points: float, width: int, rows: float, body: bytes) -> None:
    db.execute(
        "INSERT INTO tail (points, width, rows, size, body) VALUES (?, ?, ?, ?, ?)",
        (int(points), width, int(rows), len(body), body),
    )


def read_tail(db: sqlite3.Connection) -> list[blocks.Block]:
    """The rows that are not folded yet."""
    return [block for (body,) in db.execute("SELECT body FROM tail ORDER BY id") for block in blocks.decode(body)]


def fold_tail(db: sqlite3.Connection) -> None:
    """Folds what is in the tail."""
    chunks.fold(db, read_tail(db))
    db.execute("DELETE FROM tail")
