"""A field that holds a set."""

from pluto.compat.neptune.attributes.attribute import Attribute

__all__ = ["Set"]


class Set(Attribute):
    """A field that holds a set."""
