"""The hot path: history records, straight from their bytes into columns.

An item is `0a <size> <its names> 82 01 <size> <JSON>`. What stands before `82 01` is alike from row to row, so the
column behind it is looked up by these bytes; they are taken apart once, and only bytes that were found to be nothing
but the item's names are remembered. Everything that is no plain number goes the slow way.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from pluto.core import protobuf
from pluto_migration.sources.wandb_local.columns import Column
from pluto_migration.sources.wandb_local.rows import RUNTIME, STAMP, STEP, NamePath, Rows, as_float, microseconds

_ITEM: Final = 0x0A
_NUMBERED: Final = 0x12
_JSON: Final = b"\x82\x01"
_KEY, _NESTED, _NONE, _BOOLEAN, _INTEGER, _NUMBER, _TEXT, _OTHER, _VALUE = 1, 2, 3, 4, 5, 6, 7, 8, 16
_OF_ROWS: Final = frozenset({STEP, STAMP, RUNTIME})
"""What a record says of the row itself."""
DEEPEST: Final = 200
"""Levels of the deepest value that is kept, as with the door."""


def _unknown(value: float) -> None:
    raise ValueError(value)


_UNKNOWN: Final[Column] = (_unknown, abs)
"""The column of names that were not met yet, or whose values never were plain numbers."""


class BadValueError(ValueError):
    """A value that is no JSON."""


class History:
    """Reads history records into rows."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._step: list[float] = []
        self._stamp: list[float] = []
        self._known: dict[bytes, Column | None] = {}
        """The column behind the bytes of an item's names; None for what is passed by."""
        self.time = 0
        """Of the last row."""
        self._runtime: float | None = None
        self._fitted: tuple[int, float] | None = None
        """Time and `_runtime` of the first row that has both."""

    def began(self, time: int) -> None:
        """Another process goes on; `time` is that of rows that have none."""
        self.time, self._runtime, self._fitted = time, None, None
        self._known = {names: column for names, column in self._known.items() if column is not None}

    def offset(self, start: int, said: float) -> float:
        """The `_runtime` at the time `start`: as the first row has it, else `said`."""
        if self._fitted is None:
            return said
        time, runtime = self._fitted
        return round(runtime - (time - start) / 1e6, 6) + 0.0

    def record(self, data: bytes, at: int, end: int) -> None:
        """One record: `data[at:end]`. Raises `protobuf.DamagedError`; what was read until then is kept as a row."""
        rows = self._rows
        if data.find(b"_type", at, end) >= 0:
            self._objects(data[at:end])
            return
        known, find, isfinite = self._known, data.find, math.isfinite
        row, count, numbered = len(rows.columns.steps), 0, 0.0
        while at < end:
            start = at + 2
            if data[at] == _ITEM and start < end:
                stop = start + data[at + 1]
                cut = find(_JSON, start, stop)
                if stop <= end and data[at + 1] < 0x80 and 0 < cut < stop - 2 and data[cut + 2] == stop - cut - 3:
                    column = known.get(data[start:cut], _UNKNOWN)
                    if column is None:
                        at = stop
                        continue
                    try:
                        column[0](float(data[cut + 3 : stop]))
                    except ValueError:
                        pass
                    else:
                        column[1](row)
                        count += 1
                        at = stop
                        continue
            elif (
                data[at] == _NUMBERED
                and start < end
                and data[at + 1] < 0x80
                and self._step
                and isfinite(self._step[-1])
            ):
                at = start + data[at + 1]  # the record's own number, which counts for nothing
                continue
            try:
                at, taken, number = self._slowly(data, at, end)
            except protobuf.DamagedError:
                self._end(count, numbered)
                raise
            count += taken
            numbered = numbered if number is None else number
        self._end(count, numbered)

    def _end(self, count: int, numbered: float) -> None:
        """The row is over, with so many values: `_step` counts, else the record's own number."""
        count -= len(self._stamp) + len(self._step)
        if self._stamp:
            time = microseconds(self._stamp[-1])
            if time is None:
                self._rows.number((STAMP,), self._stamp[-1])
                count += 1
            else:
                self.time = time
                if self._fitted is None and self._runtime is not None:
                    self._fitted = time, self._runtime
            self._stamp.clear()
        step = self._step[-1] if self._step else numbered
        if not math.isfinite(step):
            self._rows.problems.note(self._rows.where, f"a row's step is {step}: the record's own number counts")
            step = numbered
        self._step.clear()
        self._rows.end(step, self.time, count < 1)

    def _slowly(self, data: bytes, at: int, end: int) -> tuple[int, int, float | None]:
        """Takes one field of a record; gives where it ends, how many values it was, and the number of the record."""
        tag, start = protobuf.varint(data, at)
        kind = tag & 7
        if kind == protobuf.VARINT:
            return protobuf.varint(data, start)[1], 0, None
        if kind in (protobuf.FIXED64, protobuf.FIXED32):
            return start + (8 if kind == protobuf.FIXED64 else 4), 0, None
        size, start = protobuf.varint(data, start)
        stop = start + size
        if kind != protobuf.LENGTH or stop > end:
            raise protobuf.DamagedError(f"an item at {at} that is cut off")
        if tag >> 3 == 1:
            return stop, self._item(data[start:stop]), None
        return stop, 0, float(_number_of(data[start:stop])) if tag >> 3 == 2 else None

    def _item(self, item: bytes) -> int:
        """One item; how many values of the row it is, the row's step and time counted, too."""
        path, text, typed, is_old = _split(item)
        rows = self._rows
        try:
            value = typed if text is None else decoded(text)
        except BadValueError as error:
            rows.problems.note(rows.where, f"{'.'.join(path)!r}: {error}")
            return 0
        if len(path) == 1 and path[0] in _OF_ROWS:
            return self._of_row(item, path, text, value, is_old)
        rows.words = is_old
        kept = rows.put(path, value)
        if type(value) in (float, int):
            self._remember(item, path, text, rows.columns.of(rows.name(path)), is_old)
        return int(kept)

    def _of_row(self, item: bytes, path: NamePath, text: bytes | None, value: Any, is_old: bool) -> int:
        if path[0] == RUNTIME:
            if self._runtime is None and isinstance(value, (int, float)):
                self._runtime = as_float(value)
            self._remember(item, path, text, None, is_old)
            return 0
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._rows.problems.note(self._rows.where, f"a row's {path[0]} is no number")
            return 0
        kept = self._step if path[0] == STEP else self._stamp
        kept.append(as_float(value))
        self._remember(item, path, text, (kept.append, abs), is_old)
        return 1

    def _remember(self, item: bytes, path: NamePath, text: bytes | None, column: Column | None, is_old: bool) -> None:
        """Keeps what the bytes before an item's JSON mean, if they are its names and nothing else."""
        if text is None or not item.endswith(text):
            return
        cut = item.find(_JSON)
        names = item[:cut]
        if len(names) < 0x80 and names == _names(path, is_old):
            self._known[names] = column

    def _objects(self, record: bytes) -> None:
        """A record with objects, which newer writers take apart: they are put together first."""
        values: list[tuple[NamePath, Any]] = []
        rows, numbered, count = self._rows, 0.0, 0
        try:
            for number, kind, value in protobuf.fields(record):
                if number == 1 and kind == protobuf.LENGTH:
                    path, text, typed, rows.words = _split(value)
                    try:
                        values.append((path, typed if text is None else decoded(text)))
                    except BadValueError as error:
                        rows.problems.note(rows.where, f"{'.'.join(path)!r}: {error}")
                elif number == 2 and kind == protobuf.LENGTH:
                    numbered = float(_number_of(value))
        finally:
            for path, value in together(values):
                if len(path) == 1 and path[0] in _OF_ROWS:
                    count += self._of_row(b"", path, None, value, rows.words)
                else:
                    count += rows.put(path, value)
            self._end(count, numbered)


def together(values: list[tuple[NamePath, Any]]) -> list[tuple[NamePath, Any]]:
    """The values with those below a `_type` made one object, the outermost one."""
    roots = {path[:-1] for path, _ in values if path and path[-1] == "_type" and len(path) > 1}
    found: list[tuple[NamePath, Any]] = []
    objects: dict[NamePath, dict[str, Any]] = {}
    for path, value in values:
        root = next((path[:size] for size in range(1, min(len(path), DEEPEST)) if path[:size] in roots), None)
        if root is None or len(path) > DEEPEST:
            found.append((path, value))
            continue
        if root not in objects:
            objects[root] = {}
            found.append((root, objects[root]))
        place = objects[root]
        for part in path[len(root) : -1]:
            inner = place.get(part)
            if not isinstance(inner, dict):
                inner = place[part] = {}
            place = inner
        place[path[-1]] = value
    return found


def values_of(record: bytes, what: int = 1) -> tuple[list[tuple[NamePath, bytes | None, Any]], list[NamePath]]:
    """The items of a record of values (config, summary): path, JSON, or the value of a typed one; and paths removed.

    Raises `protobuf.DamagedError`.
    """
    found: list[tuple[NamePath, bytes | None, Any]] = []
    removed: list[NamePath] = []
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.LENGTH and number in (what, 2):
            path, text, typed, _ = _split(value)
            if number == what:
                found.append((path, text, typed))
            else:
                removed.append(path)
    return found, removed


def _split(item: bytes) -> tuple[NamePath, bytes | None, Any, bool]:
    """An item's path, JSON, or else value, and whether it is named by a single key, as older writers do."""
    key, nested, text = "", [], None
    typed: Any = None
    for number, kind, value in protobuf.fields(item):
        if kind == protobuf.LENGTH:
            if number == _KEY:
                key = protobuf.text(value)
            elif number == _NESTED:
                nested.append(protobuf.text(value))
            elif number == _VALUE:
                text = bytes(value)
            elif number == _TEXT:
                typed = protobuf.text(value)
            elif number == _OTHER:
                text = bytes(value)
            elif number == _NONE:
                typed = None
        elif kind == protobuf.VARINT and number == _BOOLEAN:
            typed = bool(value)
        elif kind == protobuf.VARINT and number == _INTEGER:
            typed = (value >> 1) ^ -(value & 1)
        elif kind == protobuf.FIXED64 and number == _NUMBER:
            typed = protobuf.double(value)
    return (tuple(nested) if nested else (key,)), text, typed, not nested


def _names(path: NamePath, is_old: bool) -> bytes:
    """The bytes of an item with nothing but these names."""
    found = b""
    for part in path:
        name = part.encode("utf-8", "surrogatepass")
        if len(name) > 0x7F:
            return b"\xff"
        found += bytes(((_KEY if is_old else _NESTED) << 3 | protobuf.LENGTH, len(name))) + name
    return found


def _number_of(step: bytes) -> int:
    number = 0
    for field, kind, value in protobuf.fields(step):
        if field == 1 and kind == protobuf.VARINT:
            number = protobuf.signed(value)
    return number


def decoded(text: bytes) -> Any:
    """A value of the log: JSON with bare `NaN` and `Infinity`. Raises `BadValueError`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        try:  # a whole number of thousands of digits
            return float(text)
        except ValueError:
            raise BadValueError(f"no JSON: {type(error).__name__}") from None
    if text.count(b"[") + text.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise BadValueError(f"nested more than {DEEPEST} levels deep")
    if value == 0 and text[:1] == b"-":
        return -0.0
    return clean(value) if b"\\u" in text else value


def _depth(value: Any) -> int:
    """Levels of lists and objects."""
    level, depth = [value], 0
    while level := [inner for one in level if isinstance(one, (list, dict)) for inner in _inner(one)]:
        depth += 1
    return depth


def _inner(value: list[Any] | dict[str, Any]) -> Any:
    return value.values() if isinstance(value, dict) else value


def clean(value: Any) -> Any:
    """The value with texts that can be encoded."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): clean(item) for name, item in value.items()}
    return value
