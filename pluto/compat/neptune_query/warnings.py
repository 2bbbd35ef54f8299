"""Categories of the warnings of reading."""

from __future__ import annotations

__all__ = [
    "AttributeWarning",
    "ExperimentalWarning",
    "Http5xxWarning",
    "Http429Warning",
    "Http503Warning",
    "HttpOtherWarning",
]


class AttributeWarning(UserWarning):
    """An attribute named in a filter or an order does not exist, or has several types."""


class ExperimentalWarning(UserWarning):
    """The function may still change."""


class Http429Warning(UserWarning):
    """A server asked to be asked less often. Pluto tries again on its own and does not warn; kept for `except`."""


class Http503Warning(UserWarning):
    """A server was not available. Pluto tries again on its own and does not warn; kept for `except`."""


class Http5xxWarning(UserWarning):
    """A server failed. Pluto tries again on its own and does not warn; kept for `except`."""


class HttpOtherWarning(UserWarning):
    """Anything else between client and server. Pluto tries again on its own and does not warn; kept for `except`."""
