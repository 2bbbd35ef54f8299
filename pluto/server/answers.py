"""Answers: JSON any browser reads, or msgpack with arrays as bytes for whoever asks for it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from pluto.protocol.batch import MSGPACK

SUCCESS = {"success": True}


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Strict JSON; numbers that are not finite become the texts `NaN`, `Infinity` and `-Infinity`."""
    try:
        text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError):
        text = json.dumps(_plain(content), allow_nan=False, separators=(",", ":"))
    return Response(text, status, headers, media_type="application/json")


def rows_response(content: Any) -> Response:
    """JSON of many plain rows, fast. Numbers that are not finite become null."""
    return Response(msgspec.json.encode(content), media_type="application/json")


def ext_response(request: Request, content: Any, status: int = 200) -> Response:
    """An answer of the extension routes in the form the request accepts."""
    if MSGPACK in request.headers.get("accept", ""):
        return msgpack_response(content, status)
    return json_response(content, status)


def msgpack_response(content: Any, status: int = 200) -> Response:
    """msgpack, with arrays as little-endian bytes."""
    return Response(msgspec.msgpack.encode(content, enc_hook=_packed), status, media_type=MSGPACK)


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    raise NotImplementedError(f"no msgpack for {type(value)}")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else number_name(value)
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct) or hasattr(value, "__dataclass_fields__"):
        return _plain({name: getattr(value, name) for name in _fields(value)})
    return value


def _fields(value: Any) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(value, "__struct_fields__", None) or tuple(value.__dataclass_fields__)
    return fields


def number_name(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def iso(ms: int) -> str:
    """`2026-03-01T12:00:00.000Z` of milliseconds."""
    try:
        moment = datetime.fromtimestamp(ms // 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        moment = datetime.max
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def clock(us: int) -> str:
    """`2026-03-01 12:00:00.000` (UTC) of microseconds, as rows of series carry it."""
    return iso(us // 1000)[:-1].replace("T", " ")


def step(value: float) -> int | float:
    """A step as a whole number where it is one."""
    return int(value) if math.isfinite(value) and value == int(value) else value
