"""What a store of series must do. `tests/server/series/conformance.py` holds the tests every store passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from pluto.protocol.batch import Entry, Rejection

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Damaged(Exception):
    """A run's series can't be read; other runs are not concerned. The message says why and where."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch."""

    mark: int | None
    """The writer's new high-water mark in this lane; None for a batch without a writer."""
    rejected: list[Rejection]
    """By rising seq; of a writer's batch also those of entries that were stored before."""
    new_names: dict[str, str]
    """Log names seen for the first time in this run, with their type (`METRIC`, `IMAGE`, `HISTOGRAM`, `DATA`, …)."""
    forgotten: frozenset[str] = frozenset()
    """Names of which something was forgotten. Those of them that are still there, or again, are in `new_names`."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one metric: arrays of equal length."""

    steps: Floats
    times: Integers
    """Microseconds since the epoch."""
    values: Floats
    next: str | None = None
    """Cursor of the next page, None after the last."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """One metric cut into equal ranges of steps; empty buckets are left out."""

    steps: Floats
    """First step of each bucket's points."""
    counts: Integers
    min: Floats
    max: Floats
    mean: Floats
    last: Floats
    """Finite values only in min, max and mean (NaN where there is none); `last` as logged."""
    nonfinite: Integers
    """Flags of what was left out: bit 0 NaN, bit 1 +Inf, bit 2 -Inf."""
    last_steps: Floats
    times: Integers
    """Time of each bucket's last point."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric in a few numbers. min, max, sum and sum_squares over finite values only."""

    count: int
    finite: int
    min: float
    max: float
    sum: float
    sum_squares: float
    last: float
    """Value at the highest step (the latest time there)."""
    last_step: float
    last_time: int
    first_step: float
    first_time: int


@dataclass(frozen=True, slots=True)
class LogLine:
    time: int
    stream: str
    line: int
    message: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class DataRow:
    """A histogram, table, graph (`type` as logged) or string (`type` is `string-series`)."""

    name: str
    type: str
    step: float
    time: int
    body: str


@dataclass(frozen=True, slots=True)
class FileRow:
    name: str
    index: int
    type: str
    file_name: str
    file_type: str
    size: int
    sha256: str | None
    """None for a file a stock client announced and has not sent yet."""
    step: float
    time: int
    caption: str | None
    annotations: str | None
    metadata: str | None
    id: int = 0
    """Set by the store; names the row in `attach_blob`."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and the cursor of the next page, None after the last."""

    rows: list[Any]
    next: str | None


class SeriesStore(Protocol):
    """Everything a run logged, by run number. Methods are safe from several processes at once.

    An unknown run has no series: reads give empty answers, never errors.
    """

    def append(
        self,
        run: int,
        writer: str | None,
        lane: str,
        batch: Sequence[Entry],
        refused: Mapping[int, str] | None = None,
    ) -> Appended:
        """Stores a batch, and the writer's mark with it, in one transaction.

        Entries at or below the writer's mark are skipped. A body that can't be read, or a kind that can't be stored,
        is rejected alone, as is an entry whose seq is in `refused`, for the reason given there. A writer's rejections
        are kept with its mark: whoever sends a batch again hears them again, until a later batch shows that they were
        heard. Kinds that belong to the metadata (config, tags, …) count towards the mark and are kept as they came.
        A FORGET takes away what the run has so far under its names: in the lane of files the files, in the other one
        all else. A name under which nothing is left is gone; one under which something is has the type of that.
        """

    def marks(self, run: int) -> dict[tuple[str, str], int]:
        """High-water marks by (writer, lane)."""

    def seal(self, run: int) -> None:
        """Compacts a run that has ended, and closes it until it is asked for again."""

    def names(self, run: int) -> dict[str, str]:
        """Log names and their types, in the order of first use."""

    def add_names(self, run: int, names: dict[str, str]) -> None:
        """Registers names; the first type of a name stays."""

    def last_step(self, run: int, *, system: bool = False) -> float | None:
        """The highest step of any metric or row; of `sys/…` metrics only when `system`, else of the others only."""

    def points(
        self,
        run: int,
        name: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        order: Literal["step", "logged"] = "step",
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Points:
        """Every point as logged, repeats included. By step (ties as logged), or in the order logged."""

    def buckets(
        self, run: int, name: str, count: int, *, step_min: float | None = None, step_max: float | None = None
    ) -> Buckets:
        """The metric in `count` ranges of equal width, for drawing.

        From `step_min` to `step_max`, or from the first step to the last; both ends belong to it. Steps that are not
        finite are left out. Where a range has thousands of points, those within an eighth of its width from its
        end may be counted in the neighbour. Raises `ValueError` for a count below 1.
        """

    def summaries(self, run: int, names: Sequence[str] | None = None) -> dict[str, Summary]:
        """Summaries of the named metrics, or of all."""

    def logs(
        self, run: int, *, stream: str | None = None, source: str | None = None, limit: int = 1000, offset: int = 0
    ) -> tuple[list[LogLine], int]:
        """Console lines by line number, and how many there are in all; of one stream, of one source."""

    def data(
        self,
        run: int,
        *,
        name: str | None = None,
        type: str | None = None,
        cursor: str | None = None,
        limit: int = 1000,
    ) -> Page:
        """`DataRow`s by name, step and time. `type` compares case-insensitively."""

    def last_data(self, run: int, names: Sequence[str]) -> dict[str, DataRow]:
        """The `DataRow` with the highest step of each of the names."""

    def last_files(self, run: int, names: Sequence[str]) -> dict[str, FileRow]:
        """The `FileRow` with the highest step of each of the names, masks left aside; the latest there."""

    def last_lines(self, run: int) -> list[LogLine]:
        """The last console line of each source and stream."""

    def files(
        self,
        run: int,
        *,
        name: str | None = None,
        group: str | None = None,
        cursor: str | None = None,
        limit: int = 1000,
    ) -> Page:
        """`FileRow`s by step, index and file name."""

    def add_file(self, run: int, row: FileRow) -> int:
        """Announces a file of a stock client; gives the row's id."""

    def attach_blob(self, run: int, file: int, sha256: str, size: int) -> None:
        """Says where the bytes of an announced file went."""

    def alerts(self, run: int) -> list[Any]:
        """`pluto.protocol.records.Alert`s as sent."""

    def events(self, run: int) -> list[Any]:
        """Records of the metadata kinds (`Config`, `Tags`, `Notes`, `Metadata`, `Name`) in order: what changed when."""

    def model_graph(self, run: int) -> str | None:
        """JSON text of the last model graph."""

    def blobs(self, run: int) -> set[str]:
        """Hashes of every blob the run refers to."""

    def delete(self, run: int) -> None:
        """Forgets the run."""

    def close(self) -> None:
        """Lets go of files and connections. A later call takes them up again."""
