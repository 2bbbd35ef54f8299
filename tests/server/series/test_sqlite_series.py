"""The SQLite store of series: the contract at its real sizes, and with tails and chunks of a few points each."""

from __future__ import annotations

from pathlib import Path

import pytest

from pluto.server.series import SeriesStore, chunks, ingest, open_store
from tests.server.series.conformance import SeriesConformance


class TestSqliteSeries(SeriesConformance):
    def open(self, folder: Path) -> SeriesStore:
        return open_store(folder)


class TestSqliteSeriesInSmallPieces(SeriesConformance):
    """Folds, merges and levels happen all the time."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(chunks, "FULL", 8)
        monkeypatch.setattr(chunks, "FAN", 2)
        monkeypatch.setattr(chunks, "LEVEL_FROM", 4)
        monkeypatch.setattr(chunks, "LEVEL_POINTS", 2)
        monkeypatch.setattr(ingest, "FOLD_POINTS", 3)
        monkeypatch.setattr(ingest, "TAIL_ROWS", 2)

    def open(self, folder: Path) -> SeriesStore:
        return open_store(folder)

    test_big_columns_come_back = None
    test_wide_rows_with_few_steps = None
