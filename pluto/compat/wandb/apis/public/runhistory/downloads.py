"""All rows of a run as a file."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.run.history import RunHistory


class IncompleteRunHistoryError(Exception):
    """The run goes on: there may be more rows later."""


@dataclass(frozen=True)
class DownloadHistoryResult:
    """The files that were written, and whether the run went on meanwhile."""

    paths: list[pathlib.Path]
    contains_live_data: bool
    errors: dict[pathlib.Path, str] | None = None


def export_history(run: RunHistory, folder: Any, complete: bool) -> DownloadHistoryResult:
    """Writes the rows to `<folder>/<run>.history.parquet`. See `Run.download_history_exports`."""
    from pluto.query.frames import pandas

    live = run.load(force=True)["state"] == "running"
    if live and complete:
        raise IncompleteRunHistoryError(
            f"{run!r} is still running: pass require_complete_history=False for what is there"
        )
    frames = pandas("download_history_exports")
    path = pathlib.Path(folder, f"{run.id}.history.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = run._rows(None, None, machine=False)
    frames.DataFrame.from_records(rows).to_parquet(path)
    return DownloadHistoryResult([path], live)
