"""The former place of `Project`."""

from pluto.compat.neptune.metadata_containers.project import Project

__all__ = ["Project"]
