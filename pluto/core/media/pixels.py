"""Arrays of any type → 8-bit pixels. Imported by the uploader only: it needs numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[Any]

GRID_WIDTH = 8
"""Images side by side in the grid made of a batch."""

GRID_GAP = 2
"""Pixels between them."""


def to_bytes(values: Numbers) -> Callable[[Numbers], Bytes]:
    """The conversion of `values`, or of parts of them, to 0 to 255: the rule that `Image` documents."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "b":
        return lambda part: part.astype(np.uint8) * np.uint8(255)
    if kind == "u" and size == 1:
        return lambda part: part.astype(np.uint8)
    if kind == "u" and size == 2:
        return lambda part: (part >> 8).astype(np.uint8)
    if kind != "f":
        return lambda part: part.clip(0, 255).astype(np.uint8)
    low, high = _range(values)
    if low < 0:
        middle = low / 2  # halves: the whole range of float64 does not fit one
        scale = (high / 2 - middle) or 1.0
        return lambda part: _rounded((_finite(part, low, high) / 2 - middle) / scale * 255)
    factor = 255.0 if high <= 1 else 1.0
    return lambda part: _rounded(_finite(part, 0.0, 1.0 if factor > 1 else 255.0) * factor)


def _range(values: Numbers) -> tuple[float, float]:
    """The least and the greatest finite number; 0 and 0 if there is none."""
    low, high = np.inf, -np.inf
    for part in values:
        finite = part[np.isfinite(part)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 0.0)


def _finite(values: Numbers, low: float, high: float) -> npt.NDArray[np.float64]:
    """NaN as 0, and infinities as the ends of the range."""
    return np.clip(np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=high, neginf=low), low, high)


def _rounded(values: npt.NDArray[np.float64]) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def channels_last(values: Numbers, axes: str) -> Numbers:
    """The same with `C` as the last of its axes; (H, W, 1) for (H, W)."""
    if "C" not in axes:
        return values[..., np.newaxis]
    return np.moveaxis(values, axes.index("C"), -1)


def grid(images: Numbers, width: int = GRID_WIDTH) -> Numbers:
    """One (H, W, C) image of a batch (N, H, W, C), row by row."""
    count, height, across, channels = images.shape
    columns = min(count, width)
    rows = -(-count // columns)
    size = (rows * (height + GRID_GAP) - GRID_GAP, columns * (across + GRID_GAP) - GRID_GAP, channels)
    whole = np.zeros(size, images.dtype)
    for i, image in enumerate(images):
        top, left = i // columns * (height + GRID_GAP), i % columns * (across + GRID_GAP)
        whole[top : top + height, left : left + across] = image
    return whole
