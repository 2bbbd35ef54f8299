"""What the texts in a query stand for: numbers, times, truth values, states."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from pluto.compat.attributes.conditions import Operator, pattern
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.nql.errors import QuerySyntaxError

if TYPE_CHECKING:
    from pluto.compat.attributes.conditions import Wanted

_NUMBER: Final[frozenset[Operator]] = frozenset({"=", ">", ">=", "<", "<="})
_TEXT: Final[frozenset[Operator]] = frozenset({"=", "CONTAINS", "MATCHES"})
_EQUAL: Final[frozenset[Operator]] = frozenset({"="})

TYPES: Final = {
    "float": AttributeKind.FLOAT,
    "int": AttributeKind.INT,
    "integer": AttributeKind.INT,
    "floatSeries": AttributeKind.FLOAT_SERIES,
    "string": AttributeKind.STRING,
    "stringSeries": AttributeKind.STRING_SERIES,
    "stringSet": AttributeKind.STRING_SET,
    "bool": AttributeKind.BOOL,
    "datetime": AttributeKind.DATETIME,
    "experimentState": AttributeKind.RUN_STATE,
    "artifact": AttributeKind.ARTIFACT,
    "file": AttributeKind.FILE,
    "fileSet": AttributeKind.FILE_SET,
    "imageSeries": AttributeKind.FILE_SERIES,
    "gitRef": AttributeKind.GIT_REF,
}
"""What the words for types mean."""
_OPERATORS: Final[dict[AttributeKind, frozenset[Operator]]] = {
    AttributeKind.FLOAT: _NUMBER,
    AttributeKind.INT: _NUMBER,
    AttributeKind.FLOAT_SERIES: _NUMBER,
    AttributeKind.DATETIME: _NUMBER,
    AttributeKind.STRING: _TEXT,
    AttributeKind.STRING_SERIES: _TEXT,
    AttributeKind.STRING_SET: frozenset({"CONTAINS"}),
    AttributeKind.BOOL: _EQUAL,
    AttributeKind.RUN_STATE: _EQUAL,
    AttributeKind.ARTIFACT: _EQUAL,
}
"""What each takes besides EXISTS. `!=` and NOT go with what they negate."""

_MEASURE: Final = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([KMGT]?B)?", re.ASCII)
_UNITS: Final = {None: 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_AGO: Final = re.compile(r"-(\d{1,9})([smhdwMy])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_OFFSET: Final = re.compile(r"(.*[T ]\d\d:?\d\d.*)([+-]\d\d)(?::?(\d\d))?", re.ASCII)
_STATES: Final = {"running": "running", "active": "running", "idle": "idle", "inactive": "idle"}


def literal(kind: AttributeKind, operator: Operator, text: str) -> Wanted:
    """The value that a text stands for beside a field of this kind.

    Sizes may have a unit (`50MB`, of 1024 KB). Times are ISO 8601 (UTC where no offset is given) or `-3d`, so much
    before now: s, m, h, d, w, M, y. Raises `QuerySyntaxError`.
    """
    if operator not in _OPERATORS.get(kind, ()):
        raise QuerySyntaxError(f"{operator} is not for fields of type {kind}")
    if operator == "MATCHES":
        try:
            return pattern(text)
        except ValueError as error:
            raise QuerySyntaxError(str(error)) from error
    if kind in (AttributeKind.FLOAT, AttributeKind.INT, AttributeKind.FLOAT_SERIES):
        return _number(text)
    if kind is AttributeKind.DATETIME:
        return _time(text)
    if kind is AttributeKind.BOOL:
        if text.lower() not in ("true", "false"):
            raise QuerySyntaxError(f"true or false was expected, not {text!r}")
        return text.lower() == "true"
    if kind is AttributeKind.RUN_STATE:
        if text.lower() not in _STATES:
            raise QuerySyntaxError(f"running or idle was expected, not {text!r}")
        return _STATES[text.lower()]
    return text


def _number(text: str) -> int | float:
    if text.lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
        return float(text)
    found = _MEASURE.fullmatch(text)
    if found is None:
        raise QuerySyntaxError(f"a number was expected, not {text!r}")
    number, unit = found.groups()
    return (float(number) if set(number) & set(".eE") else int(number)) * _UNITS[unit]


def _time(text: str) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        return _before(datetime.now(timezone.utc), int(ago[1]), ago[2]) if ago else _moment(text)
    except (ValueError, OverflowError) as error:
        raise QuerySyntaxError(f"a time such as 2024-01-31T12:00:00Z or -3d was expected, not {text!r}") from error


def _before(now: datetime, count: int, unit: str) -> datetime:
    if unit in _SECONDS:
        return now - timedelta(seconds=count * _SECONDS[unit])
    month = now.year * 12 + now.month - 1 - count * (12 if unit == "y" else 1)
    first = now.replace(year=month // 12, month=month % 12 + 1, day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return min(first + timedelta(days=now.day - 1), following - timedelta(days=1))


def _moment(text: str) -> datetime:
    # What `fromisoformat` takes before Python 3.11: an offset of hours and minutes, and no Z.
    text = text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text
    offset = _OFFSET.fullmatch(text)
    if offset is not None:
        text = f"{offset[1]}{offset[2]}:{offset[3] or '00'}"
    fraction = re.search(r"\.(\d+)", text)
    if fraction is not None:
        text = text.replace(fraction[0], f".{fraction[1][:6]:0<6}", 1)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
