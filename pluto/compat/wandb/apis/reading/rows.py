"""The rows of a run, put together from what is stored under each name."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.apis.reading import system
from pluto.compat.wandb.apis.reading.facts import read_moment
from pluto.compat.wandb.sdk.lib.stored import OWN, SYSTEM, TEXTS, lineage
from pluto.protocol.rows import JSON, STAMP

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pluto.compat.wandb.apis.reading.records import Record
    from pluto.query.values import Points

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

STEP: Final = "_step"
RUNTIME: Final = "_runtime"
DERIVED: Final = (STEP, RUNTIME, STAMP)
"""What every row has, whatever was logged."""
_HISTOGRAM: Final = "HISTOGRAM"
_ROWS: Final = 200_000
"""About how many rows are held at once while a run is read through."""


@dataclass(frozen=True, eq=False)
class Column:
    """What one name has at which steps."""

    name: str
    steps: Floats
    times: Integers
    values: Sequence[Any]


class Rows:
    """The rows of a run, those of the runs it was forked from included.

    `keys`: names the rows must have; None for all of them. `machine`: rows of the machine's use instead.
    """

    def __init__(self, record: Record, keys: Sequence[str] | None = None, *, machine: bool = False) -> None:
        self._client = record.client
        self._place = record.place
        self._keys = None if keys is None else list(dict.fromkeys(keys))
        self._machine = machine
        own: Mapping[str, Any] = (record.details.get("config") or {}).get(OWN) or {}
        self._bools = own.get("bools") or {}
        self._clock = _Clock(own, record.details)
        self._parts = lineage(self._client, self._place, record.details)
        self._names: dict[int, list[str]] = {}
        self._data: dict[int, list[Column]] = {}
        self._span: tuple[float, float, int] | None = None

    @property
    def span(self) -> tuple[float, float, int]:
        """The first step, the last, and how many rows there are at least."""
        if self._span is None:
            self._look()
        assert self._span is not None
        return self._span

    def width(self, page_size: int) -> float:
        """Over how many steps to read at once."""
        first, last, count = self.span
        return max(float(page_size), math.ceil((last - first + 1) * _ROWS / max(count, 1)))

    def between(self, low: float, high: float, most: int | None = None) -> list[dict[str, Any]]:
        """The rows from step `low` on, before step `high`; `most`: so many of them, evenly chosen."""
        import numpy as np

        columns = list(self._columns(low, high))
        wanted: Floats | None = None
        if self._keys is not None:
            for key in self._keys:
                if key in DERIVED:
                    continue
                there = [column.steps for column in columns if column.name == key]
                steps = np.unique(np.concatenate(there)) if there else np.empty(0)
                wanted = steps if wanted is None else np.intersect1d(wanted, steps, assume_unique=True)
        if most is not None or wanted is None:
            if wanted is None:
                wanted = np.unique(np.concatenate([column.steps for column in columns])) if columns else np.empty(0)
            if most is not None and len(wanted) > most:
                wanted = wanted[np.unique(np.linspace(0, len(wanted) - 1, most).round().astype(np.int64))]
        return self._built(columns, wanted)

    def _built(self, columns: list[Column], wanted: Floats) -> list[dict[str, Any]]:
        import numpy as np

        if not len(wanted):
            return []
        rows: list[dict[str, Any]] = [{STEP: int(step) if step.is_integer() else step} for step in wanted.tolist()]
        times = np.zeros(len(wanted), np.int64)
        for column in columns:
            places = np.searchsorted(wanted, column.steps)
            there = np.flatnonzero(wanted[np.minimum(places, len(wanted) - 1)] == column.steps)
            np.maximum.at(times, places[there], column.times[there])
            if self._keys is not None and column.name not in self._keys:
                continue
            name, values = column.name, column.values
            for index, place in zip(there.tolist(), places[there].tolist(), strict=True):
                rows[place][name] = values[index]
        for row, time in zip(rows, times.tolist(), strict=True):
            if self._keys is None or RUNTIME in self._keys:
                row[RUNTIME] = self._clock.runtime(time)
            if (self._keys is None or STAMP in self._keys) and STAMP not in row:
                row[STAMP] = time / 1e6
            if self._machine:
                del row[STEP]
        return rows

    def _columns(self, low: float, high: float) -> Iterator[Column]:
        """What is stored of the names that matter; of a name that several runs have the latest comes last."""
        if not self._names:
            self._look()
        top = math.nextafter(high, -math.inf)
        for number, until in self._parts:
            end = top if until is None else min(top, until)
            first_step, last_step = None if math.isinf(low) else low, None if math.isinf(end) else end
            for name in self._names[number]:
                points = self._client.points(self._place, number, name, step_min=first_step, step_max=last_step)
                if len(points):
                    yield self._numbers(name, points)
            for column in self._data[number]:
                first, last = bisect.bisect_left(column.steps, low), bisect.bisect_right(column.steps, end)
                if first < last:
                    part = slice(first, last)
                    yield Column(column.name, column.steps[part], column.times[part], column.values[part])

    def _numbers(self, name: str, points: Points) -> Column:
        if self._machine:
            shown, factor = system.shown(name)
            values = points.values if factor == 1 else points.values * factor
            return Column(shown, points.steps, points.times, values.tolist())
        return Column(name, points.steps, points.times, as_logged(points.values, name in self._bools))

    def _look(self) -> None:
        """Finds out which names there are, and what is not a number, which comes as a whole."""
        first, last, count = math.inf, -math.inf, 0
        for number, until in self._parts:
            summaries = self._client.summaries(self._place, number)
            self._names[number] = [name for name in summaries if self._matters(name)]
            self._data[number] = [] if self._machine else self._others(number)
            for name in self._names[number]:
                one = summaries[name]
                first, count = min(first, one.first_step), max(count, one.count)
                last = max(last, one.last_step if until is None else min(until, one.last_step))
            for column in self._data[number]:
                first, count = min(first, float(column.steps[0])), max(count, len(column.steps))
                last = max(last, float(column.steps[-1]))
        self._span = (first, last, count) if first <= last else (0.0, -1.0, 0)

    def _matters(self, name: str) -> bool:
        if self._machine:
            return name.startswith(SYSTEM)
        if name.startswith(SYSTEM):
            return False
        # Without a name of its own to go by, a row's step says all that is asked for.
        return self._keys is None or name in self._keys or all(key in DERIVED for key in self._keys)

    def _others(self, number: int) -> list[Column]:
        """Texts and structures, by name and step."""
        import numpy as np

        found: dict[str, dict[float, tuple[int, Any]]] = {}
        for type in (_HISTOGRAM, TEXTS, JSON):
            for row in self._client.iter_data(self._place, number, type=type):
                if self._matters(row["name"]):
                    value = _histogram(row["value"]) if type == _HISTOGRAM else row["value"]
                    found.setdefault(row["name"], {})[row["step"]] = (row["time"], value)
        columns = []
        for name, rows in found.items():
            steps = sorted(rows)
            times = np.array([rows[step][0] for step in steps], np.int64)
            columns.append(Column(name, np.array(steps, float), times, [rows[step][1] for step in steps]))
        return columns


def as_logged(values: Floats, is_bool: bool = False) -> list[Any]:
    """Stored numbers as they were logged: ints where all of them are whole, booleans where that is known."""
    import numpy as np

    if not len(values) or not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
        return list(values.tolist())
    if np.any(np.abs(values) >= 2.0**63):
        return list(values.tolist())
    whole: list[int] = values.astype(np.int64).tolist()
    return [bool(value) if value in (0, 1) else value for value in whole] if is_bool else whole


def _histogram(value: Mapping[str, Any]) -> dict[str, Any]:
    """A native histogram as this door has them."""
    bins = value.get("bins")
    if isinstance(bins, Mapping):
        low, high, count = float(bins["min"]), float(bins["max"]), int(bins["num"])
        bins = [low + (high - low) * index / count for index in range(count + 1)]
    return {"_type": "histogram", "values": value.get("freq"), "bins": bins}


class _Clock:
    """What `_runtime` is at a time: seconds since the process took the run up, and before."""

    def __init__(self, own: Mapping[str, Any], run: Mapping[str, Any]) -> None:
        starts = sorted((int(start), float(offset)) for start, offset in (own.get("starts") or {}).items())
        if not starts:
            starts = [(int(read_moment(str(run["createdAt"])).timestamp() * 1e6), 0.0)]
        self._times = [start for start, _ in starts]
        self._offsets = [offset for _, offset in starts]

    def runtime(self, time_us: int) -> float:
        index = max(bisect.bisect_right(self._times, time_us) - 1, 0)
        return max(0.0, self._offsets[index] + (time_us - self._times[index]) / 1e6)
