"""What survives `os.fork`: the lock under which this process calls SQLite, and who has to hear that it is a child now.

SQLite must not be in the middle of anything when the process forks: a mutex of its allocator that another thread holds
would stay locked in the child for ever. So every SQLite call is made under one lock, and a fork takes that lock first.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Final, Protocol


class Heir(Protocol):
    """Something that holds threads, handles or locks."""

    def forked(self) -> None:
        """Called in the child, with the new lock in place. Lets go of everything inherited and closes nothing of it."""


_lock: Any = threading.RLock()
_heirs: Final[weakref.WeakSet[Any]] = weakref.WeakSet()
_abandoned: Final[list[Any]] = []


def sqlite_lock() -> Any:
    """The lock of this process. Reentrant, since a signal handler may log while its own thread is inside `log()`."""
    return _lock


def tell(heir: Heir) -> None:
    """Calls `heir.forked()` in every child, as long as somebody else keeps `heir` alive."""
    _heirs.add(heir)


def abandon(*inherited: object) -> None:
    """Keeps inherited handles from being closed: closing would act on files that belong to the parent."""
    _abandoned.extend(inherited)


def _before() -> None:
    _lock.acquire()


def _in_parent() -> None:
    _lock.release()


def _in_child() -> None:
    global _lock
    _abandoned.append(_lock)
    _lock = threading.RLock()
    for heir in list(_heirs):
        heir.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
