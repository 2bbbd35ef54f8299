"""Addresses that carry their own permission: signed, for one purpose, until a given time."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
import time
from pathlib import Path

FILE = "secret"


class Signer:
    """Signs with a secret kept in the store, made on first use; every process of the store has the same."""

    def __init__(self, store: Path) -> None:
        self._secret = _secret(store / FILE)

    def sign(self, *parts: str | int, ttl_s: int) -> tuple[int, str]:
        """Expiry (seconds since the epoch) and signature of `parts`."""
        expires = int(time.time()) + ttl_s
        return expires, self._digest(parts, expires)

    def valid(self, *parts: str | int, expires: str, signature: str) -> bool:
        """Whether the signature was given to these parts and has not expired."""
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12) or int(expires) < time.time():
            return False
        return hmac.compare_digest(self._digest(parts, int(expires)).encode(), signature.encode())

    def _digest(self, parts: tuple[str | int, ...], expires: int) -> str:
        # Lengths go in, so that no two lists of parts read the same.
        text = "".join(f"{len(str(part))}:{part}" for part in (*parts, expires))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _secret(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        try:
            os.link(name, path)  # the first process to get here decides, whole
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                os.rename(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    return path.read_bytes()
