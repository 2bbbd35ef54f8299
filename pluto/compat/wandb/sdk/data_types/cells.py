"""Cells of tables: as artifacts have them, and read back from there."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue

_UTC = datetime.timezone.utc
_PLAIN = frozenset({int, str, bool, type(None)})


def cell_to_json(value: Any, artifact: Any) -> Any:
    """A cell as JSON: media as their own JSON, put into the artifact; times as milliseconds since 1970, in UTC."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return value if value == value else None
    if isinstance(value, WBValue):
        return value.to_json(artifact)
    if kind is dict:
        return {key: cell_to_json(item, artifact) for key, item in value.items()}
    if hasattr(value, "tolist"):
        plain = value.tolist()
        nanoseconds = type(value).__name__ == "datetime64" and isinstance(plain, int)
        return cell_to_json(plain / 1e6 if nanoseconds else plain, artifact)
    if hasattr(value, "item"):
        return cell_to_json(value.item(), artifact)
    if isinstance(value, datetime.datetime):
        moment = value.replace(tzinfo=_UTC, fold=0) if value.tzinfo is None else value
        return int(moment.timestamp() * 1000)
    if isinstance(value, datetime.date):
        return int(datetime.datetime(value.year, value.month, value.day, tzinfo=_UTC).timestamp() * 1000)
    if isinstance(value, (list, tuple)):
        return [cell_to_json(item, artifact) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    from pluto.compat.wandb.util import json_friendly

    return json_friendly(value)[0]


def cell_from_json(item: Any, is_time: bool, artifact: Any) -> Any:
    """The cell that `cell_to_json` has written."""
    if is_time and isinstance(item, (int, float)):
        return datetime.datetime.fromtimestamp(item / 1000, tz=_UTC)
    if isinstance(item, dict) and "_type" in item:
        value = WBValue.init_from_json(item, artifact)
        return item if value is None else value
    return item
