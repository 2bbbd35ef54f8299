"""String series that are what a run printed, as console lines: in the order of their steps, which parts need not have.

They wait in a file until all of them are known, so that memory stays small.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pluto_migration.lines import Lines
from pluto_migration.model import Console, Stream, Texts

_STREAMS: Final[tuple[Stream, ...]] = ("stdout", "stderr")
_OF_RUNS: Final = re.compile(r"(monitoring(?:/.+)?)/(stdout|stderr)", re.DOTALL)
_OF_NEWER_RUNS: Final = re.compile(r"(.+)/(stdout|stderr)", re.DOTALL)


def stream_of(path: str, *, newer: bool) -> tuple[str, Stream] | None:
    """Namespace and stream of a string series, None for one that was not printed.

    Newer clients print into a namespace of any name.
    """
    match = (_OF_NEWER_RUNS if newer else _OF_RUNS).fullmatch(path)
    if match is None:
        return None
    return match[1], "stdout" if match[2] == "stdout" else "stderr"


class Printed:
    """What a run printed."""

    def __init__(self, scratch: Path) -> None:
        self._path = scratch / "console.db"
        self._connection: sqlite3.Connection | None = None
        self._count = 0
        self.streams: dict[str, dict[str, bool]] = {}
        """By namespace: which streams there are."""

    def take(self, namespace: str, stream: Stream, rows: Texts) -> None:
        """Puts rows aside."""
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=OFF")
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.execute(
                "CREATE TABLE printed (source TEXT, stream TEXT, step REAL, number INTEGER, time INTEGER, text TEXT,"
                " PRIMARY KEY (source, stream, step, number)) WITHOUT ROWID"
            )
            self._connection.execute("BEGIN")
        self.streams.setdefault(namespace, {})[stream] = True
        first = self._count
        self._count += len(rows.values)
        self._connection.executemany(
            "INSERT INTO printed VALUES (?,?,?,?,?,?)",
            (
                (namespace, stream, step, number, time, text)
                for number, (step, time, text) in enumerate(
                    zip(rows.steps, rows.times, rows.values, strict=True), first
                )
            ),
        )

    def lines(self) -> Iterator[Console]:
        """All of it, as lines.

        Rows are lines, unless one of the stream's has an end of line in it: then they are what was written at once,
        which are parts of lines.
        """
        if self._connection is None:
            return
        self._connection.execute("COMMIT")
        for namespace, streams in self.streams.items():
            for stream in _STREAMS:
                if stream not in streams:
                    continue
                which = (namespace, stream)
                (ends,) = self._connection.execute(
                    "SELECT EXISTS (SELECT 1 FROM printed WHERE source=? AND stream=?"
                    " AND (instr(text, char(10)) OR instr(text, char(13))))",
                    which,
                ).fetchone()
                lines = Lines(stream, namespace)
                for time, text in self._connection.execute(
                    "SELECT time, text FROM printed WHERE source=? AND stream=? ORDER BY step, number", which
                ):
                    yield from lines.add(text if ends else f"{text}\n", time)
                yield from lines.end()

    def close(self) -> None:
        """Takes the file away."""
        if self._connection is not None:
            self._connection.close()
            self._path.unlink(missing_ok=True)
