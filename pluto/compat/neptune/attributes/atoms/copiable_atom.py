"""A field whose value can be assigned to another field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluto.compat.neptune.attributes.atoms.atom import Atom
from pluto.compat.neptune.exceptions import MetadataInconsistency
from pluto.compat.neptune.internal.utils.paths import path_to_str

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pluto.compat.neptune.internal.backends.backend import Backend, FieldWriter, Operation
    from pluto.compat.neptune.internal.container_type import ContainerType
    from pluto.compat.neptune.types.value_copy import ValueCopy

__all__ = ["CopiableAtom"]


class CopiableAtom(Atom):
    """A field of a simple type."""

    supports_copy = True

    @staticmethod
    def create_assignment_operation(path: Sequence[str], value: Any) -> Operation:
        """What sets the field of this path."""
        name = path_to_str(path)
        return lambda fields: fields.assign(name, value)

    @staticmethod
    def getter(
        backend: Backend,
        container_id: str,  # noqa: ARG004  a backend has one object
        container_type: ContainerType,  # noqa: ARG004
        path: Sequence[str],
    ) -> Any:
        """The value of the field of this path."""
        return backend.atom(path_to_str(path))

    def fetch(self) -> Any:
        """The value in the store. Raises `MetadataInconsistency` where there is none."""
        return self._backend.atom(self._name)

    def copy(self, value: ValueCopy, *, wait: bool = False) -> None:  # type: ignore[override]
        """Takes over the value that another field of this type has."""
        source = value.source_handler._get_attribute()

        def operation(fields: FieldWriter) -> None:
            if type(source) is not type(self):
                raise MetadataInconsistency(
                    f'"{self._name}" is a {type(self).__name__} and takes no value of the {type(source).__name__}'
                    f' "{source._name}"'
                )
            fields.assign(self._name, source._backend.value(source._name))

        self._perform(operation, wait=wait)
