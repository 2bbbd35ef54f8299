"""Writes databases as the client `neptune-scale` does, messages included."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

START = 1_700_000_000
"""Seconds since the epoch of the first operation; the next ones are a second apart."""


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: Any) -> bytes:
    """A field: whole numbers as varints, floats as doubles, texts and bytes with their length."""
    if isinstance(value, bool | int):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def step(value: float) -> bytes:
    whole, micro = divmod(round(value * 1_000_000), 1_000_000)
    return (field(1, whole) if whole else b"") + (field(2, micro) if micro else b"")


def stamp(seconds: int, nanos: int = 0) -> bytes:
    return field(1, seconds) + (field(2, nanos) if nanos else b"")


class File:
    """A reference to a file by the name it is to have."""

    def __init__(self, path: str, size: int = 0, mime: str = "") -> None:
        self.message = field(1, path) + field(2, size) + field(3, mime)


class Histogram:
    def __init__(
        self, edges: list[float], counts: list[int] | None = None, densities: list[float] | None = None
    ) -> None:
        packed = struct.pack(f"<{len(edges)}d", *edges)
        if counts is not None:
            inner = field(4, field(1, b"".join(map(varint, counts))))
        else:
            inner = field(5, field(1, struct.pack(f"<{len(densities or ())}d", *(densities or ()))))
        self.message = field(1, packed) + inner


def value(given: Any) -> bytes:
    """A Value."""
    if isinstance(given, bool):
        return field(5, given)
    if isinstance(given, int):
        return field(3, given)
    if isinstance(given, float):
        return field(1, given)
    if isinstance(given, str):
        return field(6, given)
    if isinstance(given, datetime):
        utc = given.astimezone(timezone.utc)
        return field(8, stamp(int(utc.timestamp() // 1), utc.microsecond * 1_000))
    if isinstance(given, set | frozenset):
        return field(12, b"".join(field(1, text) for text in sorted(given)))
    return field(13 if isinstance(given, File) else 14, given.message)


def update(
    *,
    at: float | None = None,
    time: tuple[int, int] | None = None,
    assign: dict[str, Any] | None = None,
    append: dict[str, Any] | None = None,
    sets: dict[str, dict[str, int]] | None = None,
    preview: float | None = None,
) -> bytes:
    """An UpdateRunSnapshot; `at` is its step."""
    found = b"" if at is None else field(1, step(at))
    if time is not None:
        found += field(2, stamp(*time))
    for number, entries in ((4, assign), (8, append)):
        for path, one in (entries or {}).items():
            found += field(number, field(1, path) + field(2, value(one)))
    for path, changes in (sets or {}).items():
        pairs = b"".join(field(1, field(1, text) + field(2, change)) for text, change in changes.items())
        found += field(5, field(1, path) + field(2, field(1, pairs)))
    if preview is not None:
        found += field(10, field(1, True) + varint(2 << 3 | 5) + struct.pack("<f", preview))
    return found


def creation(
    experiment: str | None = None,
    *,
    parent: tuple[str, str, float] | None = None,
    created: int = START,
    family: str = "run",
    inherits: bool = True,
) -> bytes:
    """A Run; `parent`: project, run and step."""
    found = b""
    if parent is not None:
        found += field(2, field(1, parent[0]) + field(2, parent[1]) + field(4, step(parent[2])))
    found += field(3, stamp(created)) + field(4, family)
    if experiment is not None:
        found += field(5, experiment)
    return found + (field(9, True) if inherits else b"")


SCHEMA = """
CREATE TABLE run_operations (sequence_id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
    operation_type INTEGER NOT NULL, operation BLOB NOT NULL, operation_size_bytes INTEGER NOT NULL);
CREATE TABLE metadata (id INTEGER PRIMARY KEY AUTOINCREMENT, version TEXT NOT NULL, project TEXT NOT NULL,
    run_id TEXT NOT NULL);
CREATE TABLE run_operation_submission (sequence_id INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL,
    request_id TEXT NOT NULL);
CREATE TABLE file_upload_requests (id INTEGER PRIMARY KEY AUTOINCREMENT, source_path TEXT NOT NULL,
    destination TEXT NOT NULL, mime_type TEXT NOT NULL, size_bytes INTEGER NOT NULL, is_temporary INTEGER NOT NULL);
CREATE TABLE operation_errors (error_id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
    error_type TEXT NOT NULL, error_details TEXT NOT NULL, error_body TEXT NOT NULL, sequence_id INTEGER);
"""


class Database:
    """The database of one process."""

    def __init__(
        self, root: Path, run: str | None = "run-1", project: str = "ws/proj", *, nth: int = 0, start: int = START,
        wal: bool = False, version: str = "v5",
    ) -> None:  # fmt: skip
        self.folder = root / ".neptune" / f"{project.replace('/', '_')}_{run}_{nth}"
        self.folder.mkdir(parents=True)
        self.path = self.folder / "run_operations.sqlite3"
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.execute("PRAGMA synchronous=OFF")
        if wal:
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA wal_autocheckpoint=0")
        self.connection.executescript(SCHEMA)
        self.now = start
        if run is not None:
            self.connection.execute(
                "INSERT INTO metadata (version, project, run_id) VALUES (?, ?, ?)", (version, project, run)
            )

    def create(self, *args: Any, **kwargs: Any) -> Database:
        return self.raw(creation(*args, **kwargs), 1)

    def put(self, **kwargs: Any) -> Database:
        """One operation, at the time of its row unless it says another one."""
        kwargs.setdefault("time", (self.now, 0))
        return self.raw(update(**kwargs))

    def raw(self, data: Any, kind: int = 0) -> Database:
        self.connection.execute(
            "INSERT INTO run_operations (timestamp, operation_type, operation, operation_size_bytes)"
            " VALUES (?, ?, ?, ?)",
            (self.now * 1_000, kind, data, len(data)),
        )
        self.now += 1
        return self

    def request(
        self, source: str, destination: str, mime: str = "text/plain", *, temporary: bool = False, size: int = 0
    ) -> Database:
        self.connection.execute(
            "INSERT INTO file_upload_requests (source_path, destination, mime_type, size_bytes, is_temporary)"
            " VALUES (?, ?, ?, ?, ?)",
            (source, destination, mime, size, temporary),
        )
        return self

    def floats(self, name: str, values: Iterable[float], first: int = 0) -> Database:
        for place, one in enumerate(values, first):
            self.put(at=place, append={name: float(one)})
        return self

    def close(self) -> Path:
        self.connection.close()
        return self.path
