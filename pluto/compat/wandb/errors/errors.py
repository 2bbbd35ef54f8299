"""The errors of the W&B door, with the names and the family tree that scripts catch them by."""

from __future__ import annotations

from typing import Any


class Error(Exception):
    """Something that can't be done. `message` is its text, `context` what belongs to it."""

    def __init__(self, message: str, context: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.context = context or {}


class CommError(Error):
    """A server that did not answer, or not as hoped; `exc` is the error underneath."""

    def __init__(self, msg: str, exc: Exception | None = None) -> None:
        super().__init__(msg)
        self.exc = exc


class AuthenticationError(CommError):
    """A server that does not accept the key."""


class UsageError(Error):
    """A call that makes no sense as it stands."""


class UnsupportedError(UsageError):
    """Something that this door does not do; the message says what to do instead."""


class WandbCoreNotAvailableError(Error):
    """Never raised here: Pluto has no such part. It is caught by scripts."""
