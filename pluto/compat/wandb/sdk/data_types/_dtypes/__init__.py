"""The types of table columns: what a cell may be, as JSON, and as words."""

from pluto.compat.wandb.sdk.data_types._dtypes.base import InvalidType, NoneType, Type, TypeRegistry, UnknownType
from pluto.compat.wandb.sdk.data_types._dtypes.compound import (
    ListType,
    NDArrayType,
    OptionalType,
    TypedDictType,
    UnionType,
)
from pluto.compat.wandb.sdk.data_types._dtypes.single import (
    AnyType,
    BooleanType,
    ConstType,
    NumberType,
    PythonObjectType,
    StringType,
    TimestampType,
)

__all__ = [
    "AnyType", "BooleanType", "ConstType", "InvalidType", "ListType", "NDArrayType", "NoneType", "NumberType",
    "OptionalType", "PythonObjectType", "StringType", "TimestampType", "Type", "TypeRegistry", "TypedDictType",
    "UnionType", "UnknownType",
]  # fmt: skip
