"""What reads give beyond the plain JSON of the API."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

_FLAGGED: Final = {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Every point of one metric, as logged: numpy arrays of equal length, by rising step."""

    steps: Floats
    times: Integers
    """Microseconds since the epoch, UTC."""
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """One metric of one run in ranges of steps, for drawing: numpy arrays of equal length, without empty ranges."""

    run_id: int
    name: str
    steps: Floats
    """First step in each range."""
    counts: Integers
    min: Floats
    max: Floats
    mean: Floats
    """min, max and mean of the finite values; NaN where there is none."""
    last: Floats
    """Value at the highest step of each range, as logged."""
    nonfinite: Integers
    """What min, max and mean left out: bit 0 NaN, bit 1 +Inf, bit 2 -Inf."""
    last_steps: Floats
    times: Integers
    """Time of the last point of each range, microseconds."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric in a few numbers; min, max, sum and sum_squares over the finite values only."""

    count: int
    finite: int
    min: float
    max: float
    sum: float
    sum_squares: float
    last: float
    last_step: float
    last_time: int
    first_step: float
    first_time: int

    @property
    def mean(self) -> float:
        """Mean of the finite values; NaN where there is none."""
        return self.sum / self.finite if self.finite else math.nan

    @property
    def std(self) -> float:
        """Standard deviation (of the population) of the finite values; NaN where there is none."""
        if not self.finite:
            return math.nan
        return math.sqrt(max(self.sum_squares / self.finite - self.mean**2, 0.0))


def whole(number: Any) -> Any:
    """A number that a server may have sent as text: 64-bit integers arrive so from some."""
    if isinstance(number, str):
        try:
            return int(number)
        except ValueError:
            return float(number)
    return number


def restored(row: dict[str, Any]) -> float:
    """The value of a row of the metrics routes, NaN and ±Inf in their place again."""
    flag = row.get("valueFlag")
    if flag:
        return _FLAGGED.get(flag, math.nan)
    bits = int(whole(row.get("nonFiniteFlags") or 0))
    if bits:
        return math.nan if bits & 1 else math.inf if bits & 2 else -math.inf
    value = row["value"]
    return math.nan if value is None else float(value)


def microseconds(time: Any) -> int:
    """Microseconds since the epoch of a time as servers write it: ISO 8601, or `YYYY-MM-DD HH:MM:SS.mmm` in UTC."""
    moment = datetime.fromisoformat(_padded(str(time)))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    whole_seconds = int(moment.replace(microsecond=0).timestamp())
    return whole_seconds * 1_000_000 + moment.microsecond


def _padded(text: str) -> str:
    """The text as Python 3.10 can read it: no `Z`, and 3 or 6 digits of a second."""
    text = text.strip().replace("Z", "+00:00")
    head, dot, tail = text.partition(".")
    if not dot:
        return text
    digits = tail[: next((i for i, c in enumerate(tail) if not c.isdigit()), len(tail))]
    return f"{head}.{digits[:6].ljust(6, '0')}{tail[len(digits) :]}"
