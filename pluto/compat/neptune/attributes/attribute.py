"""A field of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pluto.compat.neptune.exceptions import TypeDoesNotSupportAttributeException
from pluto.compat.neptune.internal.utils.paths import path_to_str
from pluto.compat.neptune.types.value_copy import ValueCopy

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import Backend, Operation
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer

__all__ = ["Attribute"]


class Attribute:
    """A field at a path. A method that its type does not have raises `TypeDoesNotSupportAttributeException`."""

    supports_copy: ClassVar[bool] = False
    """Whether its value can be assigned to another field."""

    def __init__(self, container: MetadataContainer, path: list[str]) -> None:
        self._container = container
        self._path = path
        self._name = path_to_str(path)

    def __getattr__(self, attr: str) -> Any:
        raise TypeDoesNotSupportAttributeException(type(self), attr)

    @property
    def _backend(self) -> Backend:
        return self._container._backend

    def _perform(self, operation: Operation, *, wait: bool) -> None:
        with self._container.lock():
            self._container._backend.perform(operation, wait=wait)

    def copy(self, value: ValueCopy, wait: bool = False) -> None:  # noqa: ARG002
        """Takes over the value of another field."""
        raise Exception(f"{type(self).__name__} doesn't support copying")

    def process_assignment(self, value: Any, wait: bool = False) -> None:
        """Takes over a value, or that of another field."""
        if isinstance(value, ValueCopy):
            self.copy(value, wait=wait)
        else:
            self.assign(value, wait=wait)
