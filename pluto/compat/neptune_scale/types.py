"""Values with a form of their own: files and histograms."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


@dataclass
class File:
    """A file for `Run.assign_files` or `Run.log_files`, where its source alone does not say enough.

    Args:
        source: A path, or the content as bytes.
        mime_type: What it is, such as "image/png"; found out from name and content when not given.
        size: Bytes; found out when not given.
        destination: Name under which it is kept.
    """

    source: str | Path | bytes
    mime_type: str | None = None
    size: int | None = None
    destination: str | None = None


@dataclass
class Histogram:
    """A histogram of given bins, for `Run.log_histograms`.

    Args:
        bin_edges: At least one and at most 513 rising numbers, as a list or a numpy array; one more than there are
            bins.
        counts: How many values fell into each bin, whole numbers.
        densities: Instead of `counts`: the density in each bin.
    """

    bin_edges: list[float | int] | np.ndarray[Any, Any]
    counts: list[int] | np.ndarray[Any, Any] | None = None
    densities: list[float | int] | np.ndarray[Any, Any] | None = None

    def bin_edges_as_list(self) -> list[float | int]:
        """The edges. Raises `TypeError` where they are neither a list nor an array."""
        return _listed(self.bin_edges, "bin_edges")

    def counts_as_list(self) -> list[int]:
        """The counts. Raises `TypeError` where they are neither a list nor an array."""
        return _listed(self.counts, "counts")

    def densities_as_list(self) -> list[float | int]:
        """The densities. Raises `TypeError` where they are neither a list nor an array."""
        return _listed(self.densities, "densities")


def _listed(values: Any, what: str) -> list[Any]:
    if isinstance(values, list):
        return values
    numpy = sys.modules.get("numpy")  # who has an array has loaded it
    if numpy is not None and isinstance(values, numpy.ndarray):
        return list(values.tolist())
    raise TypeError(f"{what} of a histogram is a list or a numpy array, not {type(values).__name__}")
