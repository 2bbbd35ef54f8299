"""What a run does with artifacts and models."""

from __future__ import annotations

from typing import Any


class RunArtifacts:
    """The part of `Run` that logs, uses and links artifacts."""

    def log_code(self, root: str | None = ".", *_: Any) -> Any:
        """The code below a folder as an artifact."""
        raise NotImplementedError(f"{root}: artifacts are not there yet")
