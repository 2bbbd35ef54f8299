"""A field of type RunState."""

from pluto.compat.neptune.attributes.atoms.atom import Atom

__all__ = ["RunState"]


class RunState(Atom):
    """Whether an object is in use; kept by the store."""
