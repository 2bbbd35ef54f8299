"""A DataFrame, or what a call gave, as JSON. Imports nothing of Pluto: the original's Python runs it too."""

from __future__ import annotations

import datetime
import math
from typing import Any


def frame(table: Any) -> dict[str, Any]:
    """Index, columns, types and cells of a DataFrame."""
    index = table.index
    levels = [index.get_level_values(n) for n in range(index.nlevels)]
    return {
        "index": {
            "names": list(index.names),
            "types": [kind(level) for level in levels],
            "values": [[cell(value) for value in level] for level in levels],
        },
        "columns": {
            "names": list(table.columns.names),
            "types": [kind(table.columns.get_level_values(n)) for n in range(table.columns.nlevels)],
            "values": [list(name) if isinstance(name, tuple) else name for name in table.columns],
        },
        "types": [kind(table.iloc[:, n]) for n in range(table.shape[1])],
        # A text that is missing is None in pandas 2, and NaN in pandas 3.
        "cells": [
            [cell(math.nan if value is None else value) for value in table.iloc[:, n]] for n in range(table.shape[1])
        ],
    }


def kind(column: Any) -> str:
    """The type of a column or index."""
    return str(column.dtype)


def without_versions(shown: Any) -> Any:
    """The same without what differs between pandas 2 and 3: the type of texts, and how fine times are."""
    if isinstance(shown, dict):
        return {name: without_versions(part) for name, part in shown.items()}
    if isinstance(shown, list):
        return [without_versions(part) for part in shown]
    return {"str": "object", "datetime64[ns, UTC]": "datetime64[us, UTC]"}.get(shown, shown)


def cell(value: Any) -> Any:
    """A value as JSON, NaN and what JSON has no word for as tagged text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if type(value).__name__ == "NaTType":
        return "NaT"
    if isinstance(value, datetime.datetime):
        return "time " + value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(value)]
    if type(value).__name__ in ("File", "Histogram"):
        return {type(value).__name__: {name: cell(part) for name, part in vars(value).items()}}
    if type(value).__name__ == "Interval":
        return f"interval {value.closed} {value.left!r} {value.right!r}".replace("np.float64(", "").replace(")", "")
    if isinstance(value, (list, tuple)):
        return [cell(part) for part in value]
    if hasattr(value, "item"):
        return cell(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else f"float {value}"
    raise TypeError(f"{type(value)} is not foreseen")
