"""The four kinds of objects."""

from __future__ import annotations

import enum

__all__ = ["ContainerType"]


class ContainerType(str, enum.Enum):
    """What an object is."""

    RUN = "run"
    PROJECT = "project"
    MODEL = "model"
    MODEL_VERSION = "model_version"

    def to_api(self) -> str:
        """The kind's name on the wire."""
        return "modelVersion" if self is ContainerType.MODEL_VERSION else self.value

    @staticmethod
    def from_api(api_type: str) -> ContainerType:
        """The kind with this name on the wire. Raises `ValueError`."""
        return ContainerType.MODEL_VERSION if api_type == "modelVersion" else ContainerType(api_type)

    def create_dir_name(self, container_id: str) -> str:
        """How a folder of such an object is called."""
        return f"{self.value}__{container_id}"
