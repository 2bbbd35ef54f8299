"""Metrics, a point for each step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune_query.internal import frames
from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.lineage import series_of, stretches
from pluto.compat.neptune_query.internal.members import Stretch
from pluto.compat.neptune_query.internal.search import find

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.attributes import AttributeReader, FloatPoints
    from pluto.compat.neptune_query.internal.wanted import Points, Target


def fetch(target: Target, wanted: Points, *, type_suffix: bool) -> pd.DataFrame:
    """The points of metrics, a line for each step."""
    frames.pandas()
    with reading() as reader:
        parts = read(reader, target, wanted)
    suffix = ":float_series" if type_suffix else ""
    return frames.by_step(parts, target.container, suffix=suffix, time=wanted.time, previews=wanted.previews)


def read(reader: AttributeReader, target: Target, wanted: Points) -> list[frames.Part]:
    """The metrics asked for, one after another."""
    series: list[tuple[str, str, list[int]]] = []
    stretched: list[tuple[Stretch, str]] = []
    for member in find(reader, target.project, target.container, target.expression, related=False):
        line = stretches(member, target.container, to_the_root=wanted.to_the_root)
        for path in series_of(line, target.selection):
            series.append((member.label(target.container), path, [*range(len(stretched), len(stretched) + len(line))]))
            stretched += [(part, path) for part in line]
    found = _points(reader, stretched, wanted)
    return [_joined(label, path, [found[n] for n in numbers], wanted) for label, path, numbers in series]


def _points(reader: AttributeReader, stretched: Sequence[tuple[Stretch, str]], wanted: Points) -> list[FloatPoints]:
    """The points of each stretch; asked for together where the same steps count."""
    low, high = wanted.steps
    alike: dict[float | None, list[int]] = defaultdict(list)
    for number, (part, _) in enumerate(stretched):
        alike[part.bound(high)].append(number)
    found: dict[int, FloatPoints] = {}
    for bound, numbers in alike.items():
        pairs = [(stretched[n][0].run, stretched[n][1]) for n in numbers]
        many = reader.many_floats(pairs, step_min=low, step_max=bound, tail=wanted.tail, previews=wanted.previews)
        found |= zip(numbers, many, strict=True)
    return [found[n] for n in range(len(stretched))]


def _joined(label: str, path: str, pieces: Sequence[FloatPoints], wanted: Points) -> frames.Part:
    import numpy as np

    columns: list[Any] = [
        np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("steps", "times", "values")
    ]
    if wanted.previews:
        done = np.concatenate([_completions(piece) for piece in pieces])
        columns += [~np.isnan(done), np.nan_to_num(done, nan=1.0)]
    if len(pieces) > 1:
        order = np.argsort(columns[0], kind="stable")
        columns = [column[order] for column in columns]
    if wanted.tail is not None:
        columns = [column[-wanted.tail :] for column in columns]
    return frames.Part(label, path, *columns)


def _completions(points: FloatPoints) -> Any:
    """How complete each point is that is a preview, NaN for the others."""
    import numpy as np

    found = np.full(len(points), np.nan)
    for step, completion in points.previews.items():
        found[points.steps == step] = completion
    return found
