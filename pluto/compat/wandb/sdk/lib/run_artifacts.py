"""What a run does with artifacts and models."""

from __future__ import annotations


class RunArtifacts:
    """The part of `Run` that logs, uses and links artifacts."""
