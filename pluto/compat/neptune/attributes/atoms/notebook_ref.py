"""A field of type NotebookRef."""

from pluto.compat.neptune.attributes.atoms.atom import Atom

__all__ = ["NotebookRef"]


class NotebookRef(Atom):
    """The notebook a run belongs to."""
