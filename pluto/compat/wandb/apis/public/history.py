"""All rows of a run, one after another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.reading.rows import STEP, Rows

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.run.history import RunHistory


class HistoryScan(Iterator[dict[str, Any]]):
    """The rows from `min_step` on and before `max_step`. They are fetched as they are come to, many at once."""

    def __init__(
        self,
        run: RunHistory,
        *,
        service_api: Any,
        min_step: int,
        max_step: int,
        keys: list[str] | None = None,
        page_size: int = 1_000,
        use_cache: bool = True,
    ) -> None:
        if page_size < 1:
            raise ValueError(f"page_size is at least 1, not {page_size}")
        self.run = run
        self.min_step = min_step
        self.keys = keys
        self.page_size = page_size
        self._service_api = service_api
        self._stop_step = max_step
        self._stored = Rows(run._record, [STEP, *keys] if keys else None)
        self.scan_offset = 0
        self.page_offset: float = min_step
        self.rows: list[dict[str, Any]] = []

    @property
    def max_step(self) -> int:
        """The highest step there can be."""
        return self._stop_step - 1

    def __iter__(self) -> HistoryScan:
        self.scan_offset = 0
        self.page_offset = self.min_step
        self.rows = []
        return self

    def __next__(self) -> dict[str, Any]:
        while True:
            if self.scan_offset < len(self.rows):
                row = self.rows[self.scan_offset]
                self.scan_offset += 1
                return row
            if self.page_offset >= self._stop_step:
                raise StopIteration
            self._load_next()

    def _load_next(self) -> None:
        first, last, _ = self._stored.span
        low = self.page_offset
        if low <= 0 and self.min_step <= 0:
            low = min(first, low)  # runs of other doors may have steps below 0
        low = max(low, math.floor(first))
        high = min(low + self._stored.width(self.page_size), self._stop_step)
        self.rows = self._stored.between(low, high) if low < high and low <= last else []
        if self.keys:
            self.rows = [{key: row[key] for key in dict.fromkeys([*self.keys, STEP])} for row in self.rows]
        self.scan_offset = 0
        self.page_offset = high if low <= last else self._stop_step
