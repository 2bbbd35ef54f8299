"""Writing lines to a string series."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pluto.compat.neptune.metadata_containers import MetadataContainer

__all__ = ["Logger"]


class Logger:
    """Logs texts to one field of an object."""

    def __init__(self, container: MetadataContainer, attribute_name: str) -> None:
        self._container = container
        self._attribute_name = attribute_name

    def log(self, msg: str) -> None:
        """Adds a text."""
        self._container[self._attribute_name].log(msg)
