"""Sets."""

from pluto.compat.neptune.types.sets.string_set import StringSet

__all__ = ["StringSet"]
