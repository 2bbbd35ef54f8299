"""JSON in the layout of the original's files: a file is known by its hash, so that the text has to be the same."""

from __future__ import annotations

import json
import re
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9.]+e[+-][0-9]+')
_SMALL: Final = -5
"""Floats of this power of ten are written out there, and with an exponent in Python."""


def json_text(value: Any) -> str:
    """JSON text of a value that may hold arrays, dates and the like. Raises `TypeError` for what has none."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_default)
    return _TOKENS.sub(_float, text) if "e-" in text or "e+" in text else text


def _default(value: Any) -> Any:
    from pluto.compat.wandb.sdk.lib.row_values import jsonable

    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (PurePath, UUID)):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return jsonable(value)


def _float(token: re.Match[str]) -> str:
    text = token[0]
    if text.startswith('"'):
        return text
    digits, _, power = text.partition("e")
    if int(power) != _SMALL:
        return f"{digits}e{int(power)}"
    sign = "-" if digits.startswith("-") else ""
    return f"{sign}0.0000{digits.lstrip('-').replace('.', '')}"
