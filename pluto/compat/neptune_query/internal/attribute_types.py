"""The names of attribute types in filters, in columns and in query texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from pluto.compat.attributes.kinds import AttributeKind

TypeName = Literal[
    "bool", "datetime", "file", "float", "int", "string", "string_set", "float_series", "histogram_series",
    "string_series", "file_series",
]  # fmt: skip

ALL_TYPES: Final[tuple[TypeName, ...]] = (
    "float", "int", "string", "bool", "datetime", "float_series", "string_set", "string_series", "file",
    "histogram_series", "file_series",
)  # fmt: skip
"""What can be asked for."""

OTHER_SERIES: Final = ("string_series", "histogram_series", "file_series")
"""Series that are not of numbers."""

QUERY_NAMES: Final = {
    "float_series": "floatSeries",
    "string_set": "stringSet",
    "string_series": "stringSeries",
    "file": "fileRef",
    "file_series": "fileRefSeries",
    "histogram_series": "histogramSeries",
}
"""Types that have another name in query texts."""

UNSUPPORTED: Final = {
    AttributeKind.ARTIFACT: "artifact",
    AttributeKind.FILE_SET: "fileSet",
    AttributeKind.GIT_REF: "gitRef",
}
"""Kinds whose values have no place in a frame; the state of a run has none either, and nobody is warned of it."""

SYS_TYPES: Final[dict[str, TypeName]] = {
    "sys/archived": "bool",
    "sys/creation_time": "datetime",
    "sys/custom_run_id": "string",
    "sys/description": "string",
    "sys/diagnostics/project_uuid": "string",
    "sys/diagnostics/run_uuid": "string",
    "sys/experiment/is_head": "bool",
    "sys/experiment/name": "string",
    "sys/experiment/running_time_seconds": "float",
    "sys/failed": "bool",
    "sys/family": "string",
    "sys/forking/depth": "int",
    "sys/group_tags": "string_set",
    "sys/id": "string",
    "sys/modification_time": "datetime",
    "sys/name": "string",
    "sys/owner": "string",
    "sys/ping_time": "datetime",
    "sys/relative_creation_time_ms": "int",
    "sys/running_time_seconds": "float",
    "sys/size": "int",
    "sys/tags": "string_set",
    "sys/trashed": "bool",
    **{
        f"sys/diagnostics/attributes/{counted}": "int"
        for counted in (
            "bool_count", "file_ref_count", "file_ref_series_count", "float_count", "float_series_count",
            "histogram_count", "histogram_series_count", "int_count", "string_count", "string_series_count",
            "string_set_count", "total_count", "total_series_datapoints",
        )
    },
}  # fmt: skip
"""Types that are known without looking into the project."""


def check_type(value: object) -> None:
    """Raises `ValueError` for what is neither None nor the name of a type."""
    if value is not None and (not isinstance(value, str) or value not in ALL_TYPES):
        raise ValueError(f"type is one of {sorted(ALL_TYPES)}, not {value!r}")


def check_types(values: object) -> None:
    """Raises `ValueError` for what is no list of names of types."""
    if not isinstance(values, Sequence) or not all(isinstance(one, str) and one in ALL_TYPES for one in values):
        raise ValueError(f"type is a list of names out of {sorted(ALL_TYPES)} (got {values!r})")


def restricted(asked: Collection[str], possible: Sequence[str]) -> list[str]:
    """The asked types that are possible here. Raises `ValueError` where none is."""
    found = [one for one in asked if one in possible]
    if not found:
        listed = " or ".join(filter(None, [", ".join(possible[:-1]), possible[-1]]))
        raise ValueError(f"only {listed} can be read here, and the filter asks for: {', '.join(asked)}")
    return found
