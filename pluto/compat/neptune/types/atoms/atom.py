"""A value that stands alone, as opposed to series and sets."""

from pluto.compat.neptune.types.value import Value

__all__ = ["Atom"]


class Atom(Value):
    """A single value."""
