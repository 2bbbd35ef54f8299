"""Series of texts, files and histograms, a value for each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_query.internal import frames
from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.files import as_cell
from pluto.compat.neptune_query.internal.lineage import series_of, stretches
from pluto.compat.neptune_query.internal.members import ContainerType, Stretch
from pluto.compat.neptune_query.internal.search import find
from pluto.compat.neptune_query.types import Histogram

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.attributes import AttributeReader, HistogramValue
    from pluto.compat.neptune_query.internal.wanted import Points, Target

    Read = Iterator[tuple[float, int, Any]]


def fetch(target: Target, wanted: Points) -> pd.DataFrame:
    """The values of series, a line for each step."""
    frames.pandas()
    parts: list[frames.Part] = []
    with reading() as reader:
        for member in find(reader, target.project, target.container, target.expression, related=False):
            line = stretches(member, target.container, to_the_root=wanted.to_the_root)
            label = member.label(target.container)
            for path, kind in series_of(line, target.selection).items():
                values = _values(reader, line, path, kind, wanted, label, target.container)
                parts.append(_part(label, path, values, wanted.tail))
    return frames.by_step(parts, target.container, time=wanted.time, previews=False)


def _values(
    reader: AttributeReader,
    line: Sequence[Stretch],
    path: str,
    kind: AttributeKind,
    wanted: Points,
    label: str,
    container: ContainerType,
) -> Read:
    """Step, time and value of each point, of one stretch after another."""
    low, high = wanted.steps
    for part in line:
        if part.run.kind(path) is not kind:
            continue
        bounds: dict[str, Any] = {"step_min": low, "step_max": part.bound(high), "tail": wanted.tail}
        if kind is AttributeKind.STRING_SERIES:
            texts = reader.texts(part.run, path, **bounds)
            yield from zip(texts.steps, texts.times, texts.values, strict=True)
        elif kind is AttributeKind.HISTOGRAM_SERIES:
            found = reader.histograms(part.run, path, **bounds)
            yield from zip(found.steps, found.times, map(histogram, found.values), strict=True)
        else:
            for stored in reader.files(part.run, path, **bounds):
                yield stored.step, stored.time, as_cell(stored, part.run, label, container, step=stored.step)


def histogram(value: HistogramValue) -> Histogram:
    """A histogram as it stands in a frame."""
    kind = "DENSITY" if value.density else "COUNTING"
    return Histogram(kind, [float(edge) for edge in value.edges], [float(one) for one in value.values])


def _part(label: str, path: str, values: Read, tail: int | None) -> frames.Part:
    import numpy as np

    rows = sorted(values, key=lambda row: row[0])
    rows = rows if tail is None else rows[-tail:]
    cells = np.empty(len(rows), object)
    cells[:] = [cell for _, _, cell in rows]
    steps = np.array([step for step, _, _ in rows], np.float64)
    return frames.Part(label, path, steps, np.array([at for _, at, _ in rows], np.int64), cells)
