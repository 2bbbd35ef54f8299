"""Where a run's series are: metrics, texts, structured values, console lines, files and alerts, by run number."""

from __future__ import annotations

from pathlib import Path

from pluto.server.series.contract import SeriesStore
from pluto.server.series.store import SqliteSeries

__all__ = ["SeriesStore", "SqliteSeries", "open_store"]


def open_store(folder: Path, *, wal: bool = True) -> SeriesStore:
    """The series kept in a folder, a file `<run>.db` for each run; the folder is made by the first write.

    `wal`: whether the folder's file system carries SQLite's write-ahead log; a network file system does not.
    """
    return SqliteSeries(folder, wal=wal)
