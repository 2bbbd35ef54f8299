"""What a type is, and which type a value has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

_LINKS = ("wandb-artifact://", "wandb-client-artifact://")
"""What texts begin with that stand for a version of an artifact."""


class Type:
    """A type of cells.

    `assign` tells what becomes of it when a value is put into a column that has it: the same type, a wider one, or
    `InvalidType` where the value does not fit.
    """

    name: ClassVar[str] = ""
    """What it is called in JSON."""
    legacy_names: ClassVar[list[str]] = []
    types: ClassVar[list[type]] = []
    """Python classes whose instances have this type."""
    _params: dict[str, Any] | None = None

    def __init__(self, *_: Any, **__: Any) -> None:
        """What describes it further is in `params`."""

    @property
    def params(self) -> dict[str, Any]:
        """What describes it further."""
        if self._params is None:
            self._params = {}
        return self._params

    def assign(self, py_obj: Any = None) -> Type:
        """The type once this value has been put there."""
        return self.assign_type(TypeRegistry.type_of(py_obj))

    def assign_type(self, wb_type: Type) -> Type:
        """The type once a value of the other type has been put there."""
        return self if isinstance(wb_type, type(self)) and self.params == wb_type.params else InvalidType()

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        """The type as JSON; what it refers to is put into `artifact`."""
        params = _to_json(self.params, artifact)
        return {"wb_type": self.name, "params": params} if params else {"wb_type": self.name}

    @classmethod
    def from_json(cls, json_dict: dict[str, Any], artifact: Any = None) -> Type:
        """The type that `to_json` has written."""
        return cls(**_from_json(json_dict.get("params", {}), artifact))

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:  # noqa: ARG003
        """The type of a value of one of `types`."""
        return cls()

    def explain(self, other: Any, depth: int = 0) -> str:
        """Why a value does not fit, in lines that are indented by `depth`."""
        kind = TypeRegistry.type_of(other)
        if depth:
            return "\t" * depth + f"{kind} not assignable to {self}"
        return f"{other} of type {kind} is not assignable to {self}"

    def __repr__(self) -> str:
        inner = ", ".join(f"{key}:{value}" for key, value in self.params.items())
        return f"{self.name.capitalize()}({inner})" if inner else self.name.capitalize()

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Type) and self.name == other.name and self.params == other.params)

    def __hash__(self) -> int:
        return hash(self.name)


class InvalidType(Type):
    """Nothing fits."""

    name = "invalid"

    def assign_type(self, wb_type: Type) -> Type:  # noqa: ARG002
        """Itself."""
        return self


class UnknownType(Type):
    """Not known yet: it becomes what the first value is."""

    name = "unknown"

    def assign_type(self, wb_type: Type) -> Type:
        """The other type; None says nothing about it."""
        return InvalidType() if isinstance(wb_type, NoneType) else wb_type


class NoneType(Type):
    """None, and NaN, by which tables of other libraries say that a value is missing."""

    name = "none"
    types: ClassVar = [type(None)]


class TypeRegistry:
    """All types, by name and by the classes whose instances have them."""

    _by_name: ClassVar[dict[str, type[Type]]] = {}
    _by_class: ClassVar[dict[type, type[Type]]] = {}

    @staticmethod
    def types_by_name() -> dict[str, type[Type]]:
        """The types by their names and older ones."""
        return TypeRegistry._by_name

    @staticmethod
    def types_by_class() -> dict[type, type[Type]]:
        """The types by classes of values."""
        return TypeRegistry._by_class

    @staticmethod
    def add(wb_type: type[Type]) -> None:
        """Makes a type known."""
        assert issubclass(wb_type, Type)
        TypeRegistry._by_name.update(dict.fromkeys((wb_type.name, *wb_type.legacy_names), wb_type))
        TypeRegistry._by_class.update(dict.fromkeys(wb_type.types, wb_type))

    @staticmethod
    def type_of(py_obj: Any) -> Type:
        """The type of a value."""
        kind = type(py_obj)
        if kind is float and py_obj != py_obj:
            return NoneType()
        if (kind is str and py_obj.startswith(_LINKS)) or (kind is dict and py_obj.get("_type") == "artifactVersion"):
            version = TypeRegistry._by_name.get("artifactVersion")
            if version is not None:
                return version()
        return (TypeRegistry._handler(kind) or TypeRegistry._by_name["pythonObject"]).from_obj(py_obj)

    @staticmethod
    def type_from_dict(json_dict: dict[str, Any], artifact: Any = None) -> Type:
        """The type that JSON describes. Raises `TypeError` for what describes none."""
        name = json_dict.get("wb_type")
        if name is None:
            raise TypeError("json_dict must contain `wb_type` key")
        found = TypeRegistry._by_name.get(name)
        if found is None:
            raise TypeError(f"missing type handler for {name}")
        return found.from_json(json_dict, artifact)

    @staticmethod
    def type_from_dtype(dtype: Any) -> Type:
        """The type meant by a type, a class, a list or dict of them, or by a value, which then is the only one."""
        by_name = TypeRegistry._by_name
        if isinstance(dtype, Type):
            return dtype
        if isinstance(dtype, type):
            if issubclass(dtype, Type):
                return dtype()
            found = TypeRegistry._handler(dtype)
            return found() if found is not None else by_name["pythonObject"].from_obj(dtype)
        if isinstance(dtype, list):
            members = [TypeRegistry.type_from_dtype(member) for member in dtype]
            return by_name["union"](members) if len(members) > 1 else by_name["list"](*members)
        if isinstance(dtype, dict):
            return by_name["typedDict"]({key: TypeRegistry.type_from_dtype(member) for key, member in dtype.items()})
        return by_name["const"](dtype)

    @staticmethod
    def _handler(kind: type) -> type[Type] | None:
        """The type that instances of a class have; those of numpy go by what they hold."""
        found = TypeRegistry._by_class.get(kind)
        if found is None and kind.__module__ == "numpy":
            import numpy

            kinds: dict[type, str] = {
                numpy.ndarray: "ndarray",
                numpy.timedelta64: "",  # a number to numpy, and none to tables
                numpy.number: "number",
                numpy.bool_: "boolean",
                numpy.datetime64: "timestamp",
            }
            name = next((name for base, name in kinds.items() if issubclass(kind, base)), "")
            if name:
                found = TypeRegistry._by_class[kind] = TypeRegistry._by_name[name]
        return found


def _to_json(value: Any, artifact: Any) -> Any:
    if type(value) is dict:
        return {key: _to_json(item, artifact) for key, item in value.items()}
    if type(value) in (list, set, tuple, frozenset):
        return [_to_json(item, artifact) for item in value]
    return value.to_json(artifact) if isinstance(value, Type) else value


def _from_json(value: Any, artifact: Any) -> Any:
    if isinstance(value, Mapping):
        if "wb_type" in value:
            return TypeRegistry.type_from_dict(dict(value), artifact)
        return {key: _from_json(item, artifact) for key, item in value.items()}
    return [_from_json(item, artifact) for item in value] if isinstance(value, list) else value


for _type in (InvalidType, UnknownType, NoneType):
    TypeRegistry.add(_type)
