"""What a call of `log()` holds, as journal records.

A dict of plain numbers under names seen before, nearly every call, is one msgpack blob made in C. Everything else is
looked at item by item:

| given | kept as |
|---|---|
| float, int, bool (1 or 0), Decimal, Fraction, others with `__float__` | a number; NaN and infinities with their bits |
| whole numbers beyond 64 bits | the nearest float; refused beyond the range of one |
| numpy, torch, jax and tensorflow scalars, arrays of one element | the number in it |
| str | a value of a string series |
| dict | its items, names joined with `/` |
| `pluto.Image` and the like, PIL images, matplotlib figures, lists of these | media; the position in the list is kept |
| `pluto.Histogram`, `Table`, `Graph`, or a list of these | data |
| None | nothing, said once per name |
| anything else | refused: an error in the log once per name, counted; the other items are kept |
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec

PLAIN: Final = frozenset({int, float})
_LOW: Final = -(2**63)
_HIGH: Final = 2**64 - 1

_logger = logging.getLogger("pluto")
pack: Final[Callable[[Any], bytes]] = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Sorted:
    """The items of a call by what they become."""

    numbers: dict[str, int | float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    objects: list[tuple[str, int, Any]] = field(default_factory=list)
    """Media and data values: name, position, value."""
    bad_names: list[Any] = field(default_factory=list)


class Sorter:
    """Sorts items, and remembers names that are fine and values it complained about."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        """Names that have been checked."""
        self.refused = 0
        """Values that could not be kept."""
        self._said: set[str] = set()

    def sort(self, data: Mapping[str, Any]) -> Sorted:
        """The items of `data`. Raises `TypeError` when it is no mapping; bad items are left out."""
        if not isinstance(data, Mapping):
            raise TypeError(f"log() takes a dict of names and values, not {type(data).__name__}")
        found = Sorted()
        for name, value in self._flat(data, "", found):
            try:
                self._place(found, name, value)
            except Exception as error:  # noqa: BLE001  the value may be any object, and fail in any way
                self.refuse(name, error)
        return found

    def refuse(self, name: str, error: Exception) -> None:
        """Counts a value that can't be kept, and says why, once per name."""
        self.refused += 1
        if name not in self._said:
            self._said.add(name)
            _logger.error("%s was not logged: %s", name, error)

    def _flat(self, data: Mapping[Any, Any], prefix: str, found: Sorted) -> Iterator[tuple[str, Any]]:
        for key, value in list(data.items()):
            if not self._is_name(key):
                found.bad_names.append(key)
                continue
            name = prefix + key
            if isinstance(value, Mapping):
                yield from self._flat(value, name + "/", found)
            else:
                yield name, value

    def _is_name(self, key: Any) -> bool:
        if not isinstance(key, str) or not key.strip():
            return False
        if not key.isascii():
            try:
                key.encode()
            except UnicodeEncodeError:
                return False
        return True

    def _place(self, found: Sorted, name: str, value: Any) -> None:
        if isinstance(value, (list, tuple)):
            objects = [(name, index, _as_object(item)) for index, item in enumerate(value)]
            if any(item is None for _, _, item in objects):
                raise TypeError("a list holds media or data values; log numbers one by one, or pluto.Histogram(values)")
            found.objects += objects
            return
        if isinstance(value, str):
            found.texts[name] = value if value.isascii() else value.encode("utf-8", "replace").decode()
            return
        if value is None:
            if name not in self._said:
                self._said.add(name)
                _logger.warning("%s is None and was left out", name)
            return
        item = _as_object(value)
        if item is not None:
            found.objects.append((name, 0, item))
            return
        found.numbers[name] = number(value)
        self.known.add(name)


def number(value: Any) -> int | float:
    """A number as the journal keeps it. Raises `TypeError`, `ValueError` or `OverflowError` for what is none."""
    kind = type(value)
    if kind is float:
        return float(value)
    if isinstance(value, int):
        return int(value) if _LOW <= value <= _HIGH else float(value)
    if isinstance(value, (float, Decimal, Fraction)):
        return float(value)
    if isinstance(value, (bytes, bytearray, complex, type)):
        raise TypeError(f"{kind.__name__} is no number")
    if hasattr(value, "numpy") and not hasattr(value, "item"):
        value = value.numpy()
    if hasattr(value, "item"):
        if _count(value) != 1:
            shape = tuple(getattr(value, "shape", ()))
            raise TypeError(
                f"{kind.__name__} of shape {shape} holds several numbers: log pluto.Image, pluto.Histogram or its mean"
            )
        inner = value.item()
        if hasattr(inner, "item"):
            raise TypeError(f"{kind.__name__} holds {type(inner).__name__}, no number")
        return number(inner)
    if hasattr(value, "__float__") and not hasattr(value, "__len__"):
        return float(value)
    hint = ": log pluto.Table(dataframe=…)" if kind.__name__ == "DataFrame" else ""
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} can't be logged{hint}")


def step(value: Any) -> int | float:
    """A step as the journal keeps it: a finite number of any sign. Raises `TypeError` and `ValueError`."""
    kind = type(value)
    if kind is not int and kind is not float:
        if isinstance(value, (bool, str, bytes)) or kind.__name__ in ("bool", "bool_"):
            raise TypeError(f"step is a number, not {kind.__name__}")
        try:
            value = number(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"step is a number: {error}") from None
        if isinstance(value, bool):
            raise TypeError("step is a number, not bool")
    if value - value != 0:
        raise ValueError(f"step has to be finite, not {value}")
    if isinstance(value, int) and not _LOW <= value < 2**63:
        raise ValueError(f"step {value} is beyond 64 bits")
    return value  # type: ignore[no-any-return]


def _count(value: Any) -> int:
    counted = getattr(value, "numel", None)
    if callable(counted):
        return int(counted())
    size = getattr(value, "size", 1)
    return int(size) if not callable(size) else 1


def _as_object(value: Any) -> Any | None:
    """A media or data value, or the image a foreign picture becomes; None for anything else."""
    media = sys.modules.get("pluto.core.media")
    if media is not None and isinstance(value, media.File):
        return value
    data = sys.modules.get("pluto.core.data")
    if data is not None and isinstance(value, data.Data):
        return value
    for module, kind in (("PIL.Image", "Image"), ("matplotlib.figure", "Figure")):
        foreign = getattr(sys.modules.get(module), kind, None)
        if foreign is not None and isinstance(value, foreign):
            from pluto.core.media import Image

            return Image(value)
    return None
