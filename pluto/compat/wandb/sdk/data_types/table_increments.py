"""Tables that are logged bit by bit: each time the rows that were added since."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types.base_types.media import Media

_SHOWN = 100
KIND = "incremental-table-file"


class Increments(Media):
    """The part of a table about what of it was logged."""

    log_mode: str | None
    data: list[list[Any]]
    _increment_num: int | None = None
    """The number of the increment that is logged next, or was last."""
    _last_logged_idx: int | None = None
    """The last row that was logged."""
    _previous_increments_paths: list[str] | None = None
    """Where earlier increments are."""
    _run_target_for_increments: Any = None

    def _first_row(self) -> int:
        """The first row that is to be logged."""
        if self.log_mode != "INCREMENTAL" or self._last_logged_idx is None:
            return 0
        return self._last_logged_idx + 1

    def _increment_json(self) -> dict[str, Any]:
        if self.log_mode != "INCREMENTAL":
            return {}
        self._increment_num = self._increment_num or 0
        self._previous_increments_paths = self._previous_increments_paths or []
        paths = list(self._previous_increments_paths)
        return {"increment_num": self._increment_num, "previous_increments_paths": paths}

    def _begin_increment(self) -> None:
        """Rows are added to what was logged: the next increment begins."""
        url = self._get_artifact_entry_ref_url()
        if url is not None:
            self._previous_increments_paths = [*(self._previous_increments_paths or []), url]
        self._run = self._artifact_target = self._path = self._sha256 = None
        self._increment_num = (self._increment_num or 0) + 1
        if self._increment_num >= _SHOWN:
            termwarn(
                f"You have exceeded {_SHOWN} increments for this table. Only the latest {_SHOWN} increments will be"
                " visualized in the run workspace.",
                repeat=False,
            )

    def _belong_to(self, run: Any, key: str) -> None:
        """Says to which run it is logged, and goes on where that has stopped. Raises `AssertionError` for two runs."""
        assert self._run_target_for_increments in (None, run), "An incremental Table can only be logged to one Run."
        is_new = self._previous_increments_paths is None and self._increment_num is None
        self._run_target_for_increments = run
        logged = run.summary.get(key) if run.resumed and is_new else None
        if isinstance(logged, dict) and logged.get("_type") == KIND:
            last = logged.get("artifact_path")
            self._increment_num = logged.get("increment_num", 0) + 1
            self._previous_increments_paths = [*logged.get("previous_increments_paths", []), *([last] if last else [])]
        self._increment_num = self._increment_num or 0
