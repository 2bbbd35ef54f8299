"""The fields of an object: what `get_structure()` consists of."""

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
from pluto.compat.neptune.attributes.utils import create_attribute_from_type

__all__ = [
    "Artifact",
    "Boolean",
    "Datetime",
    "File",
    "FileSeries",
    "FileSet",
    "Float",
    "FloatSeries",
    "GitRef",
    "Integer",
    "NotebookRef",
    "RunState",
    "String",
    "StringSeries",
    "StringSet",
    "create_attribute_from_type",
]
