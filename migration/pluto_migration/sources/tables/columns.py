"""Columns of tables: numbers, texts and times, and which cells are none."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["number", "text", "time", "none", "other"]
"""`none`: nothing is in it. `other`: what has no place in a run, lists for instance."""
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity)\s*", re.I | re.A)
_BOOLEANS: Final = {"true": 1.0, "false": 0.0}


class Column(ABC):
    """The cells of a column in one piece of a table."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What most of its cells are."""

    @abstractmethod
    def numbers(self, rounded: bool = False) -> tuple[Floats, Mask, list[str]]:
        """The cells as doubles, which of them are numbers, and those that are neither numbers nor empty.

        Whole numbers that no double equals are of the last, unless they may be `rounded`.
        """

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

    def numbers(self, rounded: bool = False) -> tuple[Floats, Mask, list[str]]:  # noqa: ARG002
        """As `Column.numbers`; texts are rounded to the nearest double in any case."""
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

    def numbers(self, rounded: bool = False) -> tuple[Floats, Mask, list[str]]:
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
                lost = (whole.astype(np.float64).astype(whole.dtype) != whole) & (not rounded)
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


def _is_number(type_: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_integer(type_) or types.is_floating(type_) or types.is_boolean(type_) or types.is_decimal(type_)
    )


def _is_text(type_: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or str(type_) == "string_view")
