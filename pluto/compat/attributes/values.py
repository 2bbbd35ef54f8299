"""What reading a series or files gives. Times are microseconds since the epoch, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class FloatPoints:
    """A float series, by rising step: numpy arrays of equal length."""

    steps: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    previews: Mapping[float, float] = field(default_factory=dict)
    """Steps whose value is a preview, and how complete it is (0 to 1)."""

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class TextPoints:
    """A string series, by rising step: lists of equal length."""

    steps: list[float]
    times: list[int]
    values: list[str]

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class HistogramValue:
    """One histogram: one more edge than there are values."""

    edges: tuple[float, ...]
    values: tuple[float, ...]
    density: bool = False
    """Whether the values are densities, and not counts."""


def histogram_of(payload: Mapping[str, Any]) -> HistogramValue:
    """The histogram in a payload as it is stored: edges one by one, or even ones by the first and the last."""
    values, bins = payload.get("freq") or [], payload.get("bins")
    if isinstance(bins, Mapping):
        low, high, count = float(bins["min"]), float(bins["max"]), len(values)
        width = (high - low) / count if count else 0.0
        edges = [low, *(low + at * width for at in range(1, count)), high]
    else:
        edges = [float(edge) for edge in bins or ()]
    return HistogramValue(tuple(edges), tuple(values), bool(payload.get("density")))


@dataclass(frozen=True, slots=True)
class HistogramPoints:
    """A histogram series, by rising step: lists of equal length."""

    steps: list[float]
    times: list[int]
    values: list[HistogramValue]

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file the store has: a File, one of a series, or one of a set."""

    path: str
    """Of the attribute."""
    step: float
    time: int
    size: int
    extension: str
    """Without dot; empty where there is none."""
    name: str
    """Within a set its relative path; of one in a series the name it was given, or empty."""
    description: str | None = None
    mime: str | None = None
    sha256: str | None = None
    """None where the server does not tell."""
    source: Any = field(default=None, repr=False, compare=False)
    """Where its content is, for `AttributeReader.download` and `read`."""
