"""How an object reaches the store."""

from __future__ import annotations

import enum

__all__ = ["Mode"]


class Mode(str, enum.Enum):
    """What a call does: the value is what `mode=` and `NEPTUNE_MODE` take."""

    OFFLINE = "offline"
    DEBUG = "debug"
    ASYNC = "async"
    SYNC = "sync"
    READ_ONLY = "read-only"

    def __repr__(self) -> str:
        return f'"{self.value}"'
