"""W&B's local run directories: `run-*` and `offline-run-*`, with the log `run-<id>.wandb` in each.

Read top-down: `finding` (which runs there are), `run` (one of them), `reading` (record by record), `log` (how records
lie in the file), `history` and `columns` (rows, quickly), `rows` (how values are laid down), `media`, `artifacts`,
`console`, `stats`, `files`; `told` (what is known of the run beside), `summary`, `facts`, `machine`.
"""

from __future__ import annotations

from pluto_migration.sources.wandb_local.finding import NAME, SETTINGS, find

__all__ = ["NAME", "SETTINGS", "find"]
