"""The runs of this process that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.core.errors import NoRunError

if TYPE_CHECKING:
    from pluto.core.op import Op

ops: list[Op] = []
"""Oldest first."""


def latest(call: str) -> Op:
    """The run opened last of those still open. Raises `NoRunError` when there is none."""
    if not ops:
        raise NoRunError(f"pluto.{call}() needs a run: call pluto.init() first")
    return ops[-1]
