"""What a call hands over, as the values that are kept.

A value that can't be kept is left out with a warning, and the others of the call are kept; or it raises
`NeptuneUnableToLogData`, and nothing of the call is: as `NEPTUNE_LOG_FAILURE_ACTION` says. Empty parts of a path have
no meaning: `/a//b` is `a/b`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from operator import index
from typing import Any, Final, TypeVar

from pluto.compat.attributes import Atom, HistogramValue
from pluto.compat.neptune_scale.exceptions import (
    NeptuneAttributePathEmpty,
    NeptuneHistogramBinEdgesContainNaN,
    NeptuneHistogramBinEdgesNotIncreasing,
    NeptuneScaleError,
    NeptuneUnableToLogData,
)
from pluto.compat.neptune_scale.sync.parameters import (
    MAX_ATTRIBUTE_PATH_LENGTH,
    MAX_HISTOGRAM_BIN_EDGES,
    MAX_STRING_SERIES_DATA_POINT_LENGTH,
)
from pluto.compat.neptune_scale.types import Histogram
from pluto.compat.neptune_scale.util import envs, get_logger

T = TypeVar("T")

_LOW: Final = -(2**63)
_HIGH: Final = 2**63 - 1
_FLOATS: Final = frozenset({float})
_KNOWN: Final = 1_000_000
_SHOWN_CHARS: Final = 200


class Intake:
    """Takes values in. `tell` hears of what only shows once a value is looked at closely: never raised."""

    def __init__(self, tell: Callable[[NeptuneScaleError], None]) -> None:
        self._raising = envs.get_option(envs.LOG_FAILURE_ACTION, ("drop", "raise"), "drop") == "raise"
        self._tell = tell
        self._known: set[str] = set()
        """Paths that have been looked at, and are fine as they are."""

    def refuse(self, reason: str) -> None:
        """Says that a value is left out, or raises `NeptuneUnableToLogData`."""
        if self._raising:
            raise NeptuneUnableToLogData(reason)
        get_logger().warning("Dropping value. %s.", reason)

    def floats(self, data: Mapping[Any, Any]) -> dict[str, float]:
        """Numbers of float series: what `float` takes, texts such as "1.5" included."""
        if data.keys() <= self._known and _FLOATS.issuperset(map(type, data.values())):
            return dict(data)
        found = {}
        for path, value in self._fields(data):
            try:
                found[path] = float(value)
            except (TypeError, ValueError, OverflowError):
                self.refuse(f"A metric is a number, and `{path}` is {_shown(value)}")
        return found

    def atoms(self, data: Mapping[Any, Any]) -> dict[str, Atom]:
        """Single values: float, bool, int, str, datetime, and collections of texts, which become sets.

        Raises `TypeError` for a collection that holds anything but texts, `ValueError` for an int beyond 64 bits and
        for a text that is none (half of a surrogate pair).
        """
        found: dict[str, Atom] = {}
        for path, value in self._fields(data):
            if isinstance(value, float):
                found[path] = float(value)
            elif isinstance(value, bool):
                found[path] = value
            elif isinstance(value, int):
                if not _LOW <= value <= _HIGH:
                    raise ValueError(f"an int config takes at most 64 bits, and `{path}` is {_shown(value)}")
                found[path] = int(value)
            elif isinstance(value, str):
                found[path] = _encodable(value)
            elif isinstance(value, datetime):
                found[path] = value.astimezone()
            elif isinstance(value, (list, set, tuple)):
                if not all(isinstance(item, str) for item in value):
                    raise TypeError(f"a collection in a config holds texts alone, and `{path}` is {_shown(value)}")
                found[path] = frozenset(map(_encodable, value))
            else:
                self.refuse(
                    "A config is float, bool, int, str, datetime, or a list, set or tuple of str, and"
                    f" `{path}` is {_shown(value)}"
                )
        return found

    def texts(self, data: Mapping[Any, Any]) -> dict[str, str]:
        """Values of string series. Raises `ValueError` for a text that is none."""
        found = {}
        for path, value in self._fields(data):
            if not isinstance(value, str):
                self.refuse(f"A value of a string series is a str, and `{path}` is {_shown(value)}")
            elif _is_longer(value, MAX_STRING_SERIES_DATA_POINT_LENGTH):
                self.refuse(
                    f"A value of a string series takes at most {MAX_STRING_SERIES_DATA_POINT_LENGTH} bytes in UTF-8,"
                    f" and `{path}` takes more"
                )
            else:
                found[path] = _encodable(value)
        return found

    def histograms(self, data: Mapping[Any, Any]) -> dict[str, HistogramValue]:
        """Histograms. Raises `ValueError` for a count that is negative or beyond 64 bits."""
        found = {}
        for path, value in self._fields(data):
            if not isinstance(value, Histogram):
                self.refuse(f"A histogram is a neptune_scale.types.Histogram, and `{path}` is {_shown(value)}")
                continue
            histogram = self._histogram(path, value)
            if histogram is not None:
                found[path] = histogram
        return found

    def tags(self, data: Mapping[Any, Any]) -> dict[str, list[str]]:
        """Tags by the set they belong to."""
        found = {}
        for path, value in self._fields(data):
            if isinstance(value, (list, set, tuple)) and all(isinstance(tag, str) for tag in value):
                found[path] = list(map(_encodable, value))
            else:
                self.refuse(f"Tags are a list, set or tuple of str, and those for `{path}` are {_shown(value)}")
        return found

    def files(self, data: Mapping[Any, T]) -> dict[str, T]:
        """Whatever stands under paths that are fine."""
        return dict(self._fields(data))

    def _fields(self, data: Mapping[Any, T]) -> Iterator[tuple[str, T]]:
        known = self._known
        for path, value in list(data.items()):
            if path in known:
                yield path, value
            elif not isinstance(path, str):
                self.refuse(f"A path is a str, and {_shown(path)} is none")
            elif _is_longer(path, MAX_ATTRIBUTE_PATH_LENGTH):
                self.refuse(f"A path takes at most {MAX_ATTRIBUTE_PATH_LENGTH} bytes in UTF-8: {_shown(path)}")
            else:
                tidy = tidied(_encodable(path))
                if tidy:
                    if tidy is path and len(known) < _KNOWN:
                        known.add(path)
                    yield tidy, value
                else:
                    self._tell(NeptuneAttributePathEmpty())

    def _histogram(self, path: str, given: Histogram) -> HistogramValue | None:
        if (given.counts is None) == (given.densities is None):
            self.refuse(f"A histogram has either counts or densities, and not both (`{path}`)")
            return None
        density = given.counts is None
        what = "densities" if density else "counts"
        try:
            edges = given.bin_edges_as_list()
            values = given.densities_as_list() if density else given.counts_as_list()
        except TypeError as error:
            self.refuse(f"{error} (`{path}`)")
            return None
        if not 0 < len(edges) <= MAX_HISTOGRAM_BIN_EDGES:
            self.refuse(f"A histogram has 1 to {MAX_HISTOGRAM_BIN_EDGES} edges, and `{path}` has {len(edges)}")
            return None
        if len(values) != len(edges) - 1:
            self.refuse(f"A histogram of {len(edges)} edges has {len(edges) - 1} {what}; `{path}` has {len(values)}")
            return None
        try:
            numbers = tuple(map(_number if density else _count, values))
            places = tuple(map(_number, edges))
        except TypeError:
            self.refuse(f"Edges and densities of a histogram are numbers, counts are whole numbers (`{path}`)")
            return None
        if any(map(math.isnan, places)):
            self._tell(NeptuneHistogramBinEdgesContainNaN())
            return None
        if any(low >= high for low, high in pairwise(places)):
            self._tell(NeptuneHistogramBinEdgesNotIncreasing())
            return None
        return HistogramValue(places, numbers, density)


def micro(step: float | int) -> float | int:
    """A step as it is kept: to six decimals, and as an int where it is whole."""
    if type(step) is int:
        return step
    whole, rest = divmod(int(round(step * 1e6, 6)), 1_000_000)
    return whole + rest / 1e6 if rest else whole


def tidied(path: str) -> str:
    """The path without empty parts; blank alone is no path."""
    if "//" in path or path[:1] == "/" or path[-1:] == "/":
        path = "/".join(filter(None, path.split("/")))
    return path if path.strip() else ""


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError
    return float(value)


def _count(value: Any) -> int:
    count = index(value)
    if not 0 <= count < 2**64:
        raise ValueError(f"a count of a histogram is not negative and takes at most 64 bits: {count}")
    return count


def _encodable(text: str) -> str:
    if not text.isascii():
        text.encode()
    return str(text)


def _is_longer(text: str, limit: int) -> bool:
    return len(text) * 4 > limit and len(text.encode("utf-8", "surrogatepass")) > limit


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  an object of the script, which may fail in any way
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
