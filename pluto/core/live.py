"""The runs of this process that are open."""

from __future__ import annotations

import atexit
import sys
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


@atexit.register
def _at_exit() -> None:
    """Ends the open runs. Registered by the import: the program's own exit functions, which may log, come before it."""
    shutdown = sys.modules.get("pluto.core.shutdown")
    if shutdown is not None:
        shutdown.at_exit()
