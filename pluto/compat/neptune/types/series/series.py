"""Values over steps."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

from pluto.compat.neptune.internal.utils import is_collection
from pluto.compat.neptune.types.value import Value

__all__ = ["Series"]


class Series(Value):
    """The whole of a series: values with their steps (None: the next one) and times (seconds since the epoch)."""

    def __init__(self, values: Any, steps: Sequence[float] | None, timestamps: Sequence[float] | None) -> None:
        if not is_collection(values):
            raise TypeError(f"the values of a series are a list, set or tuple, not a {type(values).__name__}")
        self._values: list[Any] = list(values)
        self._steps: list[float | None] = self._beside("steps", steps) or [None] * len(values)
        self._timestamps: list[float] = self._beside("timestamps", timestamps) or [time.time()] * len(values)

    @property
    def values(self) -> Any:
        """The values."""
        return self._values

    @property
    def steps(self) -> Any:
        """Their steps."""
        return self._steps

    @property
    def timestamps(self) -> Any:
        """Their times."""
        return self._timestamps

    def __len__(self) -> int:
        return len(self._values)

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.values})"

    def _beside(self, name: str, given: Collection[Any] | None) -> list[Any] | None:
        if given is not None and len(given) != len(self._values):
            raise AssertionError(f"{len(self._values)} values have as many {name}, not {len(given)}")
        return None if given is None else list(given)
