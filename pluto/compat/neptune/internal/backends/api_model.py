"""The types of fields, as Neptune's API calls them."""

from __future__ import annotations

import enum

from pluto.compat.attributes.kinds import AttributeKind

__all__ = ["AttributeType"]


class AttributeType(enum.Enum):
    """What a field is."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    STRING = "string"
    DATETIME = "datetime"
    FILE = "file"
    FILE_SET = "fileSet"
    FLOAT_SERIES = "floatSeries"
    STRING_SERIES = "stringSeries"
    IMAGE_SERIES = "imageSeries"
    STRING_SET = "stringSet"
    GIT_REF = "gitRef"
    RUN_STATE = "experimentState"
    NOTEBOOK_REF = "notebookRef"
    ARTIFACT = "artifact"

    @staticmethod
    def of(kind: AttributeKind | None) -> AttributeType | None:
        """The type of an attribute of this kind; None for what this client knows no type for (histograms)."""
        name = "IMAGE_SERIES" if kind is AttributeKind.FILE_SERIES else kind.name if kind is not None else ""
        return AttributeType.__members__.get(name)
