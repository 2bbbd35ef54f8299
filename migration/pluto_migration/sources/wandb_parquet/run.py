"""One run of which the history was exported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pluto_migration import paths
from pluto_migration.model import POINTS_AT_ONCE, Data, Facts, Item, Points, Texts
from pluto_migration.source import Problems, SourceError, SourceRun, fingerprint_of
from pluto_migration.sources.wandb_local import media
from pluto_migration.sources.wandb_local.rows import JSON, RUNTIME
from pluto_migration.sources.wandb_parquet import columns
from pluto_migration.sources.wandb_parquet.parts import STEP, Parts, numbers
from pluto_migration.sources.wandb_parquet.windows import STAMP, Mask, Window, opened, windows

_CELLS: Final = 1 << 21
"""About how many cells are held at once."""


@dataclass
class ExportedRun(SourceRun):
    """The parts of a run's history."""

    project: str
    id: str
    parts: tuple[Path, ...]
    path: Path = field(init=False)
    _created: int | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.path = self.parts[0] if len(self.parts) == 1 else self.parts[0].parent

    @property
    def created(self) -> int | None:
        """When it began, by the first of its rows; None where that can't be read."""
        if self._created is None:
            try:
                opened = Parts(self.parts, Problems())
            except SourceError:
                return None
            try:
                self._created = _began(opened)
            finally:
                opened.close()
        return self._created

    @property
    def fingerprint(self) -> str:
        """Of the files."""
        return fingerprint_of(self.parts, self.id)

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(path.stat().st_size for path in self.parts)

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:  # noqa: ARG002  nothing is unpacked
        """Row groups whose steps follow each other, column by column."""
        parts = Parts(self.parts, problems)
        try:
            yield Facts(name=self.id, status="unknown", extras={"files": [path.name for path in self.parts]})
            yield from Reading(self, parts, problems).items()
        finally:
            parts.close()


class Reading:
    """Reads one run."""

    def __init__(self, run: ExportedRun, parts: Parts, problems: Problems) -> None:
        self._run, self._parts, self._problems = run, parts, problems
        self._bools: dict[str, bool] = {}
        self._nested: dict[str, list[str]] = {}
        self._folders = list(dict.fromkeys(path.parent for path in run.parts))

    def items(self) -> Iterator[Item]:
        """All of it."""
        time = self._run.created or 0
        last = time
        for groups in windows(self._parts.groups()):
            window, time = opened(self._parts, groups, time)
            last = max(last, int(window.times.max(initial=0)))
            yield from self._window(window)
        own: dict[str, Any] = {"door": "wandb"}
        own |= {"bools": self._bools} if self._bools else {}
        own |= {"nested": self._nested} if self._nested else {}
        own |= {"starts": {str(self._run.created): 0.0}} if self._run.created else {}
        yield Facts(ended=last or None, wandb=own)

    def _window(self, window: Window) -> Iterator[Item]:
        names = [name for name in self._parts.columns if name not in (STEP, STAMP, RUNTIME)]
        at_once = max(1, _CELLS // max(1, window.rows))
        empty = np.ones(len(window.steps), bool)
        for first in range(0, len(names), at_once):
            some = names[first : first + at_once]
            read = [self._parts.read(group, some) for group in window.groups]
            for name in some:
                for path, arrays in self._leaves(name, read):
                    yield from self._column(path, arrays, window, empty)
        # Of rows that are not whole nobody knows whether they have nothing.
        whole = not any((group.part, group.number) in self._parts.damaged for group in window.groups)
        if whole and empty.any():
            yield from self._points(STAMP, window, window.times / 1e6, empty)

    def _leaves(self, name: str, read: Sequence[dict[str, Any]]) -> Iterator[tuple[columns.NamePath, list[Any | None]]]:
        """The column of a name, or those of its fields, with their arrays by group."""
        found: dict[columns.NamePath, list[Any | None]] = {}
        for number, table in enumerate(read):
            if name in table:
                for path, array in columns.leaves((name,), table[name]):
                    found.setdefault(path, [None] * len(read))[number] = array
        yield from found.items()

    def _column(
        self, path: columns.NamePath, arrays: Sequence[Any | None], window: Window, empty: Mask
    ) -> Iterator[Item]:
        kinds = {columns.kind_of(array) for array in arrays if array is not None} - {"nothing"}
        name = ".".join(path) or "_"
        if kinds and len(path) > 1:
            self._nested[name] = list(path)
        if "boolean" in kinds:
            self._bools[name] = True
        if kinds & {"number", "boolean"}:
            values, valid = self._numbers(arrays, window)
            empty &= ~valid
            yield from self._points(name, window, values, valid)
        for kind in ("text", "object"):
            if kind in kinds:
                cells = self._cells(arrays, window, kind)
                empty &= np.array([cell is None for cell in cells], bool)
                yield from self._others(name, window, cells)
        if "other" in kinds:
            types = sorted({str(array.type) for array in arrays if array is not None})
            self._problems.note(self._run.path, f"the column {name!r} is left out: no values of W&B ({types[0]})")

    def _numbers(self, arrays: Sequence[Any | None], window: Window) -> tuple[npt.NDArray[np.float64], Mask]:
        values, valid = [], []
        for array, group in zip(arrays, window.groups, strict=True):
            one = (np.zeros(group.rows), np.zeros(group.rows, bool)) if array is None else numbers(array)
            values.append(one[0])
            valid.append(one[1])
        return window.placed(values), window.placed(valid)

    def _points(self, name: str, window: Window, values: npt.NDArray[np.float64], valid: Mask) -> Iterator[Points]:
        if (valid & window.shared).any():
            valid = window.first_of(valid, values.view(np.int64).tolist())
        chosen = np.flatnonzero(valid)
        for first in range(0, len(chosen), POINTS_AT_ONCE):
            at = chosen[first : first + POINTS_AT_ONCE]
            yield Points(name, window.steps[at], window.times[at], values[at])

    def _cells(self, arrays: Sequence[Any | None], window: Window, kind: columns.Kind) -> list[Any]:
        cells: list[Any] = []
        for array, group in zip(arrays, window.groups, strict=True):
            if array is None or columns.kind_of(array) != kind:
                cells += [None] * group.rows
            else:
                cells += array.to_pylist() if kind == "text" else columns.objects(array)
        return [cells[at] for at in window.order.tolist()]

    def _others(self, name: str, window: Window, cells: Sequence[Any]) -> Iterator[Item]:
        valid = np.array([cell is not None for cell in cells], bool)
        if (valid & window.shared).any():
            valid = window.first_of(valid, [repr(cell) for cell in cells])
        steps: list[float] = []
        times: list[int] = []
        texts: list[str] = []
        for at in np.flatnonzero(valid).tolist():
            step, time, cell = float(window.steps[at]), int(window.times[at]), cells[at]
            value = columns.parsed(cell) if isinstance(cell, str) else cell
            if value is not None:
                yield from self._object(name, step, time, value)
                continue
            steps.append(step)
            times.append(time)
            texts.append(cell)
            if len(texts) == POINTS_AT_ONCE:
                yield Texts(name, steps, times, texts)
                steps, times, texts = [], [], []
        if texts:
            yield Texts(name, steps, times, texts)

    def _object(self, name: str, step: float, time: int, value: Any) -> Iterator[Item]:
        yield Data(name, JSON, step, time, value)
        if not isinstance(value, dict) or not isinstance(value.get("path") or value.get("filenames"), (str, list)):
            return
        if not any((folder / "media").is_dir() for folder in self._folders):
            self._problems.note(self._run.path, f"the files of {name!r} are not beside the export: their JSON comes")
            return
        place = media.Place(name, step, time, self._file, self._problems, str(self._run.path))
        yield from media.items(place, value)

    def _file(self, relative: str) -> Path | None:
        for folder in self._folders:
            try:
                found = paths.inside(folder, relative)
            except SourceError as error:
                self._problems.note(self._run.path, str(error))
                return None
            if found.is_file():
                return found
        return None


def _began(parts: Parts) -> int | None:
    """The earliest start that rows tell: their time, less how long the run had been going on."""
    found: list[float] = []
    for group in parts.groups():
        read = parts.read(group, [STAMP, RUNTIME])
        if STAMP not in read:
            continue
        seconds, valid = numbers(read[STAMP])
        if RUNTIME in read:
            since, known = numbers(read[RUNTIME])
            seconds, valid = seconds - since, valid & known
        valid &= np.isfinite(seconds) & (np.abs(seconds) < 4e12)
        if valid.any():
            found.append(float(seconds[valid].min()))
    return round(min(found) * 1e6) if found else None
