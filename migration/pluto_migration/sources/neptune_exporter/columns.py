"""Columns of parts as numpy arrays and Python values. None of it trusts what a damaged file says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_EXACT: Final = 1 << 53
"""Whole numbers up to here are floats as they are."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST_US: Final = -62_135_596_800_000_000
_LAST_US: Final = 253_402_300_799_999_999
"""The years 1 to 9999 in microseconds since the epoch."""
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class UnfitError(ValueError):
    """A column that is not what it should be. The text says what it is."""


def missing(column: Any) -> Flags:
    """Where a column has no value."""
    if column.null_count == 0:
        return np.zeros(len(column), np.bool_)
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False), np.bool_)


def codes(column: Any) -> tuple[Integers, list[str]]:
    """A column of few different texts as numbers of a list of them; -1 for no value."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = _cast(column, pa.string()).dictionary_encode()
    names = [name if name is not None else "" for name in texts(column.dictionary)]
    found = np.asarray(column.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    if len(found) and (found.max() >= len(names) or found.min() < -1):
        raise UnfitError("refers to texts that are not there")
    return found, names


def floats(column: Any) -> Floats:
    """Numbers; NaN where there is none."""
    import pyarrow as pa

    column = _cast(column, pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def steps(column: Any) -> Floats:
    """Steps, exactly: the floats that are nearest to the decimals. NaN where there is none."""
    import pyarrow as pa

    if not pa.types.is_decimal128(column.type):
        return floats(column)
    scale, count = column.type.scale, len(column)
    data = column.buffers()[1]
    if data is None or not 0 <= scale <= 18:
        return np.array([np.nan if step is None else float(step) for step in column.to_pylist()], np.float64)
    words = np.frombuffer(data, "<i8", 2 * count, 16 * column.offset).reshape(-1, 2)
    low = words[:, 0]
    found: Floats = low / np.float64(10**scale)
    gone = missing(column)
    hard = np.flatnonzero(((low > _EXACT) | (low < -_EXACT) | (words[:, 1] != low >> 63)) & ~gone)
    for at in hard.tolist():
        found[at] = float(Decimal((int(words[at, 1]) << 64) | (int(low[at]) & (2**64 - 1))).scaleb(-scale))
    found[gone] = np.nan
    return found


def times(column: Any) -> tuple[Integers, Flags]:
    """Moments in microseconds since the epoch, and where there is none, or none within the years 1 to 9999."""
    import pyarrow as pa

    if pa.types.is_null(column.type):
        return np.zeros(len(column), np.int64), np.ones(len(column), np.bool_)
    if not pa.types.is_timestamp(column.type):
        raise UnfitError(f"holds {column.type}, not timestamps")
    gone = missing(column)
    found = np.asarray(column.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    per_second = _PER_SECOND[column.type.unit]
    if per_second > 1_000_000:
        found = found // (per_second // 1_000_000)
        factor = 1
    else:
        factor = 1_000_000 // per_second
    gone = gone | (found < _FIRST_US // factor) | (found > _LAST_US // factor)
    return np.where(gone, 0, found) * factor, gone


def moments(column: Any) -> list[datetime | None]:
    """Moments as such, to the microsecond."""
    found, gone = times(column)
    return [
        None if none else _EPOCH + timedelta(microseconds=at)
        for at, none in zip(found.tolist(), gone.tolist(), strict=True)
    ]


def texts(column: Any) -> list[str | None]:
    """Texts; those that are no UTF-8 have backslashes."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        places, different = codes(column)
        several: list[str | None] = [*different, None]
        return [several[place] for place in places.tolist()]
    column = _cast(column, pa.string())
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [None if raw is None else _decoded(raw) for raw in column.view(pa.binary()).to_pylist()]


def sets(column: Any) -> list[frozenset[str] | None]:
    """Sets of texts."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_null(kind):
        return [None] * len(column)
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        raise UnfitError(f"holds {kind}, not lists of texts")
    return [
        frozenset(text for text in texts(value.values) if text is not None) if value.is_valid else None
        for value in column
    ]


def field(column: Any, name: str) -> Any:
    """A column of a column of structures; no value where there is no structure."""
    import pyarrow as pa

    if pa.types.is_null(column.type):
        return column
    if not pa.types.is_struct(column.type) or column.type.get_field_index(name) < 0:
        raise UnfitError(f"holds {column.type}, not structures with {name!r}")
    import pyarrow.compute as compute

    return compute.struct_field(column, name)


def numbers(column: Any) -> Iterator[list[float] | None]:
    """Lists of numbers; NaN for none."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_null(kind):
        yield from [None] * len(column)
        return
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        raise UnfitError(f"holds {kind}, not lists of numbers")
    for value in column:
        yield floats(value.values).tolist() if value.is_valid else None


def values(column: Any, kind: str) -> list[Any]:
    """Whole numbers (`int`), numbers (`float`) or truths (`bool`); None for none."""
    import pyarrow as pa

    return list(_cast(column, {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}[kind]).to_pylist())


def _cast(column: Any, kind: Any) -> Any:
    """The column as another type where nothing is lost by it."""
    import pyarrow as pa

    if column.type == kind:
        return column
    if pa.types.is_string(kind) and not (
        pa.types.is_null(column.type)
        or pa.types.is_large_string(column.type)
        or pa.types.is_dictionary(column.type)
        or pa.types.is_binary(column.type)
    ):
        raise UnfitError(f"holds {column.type}, not texts")
    try:
        return column.cast(kind)
    except (ValueError, NotImplementedError, KeyError, TypeError) as error:
        raise UnfitError(f"holds {column.type}: {str(error).splitlines()[0]}") from None


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
