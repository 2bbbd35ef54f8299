"""What was logged to Trackio, as items of a run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pluto.core.data import Table
from pluto.core.jsonable import plain
from pluto.core.media import content
from pluto.core.media.names import extension_of
from pluto_migration.gather import Gather
from pluto_migration.model import Data, File, Item, MediaType
from pluto_migration.paths import inside
from pluto_migration.source import Problems, SourceError

_NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TYPE: Final = "_type"
_PREFIX: Final = "trackio."
_TYPES: Final[dict[str, MediaType]] = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO"}
_EXACT: Final = 1 << 53
_DEEPEST: Final = 64
_FOLDER: Final = ("media/", "media\\")


class Values:
    """Values of one run. Numbers and texts are added to `gather`; what can't be kept is noted."""

    def __init__(self, media: Path, gather: Gather, problems: Problems, where: Path) -> None:
        self._media = media
        self._gather = gather
        self._problems = problems
        self._where = where

    def items(self, name: str, value: Any, step: float, time: int, depth: int = 0) -> Iterator[Item]:
        """What becomes of a value logged under a name."""
        if isinstance(value, str):
            value = _NOT_FINITE.get(value, value)
        if value is None:
            return
        if isinstance(value, (bool, int, float)):
            self._number(name, value, step, time)
        elif isinstance(value, str):
            self._gather.text(name, step, time, value)
        elif isinstance(value, dict) and isinstance(value.get(_TYPE), str):
            yield from self._special(name, value, step, time)
        elif isinstance(value, dict) and value and depth < _DEEPEST:
            for key, inner in value.items():
                yield from self.items(f"{name}.{key}", inner, step, time, depth + 1)
        else:
            yield from self._files(name, value, step, time)
            if not _all_media(value):
                yield Data(name, "JSON", step, time, plain(value))

    def _number(self, name: str, value: float, step: float, time: int) -> None:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if isinstance(value, int) and abs(value) > _EXACT and (math.isinf(number) or int(number) != value):
            self._problems.note(self._where, f"a value of {name!r}, {_short(value)}, has no equal among doubles")
            return
        self._gather.point(name, step, time, number)

    def _special(self, name: str, value: dict[str, Any], step: float, time: int) -> Iterator[Item]:
        kind = value[_TYPE].removeprefix(_PREFIX)
        if "file_path" in value:
            yield from self._file(name, value, step, time, 0)
        elif kind == "markdown" and isinstance(value.get("_value"), str):
            text = value["_value"].encode("utf-8", "surrogatepass")
            yield File(name, "TEXT", text, f"{name}_{_number_text(step)}.md", step=step, time=time)
        elif kind == "histogram" and (body := _histogram(value)) is not None:
            yield Data(name, "HISTOGRAM", step, time, plain(body))
        elif kind == "table" and isinstance(rows := value.get("_value"), list):
            yield from self._table(name, rows, step, time)
        else:
            yield from self._files(name, value, step, time)
            yield Data(name, "JSON", step, time, plain(value))

    def _table(self, name: str, rows: list[Any], step: float, time: int) -> Iterator[Item]:
        for index, row in enumerate(rows):
            for column, cell in row.items() if isinstance(row, dict) else ():
                for value in _media(cell):
                    yield from self._file(f"{name}.{column}", value, step, time, index)
        try:
            yield Data(name, "TABLE", step, time, plain(Table(rows).to_dict()))
        except (TypeError, ValueError, RecursionError):
            yield Data(name, "JSON", step, time, plain({_TYPE: "trackio.table", "_value": rows}))

    def _files(self, name: str, value: Any, step: float, time: int) -> Iterator[Item]:
        for index, one in enumerate(_media(value)):
            yield from self._file(name, one, step, time, index)

    def _file(self, name: str, value: dict[str, Any], step: float, time: int, index: int) -> Iterator[Item]:
        recorded = value["file_path"]
        try:
            path = self._located(str(recorded))
        except (SourceError, OSError, ValueError) as error:
            self._problems.note(self._where, f"the file {_short(recorded)} of {name!r} is left out: {error}")
            return
        kind = str(value.get(_TYPE)).removeprefix(_PREFIX)
        type_ = _TYPES.get(kind, "FILE")
        extension = extension_of(path.name)
        if type_ == "IMAGE" and extension and extension not in {*content.IMAGE, ".jpeg"}:
            type_ = "FILE"
        caption = value.get("caption")
        yield File(
            name, type_, path, path.name, step=step, time=time, index=index,
            caption=caption if isinstance(caption, str) else None,
        )  # fmt: skip

    def _located(self, recorded: str) -> Path:
        """A file by its path below the folder of media; the first releases wrote that folder's name before it."""
        path = inside(self._media, recorded)
        if not path.is_file():
            path = inside(self._media, recorded[len(_FOLDER[0]) :] if recorded.startswith(_FOLDER) else recorded)
        if not path.is_file():
            raise SourceError("it is not there")
        return path


def number(value: object) -> float | None:
    """A step as a finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def loaded(packed: Any) -> Any:
    """JSON as a column has it, bytes or text; what is no JSON any more is given back. Raises `ValueError`."""
    if isinstance(packed, str):
        packed = packed.encode("utf-8", "surrogateescape")
    if not isinstance(packed, (bytes, bytearray, memoryview)):
        return packed
    try:
        return json.loads(bytes(packed))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def restored(value: Any, depth: int = 0) -> Any:
    """A value of a config, with the numbers that JSON has no words for."""
    if depth > _DEEPEST:
        return plain(value)
    if isinstance(value, dict):
        return {str(name): restored(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [restored(inner, depth + 1) for inner in value]
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _histogram(value: dict[str, Any]) -> dict[str, Any] | None:
    edges, counts = value.get("bins"), value.get("values")
    if not isinstance(edges, list) or not isinstance(counts, list) or not (_numbers(edges) and _numbers(counts)):
        return None
    if len(edges) != len(counts) + 1:
        return None
    body = {"freq": counts, "maxFreq": max(counts), "bins": edges, "shape": "generic", "type": "Histogram", "v": 1}
    if any(isinstance(count, float) and not count.is_integer() for count in counts):
        body["density"] = True
    return body


def _numbers(values: list[Any]) -> bool:
    return bool(values) and all(type(one) in (int, float) for one in values)


def _media(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The files that a value names."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        if isinstance(value.get(_TYPE), str) and "file_path" in value:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _media(inner, depth + 1)


def _all_media(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(
        isinstance(one, dict) and isinstance(one.get(_TYPE), str) and "file_path" in one for one in value
    )  # fmt: skip


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**40 else "an integer of many digits"
    return text if len(text) < 200 else text[:200] + "…"


def _number_text(step: float) -> str:
    return str(int(step)) if float(step).is_integer() else str(step)
