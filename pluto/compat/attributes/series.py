"""Writing series: floats, texts, histograms, files over steps."""

from __future__ import annotations

import array
import json
import sys
import time as clock
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes import layout
from pluto.compat.attributes.changes import ConfigWriter, microseconds
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.attributes.values import HistogramValue
from pluto.core import fork
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.core.media import File


class SeriesWriter(ConfigWriter):
    """The part of an `AttributeWriter` that writes series."""

    def log_floats(self, values: Mapping[str, float], step: float, time: float | None = None) -> None:
        """One point for each of many float series, all at one step: one record. Values are `float` or `int`.

        For doors that count steps themselves: `last_step` and the steps of `append_floats` do not know of it.
        """
        self.op.log_at(values, step, clock.time_ns() // 1000 if time is None else int(time * 1_000_000))

    def log_previews(
        self, values: Mapping[str, float], step: float, completion: float, time: float | None = None
    ) -> None:
        """The same for points that may yet change; `completion` is from 0 to 1."""
        both: dict[str, int | float] = {}
        for path, value in values.items():
            both[path + layout.PREVIEW] = value
            both[path + layout.COMPLETION] = completion
        self.op.log_at(both, step, microseconds(time))

    def append_floats(
        self,
        path: str,
        values: Sequence[float],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one float series. Without `steps` they get the next ones: the last one plus 1, from 0."""
        if len(values) == 1:
            moment = clock.time_ns() // 1000 if times is None else int(times[0] * 1_000_000)
            if steps is None:
                self._steps.begin(path)
            with fork.sqlite_lock():
                step = self._steps.next(path) if steps is None else self._steps.use(path, steps[0])
                self.op.log_at({path: values[0]}, step, moment)
            return
        if not values:
            return
        self._begin(path, steps)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(values), steps)
            columns = records.Columns(path, _doubles(chosen), _integers(_moments(len(values), times)), _doubles(values))
            self.op.write(columns)

    def append_texts(
        self,
        path: str,
        values: Sequence[str],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one string series, likewise."""
        self._begin(path, steps)
        moments = _moments(len(values), times)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(values), steps)
            for text, step, moment in zip(values, chosen, moments, strict=True):
                self.op.write(records.Texts(moment, step, {path: _storable(text)}))

    def log_texts(self, values: Mapping[str, str], step: float, time: float | None = None) -> None:
        """One point for each of many string series, all at one step: one record. As `log_floats`."""
        texts = {path: _storable(text) for path, text in values.items()}
        self.op.write(records.Texts(microseconds(time), step, texts))

    def append_files(
        self,
        path: str,
        files: Sequence[File],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
        names: Sequence[str | None] | None = None,
        descriptions: Sequence[str | None] | None = None,
    ) -> None:
        """Files (or images, …) of one file series, likewise. A file that can't be read raises `OSError`."""
        self.declare({path: AttributeKind.FILE_SERIES})
        self._begin(path, steps, files=True)
        moments = _moments(len(files), times)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(files), steps)
        for at, (file, step, moment) in enumerate(zip(files, chosen, moments, strict=True)):
            changes: dict[str, Any] = {}
            if names is not None and names[at] is not None:
                changes["metadata"] = {"name": names[at]}
            if descriptions is not None and descriptions[at] is not None:
                changes["caption"] = descriptions[at]
            self.op.log_file(path, file, step, moment, **changes)

    def append_histograms(
        self,
        path: str,
        histograms: Sequence[HistogramValue],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one histogram series, likewise."""
        self._begin(path, steps)
        moments = _moments(len(histograms), times)
        with fork.sqlite_lock():
            chosen = self._steps.choose(path, len(histograms), steps)
            for histogram, step, moment in zip(histograms, chosen, moments, strict=True):
                self.op.write(records.Data(moment, step, path, "HISTOGRAM", _histogram(histogram)))

    def last_step(self, path: str) -> float | None:
        """The highest step of a series, own writes included; None where it has none.

        Of a run that was there before the store is asked, once a series.
        """
        self._steps.begin(path, files=self._kinds.get(path) is AttributeKind.FILE_SERIES)
        return self._steps.last(path)

    def _begin(self, path: str, steps: object, *, files: bool = False) -> None:
        """Where steps are to be counted, sees to it that what the store holds is known."""
        if steps is None:
            self._steps.begin(path, files=files)


def _moments(count: int, times: Sequence[float] | None) -> list[int]:
    if times is None:
        return [clock.time_ns() // 1000] * count
    return [int(time * 1_000_000) for time in times]


def _doubles(values: Sequence[float]) -> bytes:
    return _packed(array.array("d", values))


def _integers(values: Sequence[int]) -> bytes:
    return _packed(array.array("q", values))


def _packed(column: array.array[Any]) -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _histogram(histogram: HistogramValue) -> str:
    """In the layout of the stock API; the edges themselves, since even ones would come back rounded."""
    payload = {
        "freq": list(histogram.values),
        "maxFreq": max(histogram.values, default=0),
        "bins": list(histogram.edges),
        "shape": "generic",
        "type": "Histogram",
        "v": 1,
    }
    if histogram.density:
        payload["density"] = True
    return json.dumps(payload)


def _storable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
