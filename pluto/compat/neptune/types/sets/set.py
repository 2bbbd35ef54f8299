"""A set."""

from pluto.compat.neptune.types.value import Value

__all__ = ["Set"]


class Set(Value):
    """A set of values."""
