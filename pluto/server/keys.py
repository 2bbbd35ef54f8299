"""API keys: made once, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
import string
from pathlib import Path
from types import TracebackType

from pluto.server.metadata.contract import ApiKey
from pluto.server.metadata.database import now_ms
from pluto.server.metadata.sql import open_metadata

PREFIX = "mlps_"
LENGTH = 24
_ALPHABET = string.ascii_letters + string.digits + "_-"


def generate() -> str:
    """A new key: `mlps_` and 24 random characters."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def hashed(key: str) -> str:
    """What is kept of a key. Keys are random enough that a plain hash can't be turned back."""
    return hashlib.sha256(key.encode()).hexdigest()


def refusal(key: ApiKey | None) -> str | None:
    """Why a key does not open anything, None when it does."""
    if key is None:
        return "Key not found"
    if key.revoked_at is not None:
        return "API key has been revoked"
    if key.expires_at is not None and key.expires_at <= now_ms():
        return "API key has expired"
    return None


class KeyRing:
    """The keys of a store, for `pluto server keys`."""

    def __init__(self, store: Path, *, wal: bool = True) -> None:
        self._metadata = open_metadata(store, wal=wal)

    def create(self, label: str = "", *, days: float | None = None) -> tuple[str, ApiKey]:
        """A new key's text, which can't be had again, and what is kept of it; it ends after `days`, or never."""
        text = generate()
        expires = None if days is None else now_ms() + int(days * 86_400_000)
        return text, self._metadata.keys.add(label, hashed(text), f"{PREFIX}…{text[-4:]}", expires)

    def list(self) -> list[ApiKey]:
        """Every key, oldest first."""
        return self._metadata.keys.list()

    def revoke(self, key: int) -> bool:
        """Whether there was such a key to revoke."""
        return self._metadata.keys.revoke(key)

    def close(self) -> None:
        self._metadata.close()

    def __enter__(self) -> KeyRing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
