"""How long an artifact is kept, where it is no number."""

from __future__ import annotations

from enum import Enum


class ArtifactTTL(Enum):
    """`INHERIT`: for as long as the store keeps artifacts by itself."""

    INHERIT = 0
