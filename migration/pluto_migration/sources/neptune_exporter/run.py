"""A run, or a model or one of its versions, as it lies in an export."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pluto.compat.attributes import companion
from pluto_migration.model import Item, Parent
from pluto_migration.paths import inside
from pluto_migration.source import Problems, SourceError, SourceRun, fingerprint_of
from pluto_migration.sources.neptune_exporter.columns import texts
from pluto_migration.sources.neptune_exporter.console import Printed, stream_of
from pluto_migration.sources.neptune_exporter.facts import KINDS, SYS, Attributes, microseconds, parameters
from pluto_migration.sources.neptune_exporter.files import KINDS as FILE_KINDS
from pluto_migration.sources.neptune_exporter.files import Files
from pluto_migration.sources.neptune_exporter.layout import Parts
from pluto_migration.sources.neptune_exporter.part import BROKEN, Part, raise_if_full
from pluto_migration.sources.neptune_exporter.rows import Rows, batches, by_kind, ids
from pluto_migration.sources.neptune_exporter.series import Histograms, Metrics, string_rows


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a run before all of it is read."""

    project: str
    run: str
    own: dict[str, Any] = field(default_factory=dict)
    """Its attributes under `sys/`, by what follows that."""

    @property
    def newer(self) -> bool:
        """Whether it is of the 3.x client: nothing says so but that its id is the one given to it, and not `sys/id`."""
        if "id" in self.own:
            return bool(self.own["id"] != self.run)
        return self.own.get("custom_run_id") == self.run

    @property
    def put_away(self) -> bool:
        """Whether it is in the trash, or archived."""
        return self.own.get("trashed") is True or self.own.get("archived") is True


def head_of(path: Path) -> Head:
    """What the first part says of its run. Raises `SourceError` where it can't be read, or has no rows."""
    problems, of_rows = Problems(), Problems()
    named: tuple[str, str] | None = None
    found: dict[str, Any] = {}
    for batch, where in batches(path, problems):
        try:
            named = named or ids(batch)
            if named is None:
                continue
            over = False
            for kind, rows in by_kind(batch, where, named, of_rows):  # `read` notes them
                if kind not in KINDS:
                    over = True
                    continue
                found.update((at[len(SYS) :], value) for at, value in parameters(kind, rows) if at.startswith(SYS))
        except BROKEN as error:
            raise SourceError(f"can't be read: {error}") from None
        if over:
            break  # parameters stand first
    for problem, _ in problems:
        raise SourceError(problem.what if problem.where == str(path) else f"{problem.where}: {problem.what}")
    if named is None:
        raise SourceError("says of no run: it has no rows")
    return Head(*named, found)


class ExportedRun(SourceRun):
    """One of them."""

    def __init__(
        self, head: Head, parts: Parts, project: str, parent: Parent | None, told: Sequence[tuple[str, str]]
    ) -> None:
        """`parent`: as the store will know it. `told`: what the exporter says that it did not get."""
        self._head = head
        self._parts = parts
        self._parent = parent
        self._told = tuple(told)
        self._stat: tuple[str, int] | None = None
        self.project = companion(project, "model") if parts.folder.model else project
        self.id = external_id(head)
        self.path = parts.paths[0]

    @property
    def created(self) -> int | None:
        """When it began."""
        return microseconds(self._head.own.get("creation_time"))

    @property
    def name(self) -> str | None:
        """Its name."""
        found = self._head.own.get("name")
        return found if isinstance(found, str) and found else None

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from."""
        return self._parent

    @property
    def old_ids(self) -> Sequence[str]:
        """Its short id, where that is not the one it has in the store."""
        return tuple(one for one in (self._head.own.get("id"),) if isinstance(one, str) and one and one != self.id)

    @property
    def fingerprint(self) -> str:
        """Of its parts and of the files they name."""
        return self._measured()[0]

    @property
    def size(self) -> int:
        """Bytes of its parts and of the files they name."""
        return self._measured()[1]

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All of the run."""
        for where, what in self._told:
            problems.note(where, what)
        if not self._parts.complete:
            problems.note(self.path.parent, f"{self._parts.stem}: the export was interrupted, and this is what is left")
        for number in self._parts.lost:
            problems.note(self.path.parent, f"{self._parts.stem}_part_{number}.parquet is missing")
        printed = Printed(scratch)
        try:
            yield from _Reading(self, scratch, printed, problems).items()
        finally:
            printed.close()

    def _measured(self) -> tuple[str, int]:
        if self._stat is None:
            files = [*self._parts.paths, *self._files()]
            size = 0
            for path in files:
                size += path.stat().st_size
            self._stat = fingerprint_of(files, self.project, self.id), size
        return self._stat

    def _files(self) -> Iterator[Path]:
        """The files that the rows name, as far as they are there."""
        root = self._parts.folder.files
        for recorded in self._recorded():
            try:
                found = inside(root, recorded)
                if found.is_dir():
                    for folder, _, names in os.walk(found):
                        yield from (path for path in (Path(folder, name) for name in names) if path.is_file())
                elif found.is_file():
                    yield found
            except (SourceError, OSError):
                continue  # `read` says so

    def _recorded(self) -> Iterator[str]:
        for path in self._parts.paths:
            try:
                with Part(path) as part:
                    for group in range(part.groups):
                        for batch in part.rows(group, ["file_value.path"]):
                            for column in batch.columns:
                                yield from filter(None, texts(column.field(0)))
            except (SourceError, *BROKEN):
                continue


class _Reading:
    """One reading of a run."""

    def __init__(self, run: ExportedRun, scratch: Path, printed: Printed, problems: Problems) -> None:
        self._run = run
        self._head = run._head
        self._problems = problems
        self._printed = printed
        self._attributes = Attributes()
        began = run.created or 0
        self._began = began
        self._metrics = Metrics(began)
        self._histograms = Histograms(began)
        self._files = Files(run._parts.folder.files, scratch, self._attributes, problems)

    def items(self) -> Iterator[Item]:
        """Everything there is; what is known of the run as a whole comes last."""
        read = 0
        named = (self._head.project, self._head.run)
        for path in self._run._parts.paths:
            for batch, where in batches(path, self._problems):
                read += 1
                try:
                    kinds = list(by_kind(batch, where, named, self._problems))
                except BROKEN as error:
                    self._problems.note(
                        where, f"{batch.num_rows} rows of which it can't be told whose they are: {error}"
                    )
                    continue
                for kind, rows in kinds:
                    try:
                        yield from self._take(kind, rows)
                    except BROKEN as error:
                        raise_if_full(error)
                        self._problems.note(where, f"{len(rows)} rows of kind {kind!r} can't be read: {error}")
        if not read:
            raise SourceError(f"no part of {self._run.label} can be read")
        yield from self._metrics.drain()
        yield from self._printed.lines()
        yield self._facts()

    def _take(self, kind: str, rows: Rows) -> Iterator[Item]:
        if kind in KINDS:
            for path, value in parameters(kind, rows):
                self._attributes.add(path, value, rows.where, self._problems)
        elif kind == "float_series":
            yield from self._metrics.take(rows, self._problems)
        elif kind == "string_series":
            for texts in string_rows(rows, self._began, self._problems):
                printed = stream_of(texts.name, newer=self._head.newer)
                if printed is None:
                    yield texts
                else:
                    self._printed.take(*printed, texts)
        elif kind == "histogram_series":
            yield from self._histograms.take(rows, self._problems)
        elif kind in FILE_KINDS:
            yield from self._files.take(kind, rows)
        else:
            self._problems.note(rows.where, f"{len(rows)} rows of the unknown kind {kind!r}: left out")

    def _facts(self) -> Item:
        attributes = self._attributes
        for namespace, streams in self._printed.streams.items():
            attributes.monitoring.setdefault(namespace, {}).update(streams)
        for namespace in self._metrics.hardware:
            attributes.monitoring.setdefault(namespace, {})["hardware"] = True
        attributes.extras["kind"] = "neptune3" if self._head.newer else "neptune2"
        if self._histograms.words:
            attributes.extras["histogram_types"] = self._histograms.words
        return attributes.facts(newer=self._head.newer, model=self._run._parts.folder.model)


def external_id(head: Head) -> str:
    """The id of a run in the store: the one its user gave it, else Neptune's."""
    custom = head.own.get("custom_run_id")
    return custom if not head.newer and isinstance(custom, str) and custom else head.run
