"""Source `wandb-parquet`: histories of runs that W&B has exported as Parquet files.

Read top-down: `finding` (which runs there are), `run` (one of them), `windows` (which rows are read together), `parts`
(the files), `columns` (what stands in a column).
"""

from __future__ import annotations

from pluto_migration.sources.wandb_parquet.finding import NAME, SETTINGS, find

__all__ = ["NAME", "SETTINGS", "find"]
