"""Fields by their type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pluto.compat.neptune.attributes.atoms import (
    Artifact,
    Boolean,
    Datetime,
    File,
    Float,
    GitRef,
    Integer,
    NotebookRef,
    RunState,
    String,
)
from pluto.compat.neptune.attributes.file_set import FileSet
from pluto.compat.neptune.attributes.series import FileSeries, FloatSeries, StringSeries
from pluto.compat.neptune.attributes.sets import StringSet
from pluto.compat.neptune.exceptions import InternalClientError
from pluto.compat.neptune.internal.backends.api_model import AttributeType

if TYPE_CHECKING:
    from pluto.compat.neptune.attributes.attribute import Attribute
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer

__all__ = ["create_attribute_from_type"]

_CLASSES: Final[dict[AttributeType, type[Attribute]]] = {
    AttributeType.FLOAT: Float,
    AttributeType.INT: Integer,
    AttributeType.BOOL: Boolean,
    AttributeType.STRING: String,
    AttributeType.DATETIME: Datetime,
    AttributeType.FILE: File,
    AttributeType.FILE_SET: FileSet,
    AttributeType.FLOAT_SERIES: FloatSeries,
    AttributeType.STRING_SERIES: StringSeries,
    AttributeType.IMAGE_SERIES: FileSeries,
    AttributeType.STRING_SET: StringSet,
    AttributeType.GIT_REF: GitRef,
    AttributeType.RUN_STATE: RunState,
    AttributeType.NOTEBOOK_REF: NotebookRef,
    AttributeType.ARTIFACT: Artifact,
}


def create_attribute_from_type(
    attribute_type: AttributeType, container: MetadataContainer, path: list[str]
) -> Attribute:
    """A field of this type. Raises `InternalClientError` for what is no type."""
    try:
        made = _CLASSES[attribute_type]
    except KeyError:
        raise InternalClientError(f"{attribute_type!r} is no type of a field") from None
    return made(container, path)
