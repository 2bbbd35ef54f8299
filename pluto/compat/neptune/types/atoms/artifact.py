"""A set of tracked files, by its hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["Artifact"]

HASH_LENGTH: Final = 64


@dataclass
class Artifact(Atom):
    """What `fetch()` of an artifact gives: assigning it makes another field track the same files."""

    hash: str

    def __init__(self, value: Any = None) -> None:
        value = extract_if_stringify_value(value)
        self.hash = str(value)
        if value is not None and len(self.hash) != HASH_LENGTH:
            raise AssertionError(f"the hash of an artifact is a SHA-256 in hexadecimal, not {self.hash!r}")

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_artifact`."""
        return visitor.visit_artifact(self)

    def __str__(self) -> str:
        return f"Artifact({self.hash})"
