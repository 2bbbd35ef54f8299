"""What requests carry: bodies within bounds, and parameters of the right kind."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request

from pluto.server.errors import ApiError, service
from pluto.server.metadata.flatten import parse_object

JSON_MAX_BYTES = 64 << 20
NAME_MAX = 1_000
"""Longest name of a project or run, or external id, in characters."""

T = TypeVar("T")


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; 413 when it is larger than `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise ApiError(413, f"The body is larger than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request, type: type[T], limit: int = JSON_MAX_BYTES) -> T:
    """The body as a `type`; otherwise the 400 or 422 of the service."""
    body = await read_body(request, limit)
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise invalid(request, str(error)) from None


def invalid(request: Request, message: str, name: str = "") -> ApiError:
    """The answer to a body or parameter of the wrong kind."""
    path = [name] if name else []
    if service(request.url.path) == "py":
        detail = [{"loc": ["body", *path], "msg": message, "type": "value_error"}]
        return ApiError(422, message, content={"detail": detail})
    if service(request.url.path) == "node":
        issue = {"code": "custom", "message": message, "path": path}
        return ApiError(400, message, content={"success": False, "error": {"issues": [issue], "name": "ZodError"}})
    return ApiError(400, message)


def json_object(text: str | None, message: str = "Invalid JSON format in request body") -> dict[str, Any]:
    """The object in a field of JSON text; none and the text `null` are an empty one. 400 for anything else."""
    if text is None or text.strip() == "null":
        return {}
    try:
        return parse_object(text)
    except ValueError:
        raise ApiError(400, message) from None


def json_value(text: str | None) -> Any:
    """The value in a field that carries JSON text. 400 when it is not JSON."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid JSON format in request body") from None


def clean_name(request: Request, value: str, field: str) -> str:
    """A name that can be stored: not blank, not endless, and real Unicode."""
    if not value.strip():
        raise invalid(request, f"{field} must not be blank", field)
    if len(value) > NAME_MAX:
        raise invalid(request, f"{field} must not be longer than {NAME_MAX} characters", field)
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise invalid(request, f"{field} must be text", field)
    return value


def required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise invalid(request, "Required", name)
    return value


def whole(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A whole-number parameter within bounds."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    value = _integer(text)
    if value is None or not low <= value <= high:
        raise invalid(request, f"{name} has to be a whole number from {low} to {high}", name)
    return value


def run_number(request: Request, name: str = "runId") -> int:
    """The run's number in a query or path parameter."""
    text = request.path_params.get(name) or required(request, name)
    value = _integer(str(text))
    if value is None or not 0 <= value < 1 << 63:
        raise invalid(request, f"{name} has to be a run's number", name)
    return value


def run_numbers(request: Request, name: str, most: int) -> list[int] | None:
    """Numbers of runs, comma separated or repeated; None without the parameter."""
    texts = [part for value in request.query_params.getlist(name) for part in value.split(",") if part.strip()]
    if not texts:
        return None
    if len(texts) > most:
        raise invalid(request, f"{name} takes at most {most} runs", name)
    values = [_integer(text) for text in texts]
    if any(value is None or not 0 <= value < 1 << 63 for value in values):
        raise invalid(request, f"{name} has to be a list of run numbers", name)
    return [value for value in values if value is not None]


def bound(request: Request, name: str) -> float | None:
    """A step given as a bound; whole, fractional or negative."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise invalid(request, f"{name} has to be a number", name)
    return value


def _integer(text: str) -> int | None:
    text = text.strip()
    return int(text) if len(text) <= 20 and text.isascii() and text.removeprefix("-").isdigit() else None
