"""A field that holds one value."""

from pluto.compat.neptune.attributes.attribute import Attribute

__all__ = ["Atom"]


class Atom(Attribute):
    """A field that holds one value."""
