"""Columns of tables: numbers, texts and times, and which cells are none."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["number", "text", "time", "none", "other"]
"""`none`: nothing is in it. `other`: what has no place in a run, lists for instance."""
Unit = Literal["s", "ms", "us", "ns"]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity)\s*", re.I | re.A)
_BOOLEANS: Final = {"true": 1.0, "false": 0.0}
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.A
)  # fmt: skip
PER_SECOND: Final[dict[Unit, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LATEST: Final = 1 << 62


class Column(ABC):
    """The cells of a column in one piece of a table."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What most of its cells are."""

    @abstractmethod
    def numbers(self) -> tuple[Floats, Mask, list[str]]:
        """The cells as doubles, which of them are numbers, and those that are neither numbers nor empty."""

    @abstractmethod
    def texts(self) -> list[str | None]:
        """The cells as texts; None where there is nothing."""

    @abstractmethod
    def taken(self, rows: Mask) -> Column:
        """The cells of some rows."""

    @abstractmethod
    def counts(self) -> Mapping[str | None, int]:
        """How many cells have each text, in the order they are met."""

    @abstractmethod
    def equal(self, text: str) -> Mask:
        """Which cells have the text."""


class Cells(Column):
    """Cells as texts, where an empty one is nothing. `decimal`: what stands between whole and parts."""

    def __init__(self, cells: Sequence[str | None], decimal: str = ".") -> None:
        self._cells = cells
        self._decimal = decimal

    @property
    def kind(self) -> Kind:
        """As `Column.kind`."""
        full = [cell for cell in self._cells if cell]
        if not full:
            return "none"
        numbers = sum(number_of(cell, self._decimal) is not None for cell in full)
        return "number" if 2 * numbers >= len(full) else "text"

    def numbers(self) -> tuple[Floats, Mask, list[str]]:
        """As `Column.numbers`."""
        values = np.zeros(len(self._cells))
        valid = np.zeros(len(self._cells), bool)
        junk: list[str] = []
        for index, cell in enumerate(self._cells):
            if not cell:
                continue
            value = number_of(cell, self._decimal)
            if value is None:
                junk.append(cell)
            else:
                values[index], valid[index] = value, True
        return values, valid, junk

    def texts(self) -> list[str | None]:
        """As `Column.texts`."""
        return [cell or None for cell in self._cells]

    def taken(self, rows: Mask) -> Column:
        """As `Column.taken`."""
        return Cells([cell for cell, wanted in zip(self._cells, rows.tolist(), strict=True) if wanted], self._decimal)

    def counts(self) -> Mapping[str | None, int]:
        """As `Column.counts`."""
        return Counter(self.texts())

    def equal(self, text: str) -> Mask:
        """As `Column.equal`."""
        return np.array([cell == text for cell in self._cells], bool)


class Arrow(Column):
    """An array of pyarrow; texts in it are read as `Cells` are."""

    def __init__(self, array: Any, decimal: str = ".") -> None:
        import pyarrow as pa

        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        self._array = array
        self._decimal = decimal

    @property
    def kind(self) -> Kind:
        """As `Column.kind`."""
        import pyarrow as pa

        type_ = self._array.type
        if self._array.null_count == len(self._array):
            return "none"
        if _is_number(type_):
            return "number"
        if _is_text(type_):
            return self._cells().kind
        return "time" if pa.types.is_temporal(type_) else "other"

    def numbers(self) -> tuple[Floats, Mask, list[str]]:
        """As `Column.numbers`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        array = self._array
        if _is_text(array.type):
            return self._parsed()
        if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
            array = pc.cast(array, pa.timestamp("us"), safe=False).cast(pa.int64())
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        if not _is_number(array.type):
            return np.zeros(len(array)), np.zeros(len(array), bool), [str(array.type)] * int(valid.sum())
        if pa.types.is_integer(array.type):
            whole = array.fill_null(0).to_numpy(zero_copy_only=False)
            with np.errstate(invalid="ignore"):
                lost = whole.astype(np.float64).astype(whole.dtype) != whole
            return whole.astype(np.float64), valid & ~lost, [str(one) for one in whole[lost & valid]]
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.uint8())
        values = array.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy(zero_copy_only=False)
        return values, valid, []

    def texts(self) -> list[str | None]:
        """As `Column.texts`."""
        import pyarrow as pa

        array = self._array
        try:
            found = array.cast(pa.large_string()).to_pylist()
        except (pa.ArrowException, UnicodeDecodeError):
            found = [_shown(one) for one in self._as_bytes().to_pylist()]
        return found if not _is_text(array.type) else [one or None for one in found]

    def taken(self, rows: Mask) -> Column:
        """As `Column.taken`."""
        import pyarrow as pa

        return Arrow(self._array.filter(pa.array(rows)), self._decimal)

    def counts(self) -> Mapping[str | None, int]:
        """As `Column.counts`."""
        kinds = self._array.value_counts()
        texts = Arrow(kinds.field("values")).texts()
        found: dict[str | None, int] = {}
        for text, count in zip(texts, kinds.field("counts").to_pylist(), strict=True):
            found[text] = found.get(text, 0) + count
        return found

    def equal(self, text: str) -> Mask:
        """As `Column.equal`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kinds = self._array.unique()
        same = pa.array([one == text for one in Arrow(kinds).texts()], pa.bool_())
        found = pc.is_in(self._array, value_set=kinds.filter(same))
        return np.asarray(found.to_numpy(zero_copy_only=False), bool)

    def _as_bytes(self) -> Any:
        import pyarrow as pa

        return self._array.cast(pa.large_binary()) if _is_text(self._array.type) else self._array

    def _cells(self) -> Cells:
        return Cells(self.texts(), self._decimal)

    def _parsed(self) -> tuple[Floats, Mask, list[str]]:
        """All at once where all are numbers as most people write them, else cell by cell."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._decimal == ".":
            try:
                array = pc.if_else(pc.equal(self._array, ""), None, self._array).cast(pa.float64())
            except pa.ArrowException:
                pass
            else:
                valid = array.is_valid().to_numpy(zero_copy_only=False)
                return array.fill_null(0.0).to_numpy(zero_copy_only=False), valid, []
        return self._cells().numbers()


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, bytes):
        return None if value is None else value.decode("utf-8", "backslashreplace")
    return str(value)


def number_of(cell: str, decimal: str = ".") -> float | None:
    """The number that a text is, `true` and `false` among them, None for any other."""
    if decimal != ".":
        cell = cell.replace(decimal, ".")
    if _NUMBER.fullmatch(cell):
        return float(cell)
    return _BOOLEANS.get(cell.strip().lower())


def times_of(column: Column, unit: Unit | None) -> tuple[npt.NDArray[np.int64], Mask, list[str]]:
    """The cells as microseconds, which of them are times, and those that are none.

    Numbers are in `unit`; without one, in the unit that makes the first of them a time after 1973. Texts are in ISO
    form, of UTC where they do not say. Times are those of UTC.
    """
    if column.kind == "time":
        values, valid, junk = column.numbers()
        return values.astype(np.int64), valid, junk
    values, valid, junk = column.numbers()
    if not valid.any() and junk:
        return _iso(column.texts())
    unit = unit or unit_of(values[valid])
    with np.errstate(invalid="ignore", over="ignore"):
        micro = np.round(values * (10**6 / PER_SECOND[unit]))
        fits = np.isfinite(micro) & (np.abs(micro) < _LATEST)
    junk += [str(one) for one in values[valid & ~fits]]
    valid = valid & fits
    return np.where(valid, micro, 0).astype(np.int64), valid, junk


def unit_of(values: Floats) -> Unit:
    """The unit that numbers are counted in since 1970, told by how large they are."""
    finite = values[np.isfinite(values)]
    first = abs(float(finite[0])) if len(finite) else 0.0
    for unit, limit in (("s", 1e11), ("ms", 1e14), ("us", 1e17)):
        if first < limit:
            return unit  # type: ignore[return-value]  # of the tuple above
    return "ns"


def _iso(cells: list[str | None]) -> tuple[npt.NDArray[np.int64], Mask, list[str]]:
    values, valid = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    junk = []
    for index, cell in enumerate(cells):
        if cell is None:
            continue
        moment = iso_of(cell)
        if moment is None:
            junk.append(cell)
        else:
            values[index], valid[index] = moment, True
    return values, valid, junk


def iso_of(text: str) -> int | None:
    """Microseconds of a time in ISO form, None for anything else."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    zone = "+00:00" if zone in (None, "Z", "UTC") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    clock = time or "00:00:00"
    try:
        moment = datetime.fromisoformat(f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}{zone}")
        since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 10**6 + int((fraction or "0").ljust(6, "0")[:6])


def _is_number(type_: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_integer(type_) or types.is_floating(type_) or types.is_boolean(type_) or types.is_decimal(type_)
    )


def _is_text(type_: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or str(type_) == "string_view")
