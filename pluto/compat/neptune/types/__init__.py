"""Values that say what type of field they make."""

from pluto.compat.neptune.types.atoms import Artifact, Boolean, Datetime, File, Float, GitRef, Integer, String
from pluto.compat.neptune.types.file_set import FileSet
from pluto.compat.neptune.types.series import FileSeries, FloatSeries, StringSeries
from pluto.compat.neptune.types.sets import StringSet

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
    "String",
    "StringSeries",
    "StringSet",
]
