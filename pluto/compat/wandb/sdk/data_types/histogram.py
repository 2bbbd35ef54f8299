"""Histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue


class Histogram(WBValue):
    """How many numbers fall into each bin.

    `sequence`: numbers, to be counted in `num_bins` bins of equal width. Or `np_histogram`: counts and edges that there
    are already, as `numpy.histogram` gives them.

    Raises `ValueError` for more than 512 bins, and where there is not one edge more than there are counts.
    """

    MAX_LENGTH = 512
    _log_type = "histogram"

    histogram: list[float]
    """The counts."""
    bins: list[float]
    """The edges."""

    def __init__(self, sequence: Sequence[Any] | None = None, np_histogram: Any = None, num_bins: int = 64) -> None:
        super().__init__()
        if np_histogram:
            if len(np_histogram) != 2:
                raise ValueError(
                    "Expected np_histogram to be a tuple of (values, bin_edges) or sequence to be specified"
                )
            counts, edges = np_histogram
        else:
            import numpy

            counts, edges = numpy.histogram(sequence, bins=num_bins)  # type: ignore[arg-type]  # it says what is wrong
        self.histogram, self.bins = (part.tolist() if hasattr(part, "tolist") else part for part in (counts, edges))
        if len(self.histogram) > self.MAX_LENGTH:
            raise ValueError(f"The maximum length of a histogram is {self.MAX_LENGTH}")
        if len(self.histogram) + 1 != len(self.bins):
            raise ValueError("len(bins) must be len(histogram) + 1")

    def to_json(self, run: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Counts and edges."""
        return {"_type": self._log_type, "values": self.histogram, "bins": self.bins}


__all__ = ["Histogram"]
