"""What the different ids are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NewType, TypeVar

__all__ = ["QualifiedName", "SysId", "UniqueId", "conform_optional"]

UniqueId = NewType("UniqueId", str)
SysId = NewType("SysId", str)
QualifiedName = NewType("QualifiedName", str)
Id = TypeVar("Id")


def conform_optional(value: str | None, cls: Callable[[str], Id]) -> Id | None:
    """The id as a `cls`; None stays None."""
    return None if value is None else cls(value)
