"""What lies in the journals of a root, read with the real reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pluto.core.journal import Reader
from pluto.protocol.records import End, Kind, Metrics, decode


def writers(root: Path) -> list[Path]:
    """The writers' folders of all runs, oldest first."""
    found = [path.parent for path in (root / "sync" / "runs").glob("*/*/writer.json")]
    return sorted(found, key=lambda folder: json.loads((folder / "writer.json").read_text())["created"])


def rows(folder: Path, lane: str = "lines") -> list[Any]:
    """All rows of a writer, in order."""
    reader = Reader(folder)
    found: list[Any] = []
    after = 0
    while True:
        batch = reader.read(after, lane)
        found += batch.rows
        if batch.through == after:
            reader.close()
            return found
        after = batch.through


def read(folder: Path, kind: Kind | None = None, lane: str = "lines") -> list[Any]:
    """All records of a writer, or those of one kind."""
    return [decode(row.kind, row.body) for row in rows(folder, lane) if kind is None or row.kind == kind]


def only(root: Path, kind: Kind | None = None, lane: str = "lines") -> list[Any]:
    """The same of the one writer there is."""
    (folder,) = writers(root)
    return read(folder, kind, lane)


def points(folder: Path, name: str) -> list[tuple[Any, Any]]:
    """(step, value) of one metric, as logged."""
    return [(m.step, m.values[name]) for m in read(folder, Kind.METRICS) if isinstance(m, Metrics) and name in m.values]


def end(folder: Path) -> End | None:
    """How a writer ended; None when it did not."""
    found = read(folder, Kind.END)
    return found[-1] if found else None
