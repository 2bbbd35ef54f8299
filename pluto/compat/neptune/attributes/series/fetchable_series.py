"""A series whose values can be read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.neptune.attributes.series.series import Series
from pluto.compat.neptune.internal.backends.utils import construct_progress_bar

if TYPE_CHECKING:
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["FetchableSeries"]

_PAGE: Final = 1000


class FetchableSeries(Series):
    """A series of numbers or texts."""

    def fetch_last(self) -> Any:
        """The value at the last step; None where there are none."""
        return self._backend.last(self._name)

    def fetch_values(self, *, include_timestamp: bool = True, progress_bar: ProgressBarType | None = None) -> Any:
        """All points, as a data frame of pandas with `step`, `value` and `timestamp` (local time)."""
        import pandas as pd

        points = self._backend.points(self._name, self.kind)
        columns: dict[str, list[Any]] = {"step": [step for step, _, _ in points]}
        columns["value"] = [value for _, _, value in points]
        if include_timestamp:
            columns["timestamp"] = [dt.datetime.fromtimestamp(moment) for _, moment, _ in points]
        shown = False if len(points) < _PAGE else progress_bar
        with construct_progress_bar(shown, f"Fetching {self._name} values") as bar:
            bar.update(by=len(points), total=len(points))
        return pd.DataFrame(columns) if points else pd.DataFrame()
