"""What the stock API takes: lines of its ingest routes, steps, names, limits.

Steps. A stock server takes whole steps from 0 on and keeps one point per metric and step. So that two points of a
metric whose steps differ never become one:

1. A metric keeps its steps as long as all of them are whole, from 0 to 2^53.
2. From its first other step on, each point of the metric goes to its step rounded down (0 if negative), or to the next
   whole number above all the metric has used, whichever is higher; the exact step goes beside it as `<name>/_step`.

Points of one metric thus keep their order of logging, and their exact steps. Other kinds of records are never merged by
step: theirs are rounded down, and negative ones become 0.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

STEP_LIMIT: Final = 2**53
"""Highest step that is passed on as it is: browsers read no higher whole number exactly."""
TAGS: Final = 50
NOTES_CHARS: Final = 1000
GROUP: Final = "group:"
COMPANION: Final = "/_step"
"""What is added to a metric's name for its exact steps."""
MARK: Final = "pluto"
"""Key of everything that is Pluto's own in a console line or an annotation of a readable run."""
DATA_STREAM: Final = "DEBUG"
"""Type of the console lines in which such a run's texts and data travel besides."""
_INT64: Final = 2**63

Tops = dict[str, list[int]]
"""By metric name: the highest step used, and 1 if its steps are adapted."""


class Steps:
    """Adapts the steps of one batch. `tops` is what came before and is left alone; `changes` is what the batch adds."""

    def __init__(self, tops: Tops) -> None:
        self._tops = tops
        self.changes: Tops = {}

    def adapt(self, name: str, step: int | float) -> tuple[int, bool]:
        """The whole step a point goes to, and whether its exact step has to go beside it."""
        top, adapted = self.changes.get(name) or self._tops.get(name) or (-1, 0)
        whole = math.isfinite(step) and step == math.floor(step) and 0 <= step <= STEP_LIMIT
        if whole and not adapted:
            self.changes[name] = [max(top, int(step)), 0]
            return int(step), False
        wanted = math.floor(step) if math.isfinite(step) and 0 <= step <= STEP_LIMIT else 0
        wire = max(wanted, top + 1)
        self.changes[name] = [wire, 1]
        return wire, True


def whole_step(step: int | float) -> int:
    """The step of a record that is no metric."""
    return min(math.floor(step), STEP_LIMIT) if step >= 0 and math.isfinite(step) else 0


def metric_lines(time: int, step: int | float, values: Mapping[str, int | float], steps: Steps) -> list[bytes]:
    """The numbers of one call as lines of `/ingest/metrics`: one, unless their steps have to be adapted differently."""
    by_step: dict[int, dict[str, float]] = {}
    for name, value in values.items():
        sent = log_name(name)
        wire, adapted = steps.adapt(sent, step)
        line = by_step.setdefault(wire, {})
        line[sent] = _number(value)
        if adapted:
            line[sent + COMPANION] = _number(step)
    return [_line({"time": time // 1000, "step": wire, "data": data}) for wire, data in by_step.items()]


def data_line(time: int, step: int | float, name: str, type: str, body: str) -> bytes:
    """A line of `/ingest/data`."""
    return _line(
        {"time": time // 1000, "data": body, "dataType": type, "logName": log_name(name), "step": whole_step(step)}
    )


def log_line(time: int, message: str, number: int, stream: str) -> bytes:
    """A line of `/ingest/logs`."""
    return _line({"time": time // 1000, "message": message, "lineNumber": number, "logType": stream})


def log_name(name: str) -> str:
    """A name of printable ASCII. One that was not gets a part of its hash, so that it is no other name's twin."""
    safe = printable(name)
    if safe == name and safe.strip():
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe.strip() or '-'}-{digest}"


def printable(text: str) -> str:
    """The text with `-` for every character outside printable ASCII."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else "-" for c in text)


def file_name(name: str, *distinct: object) -> str:
    """A file name that no other file of the run has, the same whenever it is asked for: part of a hash goes into it."""
    digest = hashlib.sha256("\0".join(map(str, distinct)).encode()).hexdigest()[:10]
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 16:
        stem, extension = name, ""
    tail = f".{digest}" + (f".{extension}" if extension else "")
    return stem[: 255 - len(tail)] + tail


def limit_tags(tags: Iterable[str]) -> list[str]:
    """The tags a server takes: none twice, one group (the last), 50 at most."""
    kept = list(dict.fromkeys(tags))
    groups = [tag for tag in kept if tag.startswith(GROUP)]
    return [tag for tag in kept if tag not in groups[:-1]][:TAGS]


def strict_json(text: str) -> str:
    """The JSON text with strings for what not everybody can read: non-finite numbers, whole ones beyond 64 bits."""
    try:
        return json.dumps(_strict(json.loads(text)), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        return text


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not -_INT64 <= value < 2 * _INT64:
        return str(value)
    return value


def _number(value: int | float) -> int | float:
    """The value with whole numbers beyond 64 bits as floats: parsers differ on them."""
    if isinstance(value, int) and not -_INT64 <= value < 2 * _INT64:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value


def _line(content: dict[str, Any]) -> bytes:
    # The standard library's json: it writes bare NaN and Infinity, which the ingest service reads.
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"
