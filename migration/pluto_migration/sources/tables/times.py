"""Times in columns: numbers since 1970, texts, and what Parquet knows as times."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from pluto_migration.sources.tables.columns import Column, Floats, Mask

Unit = Literal["s", "ms", "us", "ns"]

_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.A
)  # fmt: skip
PER_SECOND: Final[dict[Unit, int]] = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_LATEST: Final = 1 << 62


def times_of(column: Column, unit: Unit | None) -> tuple[npt.NDArray[np.int64], Mask, list[str]]:
    """The cells as microseconds, which of them are times, and those that are none.

    Numbers are in `unit`; without one, in the unit that makes the first of them a time after 1973. Texts are in ISO
    form, of UTC where they do not say. Times are those of UTC.
    """
    if column.kind == "time":
        values, valid, junk = column.numbers()
        return values.astype(np.int64), valid, junk
    values, valid, junk = column.numbers(rounded=True)
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
