"""Short names made of facts."""

from __future__ import annotations

__all__ = ["generate_hash"]


def generate_hash(*descriptors: object, length: int) -> str:
    """The last digits of a hash of the texts of some values, in hexadecimal."""
    import hashlib

    return hashlib.sha256("".join(map(str, descriptors)).encode()).hexdigest()[-length:]
