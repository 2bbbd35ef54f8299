"""Ids of runs."""

from __future__ import annotations

import random
import secrets
from string import ascii_lowercase, digits

_LETTERS = ascii_lowercase + digits


def generate_id(length: int = 8) -> str:
    """Random letters and digits. Seeding `random` does not change them."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def generate_fast_id(length: int = 8) -> str:
    """The same, quicker for long ones, and as little moved by `random.seed`."""
    return "".join(random.SystemRandom().choices(_LETTERS, k=length))


__all__ = ["ascii_lowercase", "digits", "generate_fast_id", "generate_id"]
