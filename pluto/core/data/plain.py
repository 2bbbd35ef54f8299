"""Values of any type → JSON types, by rule."""

from __future__ import annotations

import enum
import json
import math
import sys
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

DEPTH_LIMIT: Final = 100
"""Levels of nesting. A structure that contains itself ends here with an error."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """The value in JSON types.

    Non-finite numbers become `"NaN"`, `"Infinity"`, `"-Infinity"`; integers beyond 64 bits, text; mappings have text
    keys; tuples, sets and arrays become lists; numpy, torch and pandas scalars become Python's; pandas' missing values
    become null; an enum member becomes its value, a date its ISO text; anything else, its `str()`.

    `where` names the value in errors. Raises `TypeError` for media and structured values, which have to be logged under
    a name of their own, and `ValueError` for what contains itself or nests too deep.
    """
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if kind is int:
        return value if _SMALLEST <= value <= _LARGEST else str(value)
    if kind is float:
        return value if math.isfinite(value) else _NON_FINITE[str(value)]
    if depth > DEPTH_LIMIT:
        raise ValueError(f"{where}: nested more than {DEPTH_LIMIT} levels deep, or contains itself")
    if isinstance(value, enum.Enum):
        return plain(value.value, where, depth + 1)
    if isinstance(value, Mapping):
        return {_key(key): plain(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, (Sequence, Set)):
        return [plain(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, int):
        return plain(int(value), where, depth)
    if isinstance(value, float):
        return plain(float(value), where, depth)
    return _foreign(value, where, depth)


def _foreign(value: Any, where: str, depth: int) -> Any:
    if hasattr(value, "capture") or hasattr(value, "to_data"):
        raise TypeError(f"{where}: {type(value).__name__} can't be inside another value; log it under a name of its own")
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is getattr(pandas, "NaT", None) or value is getattr(pandas, "NA", None)):
        return None
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        return plain(value.detach().cpu().tolist(), where, depth + 1)
    if hasattr(value, "tolist"):
        if getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M"):
            value = value.astype(str)  # nanoseconds would come as bare numbers
        items = value.tolist()
        if type(items) is not type(value):
            return plain(None if items == "NaT" else items, where, depth + 1)
    return str(value)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, enum.Enum):
        return _key(key.value)
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return str(key)


def dumps(value: Any) -> str:
    """Compact ASCII JSON text of plain values."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
