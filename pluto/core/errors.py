"""The errors a caller of the native API can meet, beyond the built-in ones."""

from __future__ import annotations


class RunError(RuntimeError):
    """A run that can't be had as asked for. The message says why, and what to do instead."""


class RunExistsError(RunError):
    """A run of this id exists already, and it was not said that it may be continued."""


class RunNotFoundError(RunError):
    """The run to be resumed or forked from does not exist."""


class NoRunError(RunError):
    """A module-level call before `pluto.init()`."""


class NotDeliveredError(RunError, TimeoutError):
    """An answer of the server that did not come in time. What was logged is safe in the journal."""
