"""By what a version of an artifact is known again, whichever of its runs brings it over, and however often."""

from __future__ import annotations

import hashlib
from typing import Final

from pluto.protocol.artifacts import digest_of
from pluto_migration.config import clean
from pluto_migration.model import Artifact

_UNIQUE_CHARS: Final = 100
_TOKEN_CHARS: Final = 200


def token_of(project: str, artifact: Artifact) -> str:
    """The token of a version: of what the source calls it, else of its name and what is in it.

    An id that is long enough to be like no other is the token itself: tables and rows may refer to it (W&B).
    """
    named = artifact.source_id
    if named is not None and len(named) >= _UNIQUE_CHARS and named.isascii() and named.isalnum():
        return named[:_TOKEN_CHARS]
    if named is None:
        named = digest_of((clean(entry.path), clean(entry.digest)) for entry in artifact.entries)
    parts = ("artifact", clean(project), clean(artifact.type), clean(artifact.name), clean(named))
    return "migrated-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
