"""Types made of others: one of several, lists, arrays, dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types._dtypes.base import InvalidType, NoneType, Type, TypeRegistry, UnknownType
from pluto.compat.wandb.sdk.data_types._dtypes.single import NumberType

_of = TypeRegistry.type_from_dtype


class UnionType(Type):
    """One of several types."""

    name = "union"

    def __init__(self, allowed_types: Sequence[Any] | None = None) -> None:
        assert allowed_types is None or type(allowed_types) is list
        self.params["allowed_types"] = _ordered([_of(dtype) for dtype in allowed_types or []])

    def assign(self, py_obj: Any = None) -> Type:
        """With the value put into the first type that takes it."""
        return self._with(lambda member: member.assign(py_obj))

    def assign_type(self, wb_type: Type) -> Type:
        """The same, for each of the types the other one may be."""
        found: Type = self
        for other in wb_type.params["allowed_types"] if isinstance(wb_type, UnionType) else [wb_type]:
            if not isinstance(found, UnionType):
                break
            found = found._with(lambda member, other=other: member.assign_type(other))
        return found

    def _with(self, put: Any) -> Type:
        members: list[Type] = list(self.params["allowed_types"])
        # What is not known yet takes what nothing else does.
        by_rank = sorted(range(len(members)), key=lambda i: isinstance(members[i], UnknownType))
        for index in by_rank:
            became = put(members[index])
            if not isinstance(became, InvalidType):
                members[index] = became
                return type(self)(members)
        return InvalidType()

    def explain(self, other: Any, depth: int = 0) -> str:
        """Why none of the types takes it."""
        reasons = [member.explain(other, depth=depth + 1) for member in self.params["allowed_types"]]
        return "\n".join([super().explain(other, depth), f"\n{chr(9) * depth}and\n".join(reasons)])

    def __repr__(self) -> str:
        return " or ".join(map(str, self.params["allowed_types"]))


def _ordered(members: list[Type]) -> list[Type]:
    flat: list[Type] = []
    for member in members:
        flat += _ordered(member.params["allowed_types"]) if isinstance(member, UnionType) else [member]
    return sorted(flat, key=str)


def OptionalType(dtype: Any) -> UnionType:  # noqa: N802
    """A type, or None."""
    return UnionType([_of(dtype), NoneType()])


class ListType(Type):
    """Any number of values of one type; `length` where it is always the same."""

    name = "list"
    types: ClassVar = [list, tuple, set, frozenset]

    def __init__(self, element_type: Any = None, length: int | None = None) -> None:
        element = UnknownType() if element_type is None else _of(element_type)
        self.params.update({"element_type": element, "length": length})

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:
        """The type of a list; of one whose values have no type in common, the values' type is invalid."""
        if py_obj is None or not hasattr(py_obj, "__iter__"):
            raise TypeError("ListType.from_obj expects py_obj to by list-like")
        values = py_obj.tolist() if hasattr(py_obj, "tolist") else list(py_obj)
        element: Type = OptionalType(UnknownType()) if any(value is None for value in values) else UnknownType()
        for value in values:
            element = element.assign(value)
        return cls(element, len(values))

    def assign_type(self, wb_type: Type) -> Type:
        """With the other list's values put in."""
        if not isinstance(wb_type, ListType):
            return InvalidType()
        element = self.params["element_type"].assign_type(wb_type.params["element_type"])
        if isinstance(element, InvalidType):
            return element
        same = self.params["length"] == wb_type.params["length"]
        return ListType(element, self.params["length"] if same else None)

    def assign(self, py_obj: Any = None) -> Type:
        """With the values of a list put in."""
        if not hasattr(py_obj, "__iter__"):
            return InvalidType()
        element, values = self.params["element_type"], list(py_obj)
        for value in values:
            element = element.assign(value)
            if isinstance(element, InvalidType):
                return element
        return ListType(element, len(values))

    def explain(self, other: Any, depth: int = 0) -> str:
        """Which value of the list does not fit."""
        text = super().explain(other, depth)
        if isinstance(other, (list, tuple, set, frozenset)):
            element = self.params["element_type"]
            for index, value in enumerate(other):
                became = element.assign(value)
                if isinstance(became, InvalidType):
                    return f"{text}\n{chr(9) * depth}Index {index}:\n{element.explain(value, depth + 1)}"
                element = became
        return text

    def __repr__(self) -> str:
        return f"{self.params['element_type']}[]"


class NDArrayType(Type):
    """Arrays of one shape."""

    name = "ndarray"

    def __init__(self, shape: Sequence[int], serialization_path: dict[str, str] | None = None) -> None:
        """`serialization_path`: the file and the name in it under which an artifact has a column of them."""
        self.params["shape"] = list(shape)
        self._serialization_path = serialization_path

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:
        """The type of an array, or of lists that could be one. Raises `TypeError` for anything else."""
        if isinstance(py_obj, list):
            shape: list[int] = []
            inner: Any = py_obj
            while isinstance(inner, list):
                shape.append(len(inner))
                inner = inner[0] if inner else None
            return cls(shape)
        if hasattr(py_obj, "shape"):
            return cls(py_obj.shape)
        raise TypeError(f"NDArrayType.from_obj expects py_obj to be ndarray or list, found {type(py_obj)}")

    def assign_type(self, wb_type: Type) -> Type:
        """Itself, for arrays of its shape, and for lists."""
        fits = isinstance(wb_type, ListType) or (
            isinstance(wb_type, NDArrayType) and self.params["shape"] == wb_type.params["shape"]
        )
        return self if fits else InvalidType()

    def assign(self, py_obj: Any = None) -> Type:
        """Itself, for arrays of its shape, and for lists of that shape."""
        is_array = isinstance(py_obj, list) or type(py_obj).__name__ == "ndarray"
        return self.assign_type(self.from_obj(py_obj)) if is_array else InvalidType()

    def to_json(self, artifact: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """The shape, and where an artifact has the arrays."""
        params = {"shape": self.params["shape"], "serialization_path": self._serialization_path}
        return {"wb_type": self.name, "params": params}

    @property
    def is_short(self) -> bool:
        """Whether the arrays have one dimension of at most 150: these stand in a table's own file, as lists."""
        shape = self.params["shape"]
        return len(shape) == 1 and shape[0] <= 150

    def as_list(self) -> ListType:
        """The type of such arrays as lists."""
        return ListType(NumberType, self.params["shape"][0])


class TypedDictType(Type):
    """Dicts, or rows: each name with a type of its own."""

    name = "typedDict"
    legacy_names: ClassVar = ["dictionary"]
    types: ClassVar = [dict]

    def __init__(self, type_map: dict[Any, Any] | None = None) -> None:
        self.params["type_map"] = {key: _of(dtype) for key, dtype in (type_map or {}).items()}

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:
        """The type of a dict. Raises `TypeError` for anything else."""
        if not isinstance(py_obj, dict):
            raise TypeError("TypedDictType.from_obj expects a dictionary")
        return cls({key: TypeRegistry.type_of(value) for key, value in py_obj.items()})

    def assign_type(self, wb_type: Type) -> Type:
        """With the other's types put in under their names; names that are new do not fit."""
        if not isinstance(wb_type, TypedDictType):
            return InvalidType()
        others = wb_type.params["type_map"]
        return self._with(others, lambda key, member: member.assign_type(others.get(key, UnknownType())))

    def assign(self, py_obj: Any = None) -> Type:
        """With the values of a dict put in; what it lacks is None."""
        if not isinstance(py_obj, dict):
            return InvalidType()
        return self._with(py_obj, lambda key, member: member.assign(py_obj.get(key)))

    def _with(self, others: dict[Any, Any], put: Any) -> Type:
        own: dict[Any, Type] = self.params["type_map"]
        if not others.keys() <= own.keys():
            return InvalidType()
        became = {}
        for key, member in own.items():
            became[key] = put(key, member)
            if isinstance(became[key], InvalidType):
                return InvalidType()
        return TypedDictType(became)

    def explain(self, other: Any, depth: int = 0) -> str:
        """Which names do not fit, and why."""
        lines = [super().explain(other, depth)]
        gap = "\t" * depth
        if isinstance(other, dict):
            own: dict[Any, Type] = self.params["type_map"]
            extra = other.keys() - own.keys()
            if extra:
                lines.append(f"{gap}Found extra keys: {','.join(map(str, extra))}")
            for key, member in own.items():
                value = other.get(key)
                if isinstance(member.assign(value), InvalidType):
                    lines.append(f"{gap}Key '{key}':\n{member.explain(value, depth=depth + 1)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self.params["type_map"])


for _type in (UnionType, ListType, NDArrayType, TypedDictType):
    TypeRegistry.add(_type)
