"""The field that a value makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluto.compat.neptune import attributes
from pluto.compat.neptune.attributes.namespace import Namespace
from pluto.compat.neptune.exceptions import OperationNotSupported

if TYPE_CHECKING:
    from pluto.compat.neptune.attributes.attribute import Attribute
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
    from pluto.compat.neptune.types.value import Value

__all__ = ["ValueToAttributeVisitor"]


class ValueToAttributeVisitor:
    """Makes the field at a path that a value of `neptune.types` asks for; it has no value yet."""

    def __init__(self, container: MetadataContainer, path: list[str]) -> None:
        self._container = container
        self._path = path

    def visit(self, value: Value) -> Attribute:
        """The field for a value. Raises `OperationNotSupported` for a GitRef, which only making a run writes."""
        field: Attribute = value.accept(self)
        return field

    def copy_value(self, source_type: type[Attribute], source_path: list[str]) -> Attribute:  # noqa: ARG002
        """A field of the type of the other one."""
        return source_type(self._container, self._path)

    def __getattr__(self, name: str) -> Any:
        made = _MADE.get(name)
        if made is None:
            raise AttributeError(name)
        return lambda value: made(self._container, self._path)  # noqa: ARG005  the value is assigned afterwards

    def visit_git_ref(self, value: Value) -> Attribute:  # noqa: ARG002
        """Raises `OperationNotSupported`."""
        raise OperationNotSupported("a GitRef is given to init_run(git_ref=…), not assigned")


_MADE: dict[str, type[Attribute]] = {
    "visit_artifact": attributes.Artifact,
    "visit_boolean": attributes.Boolean,
    "visit_datetime": attributes.Datetime,
    "visit_file": attributes.File,
    "visit_file_set": attributes.FileSet,
    "visit_float": attributes.Float,
    "visit_float_series": attributes.FloatSeries,
    "visit_image_series": attributes.FileSeries,
    "visit_integer": attributes.Integer,
    "visit_namespace": Namespace,
    "visit_string": attributes.String,
    "visit_string_series": attributes.StringSeries,
    "visit_string_set": attributes.StringSet,
}
