"""Types of single values."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types._dtypes.base import InvalidType, NoneType, Type, TypeRegistry


class AnyType(Type):
    """Anything but None."""

    name = "any"

    def assign_type(self, wb_type: Type) -> Type:
        """Itself, for anything but None."""
        return InvalidType() if isinstance(wb_type, (NoneType, InvalidType)) else self


class StringType(Type):
    """A text."""

    name = "string"
    types: ClassVar = [str]


class NumberType(Type):
    """A number, whole or not; those of numpy, too."""

    name = "number"
    types: ClassVar = [int, float]


class TimestampType(Type):
    """A date, with or without a time."""

    name = "timestamp"
    types: ClassVar = [datetime.datetime, datetime.date]


class BooleanType(Type):
    """True or False."""

    name = "boolean"
    types: ClassVar = [bool]


class PythonObjectType(Type):
    """A value of a class that has no type of its own: the class's name is all that is known."""

    name = "pythonObject"
    legacy_names: ClassVar = ["object"]

    def __init__(self, class_name: str) -> None:
        self.params["class_name"] = class_name

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:
        """The type of values of this one's class."""
        return cls(type(py_obj).__name__)


class ConstType(Type):
    """One value, and no other; or one set of values."""

    name = "const"

    def __init__(self, val: Any = None, is_set: bool | None = False) -> None:
        if is_set or isinstance(val, set):
            assert isinstance(val, (set, list))
            is_set, val = True, set(val)
        self.params.update({"val": val, "is_set": is_set})

    def assign(self, py_obj: Any = None) -> Type:
        """Itself, for the value."""
        return self.assign_type(ConstType(py_obj))

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:
        """The type whose only value this is."""
        return cls(py_obj)

    def __repr__(self) -> str:
        return str(self.params["val"])


for _type in (AnyType, StringType, NumberType, TimestampType, BooleanType, PythonObjectType, ConstType):
    TypeRegistry.add(_type)
