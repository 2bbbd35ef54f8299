"""What stands in a column: numbers, texts, or objects; fields of structs are columns of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, Literal

NamePath = tuple[str, ...]
Kind = Literal["number", "boolean", "text", "object", "nothing", "other"]
TYPE: Final = "_type"
_OBJECT: Final = '{"'
_DEEPEST: Final = 50


def leaves(path: NamePath, array: Any, depth: int = 0) -> Iterator[tuple[NamePath, Any]]:
    """A column, or the fields of one that is a struct and no value with a type of W&B's."""
    import pyarrow as pa

    if not pa.types.is_struct(array.type) or _is_value(array.type) or depth > _DEEPEST:
        yield path, array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
        return
    # Flattening takes over where a whole struct is missing.
    for field, inner in zip(array.type, array.flatten(), strict=True):
        yield from leaves((*path, field.name), inner, depth + 1)


def kind_of(array: Any) -> Kind:
    """What the values are."""
    import pyarrow as pa

    type_ = array.type
    if pa.types.is_null(type_) or array.null_count == len(array):
        return "nothing"
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "number"
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "text"
    if pa.types.is_nested(type_):
        return "object"
    return "other"


def objects(array: Any) -> list[Any]:
    """The values of a column of structs, lists or maps, as JSON has them; a field without a value is none."""
    return [_plain(value) for value in array.to_pylist()]


def parsed(text: str) -> Any | None:
    """The object with a type of W&B's that a text is the JSON of; None for any other text."""
    if not text.startswith(_OBJECT) or TYPE not in text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get(TYPE), str) else None


def _is_value(type_: Any) -> bool:
    return any(field.name == TYPE for field in type_)


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict) and depth < _DEEPEST:
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items() if inner is not None}
    if isinstance(value, list) and value and all(isinstance(one, tuple) and len(one) == 2 for one in value):
        return _plain(dict(value), depth)  # a map: nothing else has pairs
    if isinstance(value, list) and depth < _DEEPEST:
        return [_plain(inner, depth + 1) for inner in value]
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
