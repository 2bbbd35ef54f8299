"""A field of type GitRef."""

from pluto.compat.neptune.attributes.atoms.atom import Atom

__all__ = ["GitRef"]


class GitRef(Atom):
    """A commit of a repository; written when a run is made."""
