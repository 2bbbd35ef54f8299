"""The short id of a run in web addresses."""

from __future__ import annotations

import string
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqids import Sqids


@cache
def _sqids() -> Sqids:
    from sqids import Sqids

    return Sqids(alphabet=string.ascii_lowercase + string.ascii_uppercase + string.digits, min_length=5)


def encode_sqid(run: int) -> str:
    """The short id of a run's number."""
    return _sqids().encode([run])


def decode_sqid(text: str) -> int | None:
    """The run's number, None for a text that no run's number gives."""
    if len(text) > 20 or not text.isascii() or not text.isalnum():
        return None
    numbers = _sqids().decode(text)
    if len(numbers) != 1 or numbers[0] >> 63 or encode_sqid(numbers[0]) != text:
        return None
    return numbers[0]
