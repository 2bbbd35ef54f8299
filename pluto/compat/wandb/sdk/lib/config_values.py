"""How a value becomes one that a config keeps."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pluto.compat.wandb.sdk.lib.row_values import LIST_ITEMS, as_array


def config_value(value: Any) -> Any:
    """A value as a config keeps it: of dicts, lists, texts, numbers, booleans and None; anything else as its text.

    Arrays of up to 32 values become lists, enums their name, dates ISO text, functions their name, dataclasses dicts;
    NaN becomes None.
    """
    if isinstance(value, Mapping) and not _is_foreign(value):
        return {_key(name): config_value(item) for name, item in list(value.items())}
    if isinstance(value, slice):
        return {"slice_start": value.start, "slice_step": value.step, "slice_stop": value.stop}
    value = _plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return [config_value(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return config_value(dataclasses.asdict(value))
    if value is not None and type(value).__module__ != "builtins":
        return str(value)
    return value


def _plain(value: Any) -> Any:
    array = as_array(value)
    if array is not None:
        if array.size == 1:
            return _plain(array.reshape(-1)[0].item())
        return array.tolist() if array.size <= LIST_ITEMS else str(array)
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, (set, frozenset)):
        return tuple(value)
    if callable(value) and not dataclasses.is_dataclass(value):
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        return f"{module}.{name}" if module and name else str(value)
    return value


def _key(name: Any) -> Any:
    """A key as JSON has it, but for whole numbers, which users look up again."""
    return name if isinstance(name, (str, int)) and not isinstance(name, enum.Enum) else str(name)


def _is_foreign(value: Any) -> bool:
    """Whether a mapping has meaning of its own that its items lose."""
    return hasattr(value, "__array__")
