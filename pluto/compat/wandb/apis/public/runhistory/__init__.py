"""All rows of a run as a file."""

from __future__ import annotations

from pluto.compat.wandb.apis.public.runhistory.downloads import DownloadHistoryResult, IncompleteRunHistoryError

__all__ = ("DownloadHistoryResult", "IncompleteRunHistoryError")
