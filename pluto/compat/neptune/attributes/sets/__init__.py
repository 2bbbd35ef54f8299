"""Fields that hold a set."""

from pluto.compat.neptune.attributes.sets.string_set import StringSet

__all__ = ["StringSet"]
