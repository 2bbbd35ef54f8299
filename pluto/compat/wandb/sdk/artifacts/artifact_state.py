"""States of artifacts."""

from __future__ import annotations

from enum import Enum


class ArtifactState(Enum):
    """Where an artifact stands."""

    PENDING = "PENDING"
    COMMITTED = "COMMITTED"
    DELETED = "DELETED"
    GARBAGE_COLLECTED = "GARBAGE_COLLECTED"
    PENDING_DELETION = "PENDING_DELETION"
