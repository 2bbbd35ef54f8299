"""Python values as JSON text, whatever people put into a config."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import os
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from typing import Any

_DEEPEST = 64


def to_json(value: Any) -> str:
    """JSON text of `value`, in which every number is finite and every key is text. Never raises.

    Mappings, dataclasses, named tuples, argparse namespaces and OmegaConf nodes become objects; sequences, sets and
    arrays become lists; enums their value, dates ISO text, paths text, durations seconds; NaN and infinities the texts
    `NaN`, `Infinity`, `-Infinity`. Anything else becomes its `str()`.
    """
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def plain(value: Any, depth: int = 0) -> Any:
    """The same as Python objects: dicts, lists, texts, numbers, booleans and None."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if kind is int:
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return plain(str(value))
    if depth > _DEEPEST:
        return _text(value)
    try:
        return _structure(value, depth + 1)
    except Exception:  # noqa: BLE001  a foreign object may fail in any way when asked what it holds
        return _text(value)


def _structure(value: Any, depth: int) -> Any:
    omegaconf = sys.modules.get("omegaconf")
    if omegaconf is not None and omegaconf.OmegaConf.is_config(value):
        return plain(omegaconf.OmegaConf.to_container(value, resolve=True), depth)
    if isinstance(value, Mapping):
        return {_key(name): plain(item, depth) for name, item in list(value.items())}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict(), depth)
    if isinstance(value, (list, tuple)):
        return [plain(item, depth) for item in value]
    if isinstance(value, AbstractSet):
        return sorted((plain(item, depth) for item in value), key=str)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, os.PathLike):
        return plain(os.fsdecode(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), depth) for field in dataclasses.fields(value)}
    if type(value).__name__ == "Namespace" and hasattr(value, "__dict__"):
        return plain(vars(value), depth)
    if not isinstance(value, type) and hasattr(value, "model_dump"):
        return plain(value.model_dump(), depth)
    if not isinstance(value, type) and hasattr(value, "tolist") and hasattr(value, "dtype"):
        return plain(value.tolist(), depth)
    if isinstance(value, type) or callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}".lstrip(
            "."
        )
    return _text(value)


def _key(name: Any) -> str:
    name = name.value if isinstance(name, enum.Enum) else name
    return str(plain(name)) if isinstance(name, str) else str(name)


def _finite(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _text(value: Any) -> str:
    try:
        return str(value).encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001  its __str__ is broken
        return f"<{type(value).__qualname__}>"
