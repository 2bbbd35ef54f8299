"""Where a run's series are: metrics, texts, structured values, console lines, files and alerts, by run number."""

from __future__ import annotations

from pathlib import Path

from pluto.server.series.contract import SeriesStore
from pluto.server.series.store import SqliteSeries

__all__ = ["SeriesStore", "SqliteSeries", "open_store"]


def open_store(folder: Path) -> SeriesStore:
    """The series kept in a folder, a file `<run>.db` for each run; the folder is made by the first write."""
    return SqliteSeries(folder)
