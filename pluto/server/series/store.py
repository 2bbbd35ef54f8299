"""Series in SQLite: a file for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from pluto.protocol import records
from pluto.protocol.batch import Entry
from pluto.protocol.records import Kind
from pluto.server.series import buckets, chunks, ingest, points, rejections, rows, summaries
from pluto.server.series.connections import Connection, Connections
from pluto.server.series.contract import Appended, Buckets, DataRow, FileRow, LogLine, Page, Points, Summary
from pluto.server.series.pieces import find

METADATA_KINDS: Final = (Kind.CONFIG, Kind.TAGS, Kind.NOTES, Kind.METADATA, Kind.NAME)
_NO_FLOATS, _NO_INTEGERS = np.empty(0), np.empty(0, np.int64)
_NO_BUCKETS = Buckets(
    _NO_FLOATS, _NO_INTEGERS, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS, _NO_INTEGERS, _NO_FLOATS, _NO_INTEGERS
)


class SqliteSeries:
    """A `SeriesStore` in a folder of files `<run>.db`.

    A file that can't be read raises `Damaged`, for that run alone; a full disk and the like raise `sqlite3.Error`.
    """

    def __init__(self, folder: Path, *, wal: bool = True) -> None:
        self._files = Connections(folder, wal=wal)

    def close(self) -> None:
        """Closes open files; a later call opens them again."""
        self._files.close()

    # Writing

    def append(
        self,
        run: int,
        writer: str | None,
        lane: str,
        batch: Sequence[Entry],
        refused: Mapping[int, str] | None = None,
    ) -> Appended:
        """As the contract says."""
        with self._files.write(run) as file:
            assert file is not None
            found = ingest.Batch(lane)
            mark = None
            if writer is None:
                found.take(batch, refused)
                rejected = found.rejected
            else:
                row = file.db.execute("SELECT seq FROM mark WHERE writer = ? AND lane = ?", (writer, lane)).fetchone()
                mark = row[0] if row else 0
                rest = ingest.unseen(batch, mark)
                found.take(rest, refused)
                if rest:
                    mark = rest[-1].seq
                    file.db.execute("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (writer, lane, mark))
                rejected = rejections.settle(file.db, writer, lane, batch, found.rejected)
            new = ingest.write(file.db, file.names, found)
        return Appended(mark, rejected, new, found.forgotten_names)

    def add_names(self, run: int, names: dict[str, str]) -> None:
        """As the contract says."""
        with self._files.write(run) as file:
            assert file is not None
            ingest.register(file.db, file.names, names)

    def add_file(self, run: int, row: FileRow) -> int:
        """As the contract says."""
        with self._files.write(run) as file:
            assert file is not None
            ingest.register(file.db, file.names, {row.name: row.type.upper()})
            return rows.insert_file(file.db, row)

    def attach_blob(self, run: int, file: int, sha256: str, size: int) -> None:
        """As the contract says. Raises `KeyError` for a file that was never announced."""
        with self._files.write(run, create=False) as opened:
            if opened is None or not opened.db.execute(
                "UPDATE file SET sha256 = ?, size = ? WHERE id = ?", (sha256, size, file)
            ).rowcount:  # fmt: skip
                raise KeyError(f"run {run} has no file {file}")

    def seal(self, run: int) -> None:
        """As the contract says."""
        with self._files.write(run, create=False) as file:
            if file is None:
                return
            ingest.fold_tail(file.db)
            chunks.merge_small(file.db)
            file.db.execute("PRAGMA incremental_vacuum").fetchall()
        self._files.settle(run)

    def delete(self, run: int) -> None:
        """As the contract says."""
        self._files.remove(run)

    # Reading

    def marks(self, run: int) -> dict[tuple[str, str], int]:
        """As the contract says."""
        with self._files.read(run) as file:
            found = file.db.execute("SELECT writer, lane, seq FROM mark").fetchall() if file else []
        return {(writer, lane): seq for writer, lane, seq in found}

    def names(self, run: int) -> dict[str, str]:
        """As the contract says."""
        with self._files.read(run) as file:
            return dict(file.db.execute("SELECT name, type FROM name ORDER BY id").fetchall()) if file else {}

    def last_step(self, run: int, *, system: bool = False) -> float | None:
        """As the contract says."""
        with self._files.read(run) as file:
            row = file.db.execute("SELECT step FROM bound WHERE system = ?", (system,)).fetchone() if file else None
        return row[0] if row else None

    def points(
        self,
        run: int,
        name: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        order: Literal["step", "logged"] = "step",
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Points:
        """As the contract says. Raises `ValueError` for a cursor or an order that is none."""
        if order not in ("step", "logged"):
            raise ValueError(f"points come by 'step' or as 'logged', not by {order!r}")
        read = points.by_step if order == "step" else points.as_logged
        with self._files.read(run) as file:
            id = _id(file, name)
            if file is None or id is None:
                return Points(_NO_FLOATS, _NO_INTEGERS, _NO_FLOATS)
            return read(find(file.db, id), step_min, step_max, cursor, limit)

    def buckets(
        self, run: int, name: str, count: int, *, step_min: float | None = None, step_max: float | None = None
    ) -> Buckets:
        """As the contract says."""
        with self._files.read(run) as file:
            id = _id(file, name)
            if file is None or id is None:
                return _NO_BUCKETS
            return buckets.buckets(find(file.db, id), count, step_min, step_max)

    def summaries(self, run: int, names: Sequence[str] | None = None) -> dict[str, Summary]:
        """As the contract says."""
        with self._files.read(run) as file:
            if file is None:
                return {}
            return summaries.summaries(file.db, names)

    def logs(
        self, run: int, *, stream: str | None = None, source: str | None = None, limit: int = 1000, offset: int = 0
    ) -> tuple[list[LogLine], int]:
        """As the contract says."""
        with self._files.read(run) as file:
            return rows.logs(file.db, stream, source, limit, offset) if file else ([], 0)

    def data(
        self,
        run: int,
        *,
        name: str | None = None,
        type: str | None = None,
        cursor: str | None = None,
        limit: int = 1000,
    ) -> Page:
        """As the contract says. Raises `ValueError` for a cursor that is none."""
        where: dict[str, tuple[Any, ...]] = {}
        if name is not None:
            where["name = ?"] = (name,)
        if type is not None:
            where["lower(type) = ?"] = (type.lower(),)
        with self._files.read(run) as file:
            if file is None:
                return Page([], None)
            return rows.data(file.db, where, cursor, limit)

    def last_data(self, run: int, names: Sequence[str]) -> dict[str, DataRow]:
        """As the contract says."""
        with self._files.read(run) as file:
            return rows.last_data(file.db, names) if file else {}

    def last_files(self, run: int, names: Sequence[str]) -> dict[str, FileRow]:
        """As the contract says."""
        with self._files.read(run) as file:
            return rows.last_files(file.db, names) if file else {}

    def last_lines(self, run: int) -> list[LogLine]:
        """As the contract says."""
        with self._files.read(run) as file:
            return rows.last_lines(file.db) if file else []

    def files(
        self,
        run: int,
        *,
        name: str | None = None,
        group: str | None = None,
        cursor: str | None = None,
        limit: int = 1000,
    ) -> Page:
        """As the contract says; a file's group is its name up to the last `/`. Raises `ValueError` for a bad cursor."""
        where: dict[str, tuple[Any, ...]] = {}
        if name is not None:
            where["name = ?"] = (name,)
        if group is not None:
            prefix = f"{group}/" if group else ""
            where["substr(name, 1, ?) = ?"] = (len(prefix), prefix)
            where["instr(substr(name, ?), '/') = 0"] = (len(prefix) + 1,)
        with self._files.read(run) as file:
            if file is None:
                return Page([], None)
            return rows.files(file.db, where, cursor, limit)

    def alerts(self, run: int) -> list[Any]:
        """As the contract says."""
        return self._events(run, (Kind.ALERT,))

    def model_graph(self, run: int) -> str | None:
        """As the contract says."""
        graphs = self._events(run, (Kind.MODEL_GRAPH,))
        return graphs[-1].body if graphs else None

    def events(self, run: int) -> list[Any]:
        """As the contract says."""
        return self._events(run, METADATA_KINDS)

    def blobs(self, run: int) -> set[str]:
        """As the contract says."""
        with self._files.read(run) as file:
            if file is None:
                return set()
            found = file.db.execute("SELECT DISTINCT sha256 FROM file WHERE sha256 IS NOT NULL")
            return {sha256 for (sha256,) in found}

    def _events(self, run: int, kinds: Sequence[Kind]) -> list[Any]:
        marks = ", ".join("?" * len(kinds))
        with self._files.read(run) as file:
            if file is None:
                return []
            found = file.db.execute(f"SELECT kind, body FROM event WHERE kind IN ({marks}) ORDER BY id", kinds)  # noqa: S608
            return [records.decode(kind, body) for kind, body in found]


def _id(file: Connection | None, name: str) -> int | None:
    if file is None:
        return None
    row = file.db.execute("SELECT id FROM name WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None
