"""The artifacts that tables of runs are in."""

from __future__ import annotations

import time
from typing import Any, Final

_KIND: Final = "run_table"
_INCREMENTAL_KIND: Final = "wandb-run-incremental-table"


def log_table_artifact(value: Any, key: str, run: Any) -> None:
    """Logs the artifact that has the table: `run-<id>-<key>`, or of a table that is logged bit by bit its next bit."""
    incremental = getattr(value, "log_mode", None) == "INCREMENTAL"
    if incremental:
        value._belong_to(run, key)
    from pluto.compat.wandb.sdk.artifacts._internal_artifact import InternalArtifact, sanitize_artifact_name

    if incremental:
        name = sanitize_artifact_name(f"run-{run.id}-incr-{key}")
        artifact = InternalArtifact(name, _INCREMENTAL_KIND, incremental=True)
        artifact.add(value, f"{value._increment_num}-{time.time_ns() // 1_000_000}.{key}")
    else:
        artifact = InternalArtifact(f"run-{run.id}-{key}", _KIND)
        artifact.add(value, key)
    run.log_artifact(artifact)
