"""Operations as Neptune's client has logged them: JSON objects in Python's dialect, one a line.

A process that was killed leaves half an object, a disk that lost power a stretch of zeros: both are named, and reading
goes on behind them. An object may also stand on several lines, or several on one.
"""

from __future__ import annotations

import heapq
import json
import math
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pluto.compat.attributes.layout import normal
from pluto_migration.source import Problems
from pluto_migration.sources.neptune1.folders import Execution, Left

_LONGEST: Final = 1 << 28
"""Bytes of an operation: the client took images and files of a few MB at most."""
_JOINED: Final = 1 << 20
"""Bytes of an operation that goes over several lines."""
_SHOWN: Final = 10
"""So many places in a file are named; the rest is counted."""
_BEGINS: Final = re.compile(rb'\s*\{\s*"(?:obj|version|at)"\s*:')
_AGAIN: Final = re.compile(r'\{\s*"obj"\s*:')
_CUT: Final = re.compile(r"[\w+.-]{0,10}\s*")
"""What is left of a literal, or a number, that is cut off."""
_MOST_US: Final = 2**62


@dataclass(slots=True)
class Operation:
    """What was done to one attribute."""

    execution: Execution
    type: str
    path: str
    body: dict[str, Any]
    at: int | None
    """When, in microseconds since the epoch; None in old files."""

    @property
    def heard(self) -> int | None:
        """When it was done, as far as that can be told: by the first value of a series, where nothing else does."""
        if self.at is not None:
            return self.at
        values = self.body.get("values")
        first = values[0] if isinstance(values, list) and values else None
        return moment(first.get("ts")) if isinstance(first, dict) else None


def operations(left: Left, problems: Problems) -> Iterator[Operation]:
    """All that was done to an object: of each process in its order, processes merged by the clock."""
    if len(left.executions) == 1:
        yield from _of_execution(left.executions[0], problems)
        return
    streams = [_timed(_of_execution(one, problems), one.created or 0) for one in left.executions]
    for _, operation in heapq.merge(*streams, key=lambda pair: pair[0]):
        yield operation


def _timed(found: Iterator[Operation], start: int) -> Iterator[tuple[int, Operation]]:
    """With a time that never falls, so that a clock that was set back does not change the order."""
    for operation in found:
        start = max(start, operation.at or start)
        yield start, operation


def _of_execution(execution: Execution, problems: Problems) -> Iterator[Operation]:
    last = first = None
    for path in execution.logs:
        seen = _Places(path, problems)
        for place, whole in _objects(path, seen):
            version, body, at = whole.get("version"), whole.get("obj"), whole.get("at")
            if not isinstance(body, dict) or type(version) is not int:
                seen.note(place, "an object that is no operation")
                continue
            if last is None:
                first = version
            elif version > last + 1:
                seen.note(place, f"{version - last - 1} operations are missing here")
            last = version
            kind, name = body.get("type"), _joined(body.get("path"))
            if not isinstance(kind, str) or name is None:
                seen.note(place, "an operation without a type, or without a path")
                continue
            yield Operation(execution, kind, name, body, moment(at))
    put = execution.number("last_put_version")
    if first is not None and first > 1:
        problems.note(execution.folder, f"the first {first - 1} operations were uploaded to Neptune, and are not here")
    if put is not None and last is not None and put > last:
        problems.note(execution.folder, f"the last {put - last} operations did not reach the disk")
    elif put and last is None:
        problems.note(execution.folder, f"the {put} operations of this process were uploaded to Neptune, or are gone")


def moment(seconds: object) -> int | None:
    """Seconds since the epoch as microseconds; None for what is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        found = round(seconds * 1_000_000)
    except (OverflowError, ValueError):
        return None
    return found if -_MOST_US < found < _MOST_US else None


def number(value: object) -> float | None:
    """A number as a double; None for what is none, or beyond all doubles."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def step_of(value: object) -> float | None:
    """A step that was given; None for none, and for what can be none."""
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def _joined(parts: Any) -> str | None:
    """The path of its parts; None for what is none."""
    if not isinstance(parts, list):
        return None
    try:
        return normal("/".join(parts)) or None
    except TypeError:
        return None


class _Places:
    """Notes what is wrong in one file: the first places each, then only how often."""

    def __init__(self, path: Path, problems: Problems) -> None:
        self._path = path
        self._problems = problems
        self._left = _SHOWN

    def note(self, place: int | None, what: str) -> None:
        if place is not None and self._left > 0:
            self._left -= 1
            self._problems.note(f"{self._path} at byte {place}", what)
        else:
            self._problems.note(self._path, what)


_decoder: Final = json.JSONDecoder(strict=False)


def _objects(path: Path, seen: _Places) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file, each with the place of the line it stands on."""
    begun, begun_at, place = b"", 0, 0
    try:
        with open(path, "rb") as file:
            while line := file.readline(_LONGEST):
                if len(line) == _LONGEST and not line.endswith(b"\n"):
                    seen.note(place, f"more than {_LONGEST >> 20} MB without an end are no operation")
                    while (more := file.readline(_LONGEST)) and not more.endswith(b"\n"):
                        pass
                    begun, place = b"", file.tell()
                    continue
                if begun and _BEGINS.match(line):
                    seen.note(begun_at, "an operation that is cut off")
                    begun = b""
                start = begun_at if begun else place
                place += len(line)
                if not begun and (found := _line(line)) is not None:
                    yield start, found
                    continue
                text = (begun + line).decode("utf-8", "surrogateescape")
                rest = yield from _of_text(text, start, seen)
                begun, begun_at = rest.encode("utf-8", "surrogateescape"), start
                if len(begun) > _JOINED:
                    seen.note(begun_at, "an operation that is cut off")
                    begun = b""
    except OSError as error:
        seen.note(None, f"can't be read: {error}")
    if begun:
        seen.note(begun_at, "the last operation is cut off")


def _line(line: bytes) -> dict[str, Any] | None:
    """The object that makes up a whole line, as all do in a sound log; None for any other line."""
    if line[:1] != b"{" or line[-2:] != b"}\n":
        return None
    try:
        found, end = _decoder.raw_decode(text := line.decode())
    except (ValueError, RecursionError):
        return None
    return found if end == len(text) - 1 else None


def _of_text(text: str, place: int, seen: _Places) -> Generator[tuple[int, dict[str, Any]], None, str]:
    """The objects of a line; returns an object that is begun and not ended."""
    at = 0
    while True:
        start = text.find("{", at)
        if text[at : start if start >= 0 else len(text)].strip():
            seen.note(place, "characters that are no operation")
        if start < 0:
            return ""
        try:
            found, at = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            # What goes wrong at the end may go on on the next line.
            if isinstance(error, json.JSONDecodeError) and (
                error.msg.startswith("Unterminated string") or _CUT.fullmatch(text, error.pos)
            ):
                again = _AGAIN.search(text, start + 1)
                if again is None:
                    return text[start:]
            else:
                again = _AGAIN.search(text, start + 1)
            seen.note(place, "an operation that is damaged")
            if again is None:
                return ""
            at = again.start()
            continue
        yield place, found
