"""Reading the attributes of runs, whoever wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pluto.compat.attributes import stored
from pluto.compat.attributes.containers import Container, companion, stored_id
from pluto.compat.attributes.floats import Floats
from pluto.compat.attributes.kinds import AttributeKind, TrackedFile, TrackedFiles
from pluto.compat.attributes.layout import COMPLETION, PREVIEW, SYS
from pluto.compat.attributes.snapshot import RunAttributes
from pluto.compat.attributes.values import (
    FloatPoints,
    HistogramPoints,
    HistogramValue,
    StoredFile,
    TextPoints,
    histogram_of,
)
from pluto.protocol.records import ATTRIBUTES

if TYPE_CHECKING:
    from typing_extensions import Self

    from pluto.core.op import Op
    from pluto.core.settings import Settings
    from pluto.query import Client

_GENERATIONS: Final = 1_000
_MEASURED: Final = re.compile(r"cpu|memory|gpu(_memory|_power)?(_\d+)?|\w+\.[\w.]+")
"""How the last part of a path may look that stands for a sensor."""
V = TypeVar("V")
Row = tuple[float, int, V]
"""Step, time and value."""


class AttributeReader:
    """Reads runs of the local store or a server. Sees what this process has written. Raises `pluto.query.QueryError`.

    `settings` says where (as `pluto.query.Client`), or `client` is used as it is and left open.
    """

    def __init__(
        self, client: Client | None = None, *, settings: Settings | Mapping[str, Any] | None = None, timeout: int = 30
    ) -> None:
        self._given = client
        self._where = settings
        self._timeout = timeout
        self._own: Client | None = None

    @classmethod
    def of(cls, op: Op) -> AttributeReader:
        """A reader of the place an open run goes to."""
        return cls(settings=op.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection, if it is the reader's own. Reading again opens another."""
        if self._own is not None:
            self._own.close()
            self._own = None

    @property
    def client(self) -> Client:
        """What it reads through."""
        if self._given is not None:
            return self._given
        if self._own is None:
            from pluto.query import Client

            self._own = Client(settings=self._where, timeout=self._timeout)
        return self._own

    # runs

    def find(
        self,
        project: str,
        *,
        display_id: str | None = None,
        external_id: str | None = None,
        id: int | None = None,
        container: Container = "run",
        series: Collection[str] | None = None,
    ) -> RunAttributes | None:
        """The run of this project named by exactly one of these, or None.

        `display_id` is what `RunAttributes.sys_id` says: a run that was brought over from elsewhere has the short id it
        had there, and no other; the store's own display id names all others. With the last values of all its series,
        unless only some `series` are asked for.
        """
        if sum(given is not None for given in (display_id, external_id, id)) != 1:
            raise ValueError("give one of display_id, external_id and id")
        if display_id is not None and container == "run":
            return self._by_sys_id(project, display_id, series)
        found = self.client.iter_overviews(
            companion(project, container),
            display_id=display_id,
            external_id=None if external_id is None else stored_id(external_id),
            ids=None if id is None else [id],
            **_asked(series),
        )
        return next((RunAttributes(one, series) for one in found), None)

    def _by_sys_id(self, project: str, sys_id: str, series: Collection[str] | None) -> RunAttributes | None:
        old = {f"config.{ATTRIBUTES}.{SYS}.id": sys_id}
        ids = [int(run["id"]) for run in self.client.list_runs(project, filters=old, limit=1)]
        named: dict[str, Any] = {"ids": ids} if ids else {"display_id": sys_id}
        for one in self.client.iter_overviews(project, **named, **_asked(series)):
            run = RunAttributes(one, series)
            if run.sys_id.upper() == sys_id.upper():
                return run
        return None

    def runs(
        self,
        project: str,
        *,
        container: Container = "run",
        series: Collection[str] | None = (),
        trashed: bool | None = False,
    ) -> Iterator[RunAttributes]:
        """Every run of the project, newest first.

        `series`: which series' last values (and minima, …), and which files, come along; None for all. `trashed`: only
        runs that are in the trash, or are not; None for both.
        """
        for one in self.client.iter_overviews(companion(project, container), **_asked(series)):
            run = RunAttributes(one, series)
            if trashed is None or run.trashed is trashed:
                yield run

    def lineage(self, run: RunAttributes) -> list[tuple[RunAttributes, float]]:
        """The runs it was forked from, parent first, and the step up to which each one's points count."""
        found: list[tuple[RunAttributes, float]] = []
        bound = float("inf")
        while run.parent is not None and run.fork_step is not None and len(found) < _GENERATIONS:
            parent = self.find(run.project, id=run.parent, container=run.container, series=())
            if parent is None:
                break
            bound = min(bound, run.fork_step)
            found.append((parent, bound))
            run = parent
        return found

    def highest_step(self, project: str, id: int, path: str, *, files: bool = False) -> float | None:
        """The highest step a series of a run has in the store, which is not waited for."""
        if files:
            run = self.find(project, id=id, series=())
            return None if run is None else max((file.step for file in self.files(run, path)), default=None)
        found = self.client.iter_overviews(project, ids=[id], metrics=[path, path + PREVIEW], data=[path], fresh=False)
        for one in found:
            steps = [facts.last_step for facts in one.metrics.values()] + [row["step"] for row in one.data.values()]
            return max((float(step) for step in steps if step is not None), default=None)
        return None

    # series

    def floats(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
        previews: bool = False,
    ) -> FloatPoints:
        """A float series; nothing for a path that is none.

        `inherited`: with what the runs it was forked from had logged up to the fork. `tail`: only the last so many.
        `previews`: with the points behind the last one that may yet change.
        """
        return self.many_floats(
            [(run, path)], step_min=step_min, step_max=step_max, tail=tail, inherited=inherited, previews=previews
        )[0]

    def many_floats(
        self,
        pairs: Sequence[tuple[RunAttributes, str]],
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
        previews: bool = False,
    ) -> list[FloatPoints]:
        """Float series of many runs, in the order asked for, in as few requests as can be."""
        reading = Floats(self.client, step_min, step_max, tail, previews=previews)
        ancestors: dict[int, list[tuple[RunAttributes, float]]] = {}
        for run, path in pairs:
            if inherited and run.id not in ancestors:
                ancestors[run.id] = self.lineage(run)
            reading.ask(run, path, ancestors.get(run.id, ()))
        return reading.points()

    def texts(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> TextPoints:
        """A string series, likewise. Console lines count as steps (`monitoring.Stream.step`)."""
        rows = self._rows(run, path, self._texts_of, step_min, step_max, tail, inherited)
        return TextPoints([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])

    def histograms(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> HistogramPoints:
        """A histogram series, likewise."""
        rows = self._rows(run, path, self._histograms_of, step_min, step_max, tail, inherited)
        return HistogramPoints([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])

    def _rows(
        self,
        run: RunAttributes,
        path: str,
        read: Callable[[RunAttributes, str], Iterable[Row[V]]],
        low: float | None,
        high: float | None,
        tail: int | None,
        inherited: bool,
    ) -> list[Row[V]]:
        """By rising step, the last of each step; of ancestors what lies before the run's own."""
        found: dict[float, Row[V]] = {}
        sources = [(run, float("inf")), *(self.lineage(run) if inherited else ())]
        for source, bound in reversed(sources):
            bounded = (row for row in read(source, path) if row[0] <= bound)
            found.update((row[0], row) for row in sorted(bounded, key=lambda row: row[1]))
        rows = [
            found[step] for step in sorted(found) if (low is None or step >= low) and (high is None or step <= high)
        ]
        return rows if tail is None else rows[-tail:]

    def _texts_of(self, run: RunAttributes, path: str) -> Iterator[Row[str]]:
        project, stream = run.overview.project, run.streams.get(path)
        if stream is not None:
            lines = self.client.iter_lines(project, run.id, stream.stream, stream.source)
            for number, line in enumerate(lines):
                yield stream.step(number, run.fork_step), line["time"], line["message"]
        elif run.kind(path) is AttributeKind.STRING_SERIES and path in run.names:
            for row in self.client.iter_data(project, run.id, run.names[path], "string-series"):
                yield float(row["step"]), row["time"], row["value"]

    def _histograms_of(self, run: RunAttributes, path: str) -> Iterator[Row[HistogramValue]]:
        if run.kind(path) is AttributeKind.HISTOGRAM_SERIES and path in run.names:
            for row in self.client.iter_data(run.overview.project, run.id, run.names[path], "HISTOGRAM"):
                yield float(row["step"]), row["time"], histogram_of(row["value"])

    # files

    def files(
        self,
        run: RunAttributes,
        path: str,
        *,
        step_min: float | None = None,
        step_max: float | None = None,
        tail: int | None = None,
        inherited: bool = False,
    ) -> list[StoredFile]:
        """The one of a File, all of a series by step, all of a set by name; nothing for a path that is none.

        The bounds, and what is `inherited`, concern a series alone.
        """
        if run.kind(path) is AttributeKind.FILE_SERIES or (inherited and run.kind(path) is None):
            rows = self._rows(run, path, self._series_of, step_min, step_max, tail, inherited)
            return [file for _, _, file in rows]
        return stored.files(self.client, run, path)

    def _series_of(self, run: RunAttributes, path: str) -> Iterator[Row[StoredFile]]:
        if run.kind(path) is AttributeKind.FILE_SERIES:
            for file in stored.files(self.client, run, path):
                yield file.step, file.time, file

    def download(self, file: StoredFile, destination: Path) -> Path:
        """Writes a file's content to exactly this place (folders are made), and gives it."""
        return stored.download(self.client, file, destination)

    def read(self, file: StoredFile) -> bytes:
        """A file's content."""
        return stored.content(self.client, file)

    def tracked(self, run: RunAttributes, path: str) -> TrackedFiles:
        """An artifact with its list of files. Raises `KeyError`."""
        found = run.atom(path)
        if not isinstance(found, TrackedFiles):
            raise KeyError(path)
        for file in stored.manifest(self.client, run, path):
            rows = json.loads(self.read(file))
            files = tuple(
                TrackedFile(name, digest, kind, tuple(metadata.items()), size)
                for name, digest, kind, metadata, size in rows
            )
            return TrackedFiles(found.hash, files, found.size)
        return found


def _asked(series: Collection[str] | None) -> dict[str, Any]:
    """What to ask of a server for the summaries of series."""
    if series is None:
        return {"metrics": None, "data": None, "files": None, "console": True}
    if not series:
        return {}
    # Which metrics a namespace of the hardware is made of is not known before.
    derived = [path for path in series if path.rpartition("/")[2] in ("stdout", "stderr")]
    hardware = any(_MEASURED.fullmatch(path.rpartition("/")[2]) for path in series)
    metrics = None if hardware else [name for path in series for name in (path, path + PREVIEW, path + COMPLETION)]
    return {"metrics": metrics, "data": list(series), "files": list(series), "console": bool(derived)}
