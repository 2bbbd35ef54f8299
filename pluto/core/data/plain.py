"""Values inside tables, graphs, annotations and metadata → JSON types, by rule."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from pluto.core import jsonable

DEPTH_LIMIT: Final = 64
"""Levels of nesting. A structure that contains itself ends here with an error."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """The value in JSON types, converted as a config is (`pluto.core.jsonable`), and beyond that:

    missing values of pandas and numpy become null, and integers beyond 64 bits, which few readers keep, text. `where`
    names the value in errors. Raises `TypeError` for media and structured values, which have to be logged under a name
    of their own, and `ValueError` for what contains itself or nests too deep.
    """
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if _SMALLEST <= value <= _LARGEST else str(value)
    if kind is str or kind is float:
        return jsonable.plain(value)
    if depth > DEPTH_LIMIT:
        raise ValueError(f"{where}: nested more than {DEPTH_LIMIT} levels deep, or contains itself")
    if isinstance(value, Mapping):
        keys = jsonable.plain(dict.fromkeys(value))
        if len(keys) != len(value):
            raise ValueError(f"{where}: two keys are the same as text")
        items = zip(keys, value.items(), strict=True)
        return {key: plain(item, f"{where}[{name!r}]", depth + 1) for key, (name, item) in items}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_asdict"):
        return [plain(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    if hasattr(value, "capture") or hasattr(value, "to_data"):
        raise TypeError(
            f"{where}: {type(value).__name__} can't be inside another value; log it under a name of its own"
        )
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is getattr(pandas, "NaT", None) or value is getattr(pandas, "NA", None)):
        return None
    if getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M") and hasattr(value, "astype"):
        return _times(value.astype(str).tolist())
    return jsonable.plain(value)


def _times(texts: Any) -> Any:
    """Times as text: as numbers, nobody would know of what unit they are."""
    if isinstance(texts, list):
        return [_times(text) for text in texts]
    return None if texts == "NaT" else texts


def dumps(value: Any) -> str:
    """Compact ASCII JSON text of plain values."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
