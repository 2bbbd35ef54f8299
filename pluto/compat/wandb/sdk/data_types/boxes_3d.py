"""Boxes in space."""

from __future__ import annotations

import itertools
from typing import Any, TypedDict

Point = tuple[float, ...]


class Box3D(TypedDict):
    """A box by its corners."""

    corners: tuple[Point, ...]
    label: str | None
    color: Any
    score: Any


def box3d(
    *, center: Any, size: Any, orientation: Any, color: Any, label: str | None = None, score: Any = None
) -> Box3D:
    """A box of this centre and size (x, y, z), turned as the quaternion `orientation` (r, x, y, z) says.

    `color` is (r, g, b) between 0 and 1. Raises `AssertionError` for other shapes, `ValueError` for a quaternion of
    zeros.
    """
    import numpy

    center, size, orientation = (numpy.asarray(part, dtype=numpy.float64) for part in (center, size, orientation))
    assert center.shape == (3,)
    assert size.shape == (3,)
    assert orientation.shape == (4,)
    unit = numpy.array(list(itertools.product((-1, 1), repeat=3)), dtype=numpy.float64)
    corners = center + (0.5 * size * unit) @ _rotation(orientation)
    return {"corners": tuple(tuple(corner) for corner in corners), "color": color, "label": label, "score": score}


def _rotation(quaternion: Any) -> Any:
    """The matrix that turns points, which are multiplied from the left. The original takes absolute values, too."""
    import numpy

    parts = abs(quaternion)
    largest = parts.max()
    if largest == 0:
        raise ValueError("Unexpected zero quaternion.")
    parts = parts / largest
    r, i, j, k = parts / numpy.linalg.norm(parts)
    return numpy.array(
        (
            (1 - 2 * (j**2 + k**2), 2 * (i * j + k * r), 2 * (i * k - j * r)),
            (2 * (i * j - k * r), 1 - 2 * (i**2 + k**2), 2 * (j * k + i * r)),
            (2 * (i * k + j * r), 2 * (j * k - i * r), 1 - 2 * (i**2 + j**2)),
        ),
        dtype=numpy.float64,
    )
