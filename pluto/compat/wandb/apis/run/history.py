"""The rows of a run that is read."""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.errors.term import termerror, termwarn

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.history import HistoryScan
    from pluto.compat.wandb.apis.public.runhistory.downloads import DownloadHistoryResult
    from pluto.compat.wandb.apis.reading.records import Record


class RunHistory(Attrs):
    """Rows: some of them, or all."""

    _record: Record
    _service_api: Any

    @property
    def lastHistoryStep(self) -> int:  # noqa: N802
        """The last row's number; -1 where there is none."""
        last = self._record.stored.last_step
        return -1 if last is None else last

    @normalize_exceptions
    def history(
        self,
        samples: int | None = 500,
        keys: Any = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """Rows as a DataFrame, or with `pandas=False` as a list of dicts: `samples` of them, evenly chosen.

        `samples=None`: all rows. With `keys` only rows that have all of them, with those and `x_axis` alone.
        `stream="system"`: what the machine was measured by.
        """
        if keys is not None and not isinstance(keys, list):
            termerror("keys must be specified in a list")
            return []
        if keys and not isinstance(keys[0], str):
            termerror("keys argument must be a list of strings")
            return []
        if keys and stream != "default":
            termerror("stream must be default when specifying keys")
            return []
        if stream not in ("default", "system"):
            raise ValueError(f"stream is 'default' or 'system', not {stream!r}")
        if samples is not None and samples < 1:
            raise ValueError(f"samples is at least 1, or None for all rows, not {samples}")
        lines = self._rows(samples, [x_axis, *keys] if keys else None, stream == "system")
        if not pandas:
            return lines
        try:
            return importlib.import_module("pandas").DataFrame.from_records(lines)
        except ImportError:
            termwarn("Unable to load pandas, call history with pandas=False")
            return lines

    @normalize_exceptions
    def scan_history(
        self,
        keys: Any = None,
        page_size: int = 1_000,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> HistoryScan:
        """Every row as a dict, one after another, from `min_step` on and before `max_step`.

        With `keys` only rows that have all of them, with those and `_step` alone. Rows are always those of the store:
        `use_cache` makes no difference.
        """
        from pluto.compat.wandb.apis.public.history import HistoryScan

        if keys is not None and not isinstance(keys, list):
            raise ValueError("keys must be specified in a list")
        if keys and not all(isinstance(key, str) for key in keys):
            raise ValueError("keys argument must be a list of strings")
        end = self.lastHistoryStep + 1
        if max_step is not None:
            end = min(end, max_step)
        return HistoryScan(
            self,
            service_api=self._service_api,
            min_step=min_step,
            max_step=end,
            keys=keys,
            page_size=page_size,
            use_cache=use_cache,
        )

    def beta_scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int = 1_000,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> HistoryScan:
        """The same as `scan_history`."""
        return self.scan_history(keys, page_size, min_step, max_step, use_cache)

    @normalize_exceptions
    def download_history_exports(
        self, download_dir: Any, require_complete_history: bool = True
    ) -> DownloadHistoryResult:
        """The rows in a Parquet file in a folder. Needs pandas and pyarrow.

        Raises `IncompleteRunHistoryError` for a run that is still going on, unless `require_complete_history=False`.
        """
        from pluto.compat.wandb.apis.public.runhistory.downloads import export_history

        return export_history(self, download_dir, require_complete_history)

    def _rows(self, samples: int | None, keys: list[str] | None, machine: bool) -> list[dict[str, Any]]:
        from pluto.compat.wandb.apis.reading.rows import STEP, Rows

        rows = Rows(self._record, keys, machine=machine).between(-math.inf, math.inf, samples)
        if keys is not None:
            return [{key: row[key] for key in dict.fromkeys(keys)} for row in rows]
        return rows if not machine else [row for row in rows if STEP not in row]
