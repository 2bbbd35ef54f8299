"""A run of which databases of the client `neptune-scale` are left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pluto.compat.attributes import layout
from pluto.core.protobuf import DamagedError
from pluto.core.wire import GROUP
from pluto_migration.gather import Gather
from pluto_migration.lines import Lines
from pluto_migration.model import Data, Facts, Item, Parent, Stream
from pluto_migration.source import Problems, SourceError, SourceRun, fingerprint_of
from pluto_migration.sources.neptune_scale import messages
from pluto_migration.sources.neptune_scale.database import NAME, Database, Row, files_of, opened
from pluto_migration.sources.neptune_scale.files import Files
from pluto_migration.sources.neptune_scale.folders import Left, left_below
from pluto_migration.sources.neptune_scale.messages import Bytes, FileRef, Histogram
from pluto_migration.sources.neptune_scale.outline import Atom, Damages, Outline, is_creation, merged, outline

_MICRO: Final = 1_000_000
_STREAM: Final[dict[str, Stream]] = {"stdout": "stdout", "stderr": "stderr"}
_TAGS: Final = ("sys/tags", "sys/group_tags")
_FAILED: Final = "sys/failed"
"""The run's status tells it, also should the run go on."""


class ScaleRun(SourceRun):
    """One run; `paths` are where the one may be found whose config it took over."""

    def __init__(self, left: Left, project: str, path_map: Mapping[str, str], paths: Sequence[str]) -> None:
        self.left = left
        self.project = project
        self.id = left.id
        self.path = left.databases[0].parent
        self._path_map = dict(path_map)
        self._paths = tuple(paths)

    @property
    def created(self) -> int | None:
        """As the run was made with, else when its first operation was written down."""
        return self.left.created if self.left.created is not None else self.left.first

    @property
    def name(self) -> str | None:
        """The experiment's."""
        return self.left.experiment

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from; one of the same project goes with it to where that goes."""
        if self.left.parent is None:
            return None
        project = self.left.parent_project
        own = project in (None, "", self.left.project)
        return Parent(self.project if own else str(project), self.left.parent, self.left.fork_step)

    @cached_property
    def _files(self) -> list[Path]:
        found: list[Path] = []
        for path in self.left.databases:
            found += files_of(path)
        for path in self.left.with_files:
            with contextlib.suppress(SourceError), opened(path, Problems()) as database:
                found += Files(database, self._path_map, Problems()).all()
        return sorted(set(found))

    @property
    def fingerprint(self) -> str:
        """Of the databases, and of the files they refer to that are there."""
        return fingerprint_of(self._files, "neptune-scale", self.project, sorted(self._path_map.items()))

    @property
    def size(self) -> int:
        """Bytes of the databases, and of the files they refer to."""
        return sum(path.stat().st_size for path in self._files)

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All of it: what it holds in the end first, then series and files in the order they were logged."""
        with contextlib.ExitStack() as stack:
            databases = []
            for path in self.left.databases:
                try:
                    databases.append(stack.enter_context(opened(path, problems, scratch)))
                except (SourceError, OSError) as error:
                    problems.note(path, str(error))
            if not databases:
                raise SourceError(f"nothing of the run {self.label} can be read")
            found = outline(databases, Damages(problems))
            for database in databases:
                for kind, details in database.errors():
                    problems.note(
                        database.path, f"Neptune's client had noted: {kind}: {' '.join(details.split())[:500]}"
                    )
            if found.gone:
                problems.note(
                    self.path, f"the first {found.gone} operations were uploaded to Neptune, and are not here"
                )
            yield self._facts(found, self._inherited(found, problems))
            yield from _Stream(found, [one.again() for one in databases], self._path_map, problems).items()
            failed = found.values.get(_FAILED) is True
            yield Facts(status="failed" if failed else "unknown", ended=found.last)

    def _inherited(self, found: Outline, problems: Problems) -> dict[str, Atom]:
        """The config that the run it was forked from had, as far as that has left something, too."""
        creation, values = found.creation, dict[str, Atom]()
        if creation is None or creation.parent is None or not creation.inherits:
            return {}
        by_id = {(left.project, left.id): left for left in left_below(self._paths, Problems())}
        seen = {(self.left.project, self.left.id)}
        while creation is not None and creation.parent is not None and creation.inherits:
            place = creation.parent_project or self.left.project, creation.parent
            if place not in by_id or place in seen:
                problems.note(self.path, f"the config that it took over from {creation.parent} is not here")
                break
            seen.add(place)
            with contextlib.ExitStack() as stack:
                databases = [stack.enter_context(opened(path, Problems())) for path in by_id[place].databases]
                above = outline(databases, Damages(Problems()))
            values = {path: value for path, value in above.values.items() if not path.startswith("sys/")} | values
            creation = above.creation
        return values

    def _facts(self, found: Outline, inherited: Mapping[str, Atom]) -> Facts:
        creation = found.creation
        texts = {path: frozenset(some) for path, some in found.sets.items()}
        values: dict[str, Any] = {**inherited, **found.values, **texts}
        own = {path: values.pop(path) for path in [path for path in values if path.startswith("sys/")]}
        assigned = own.pop("sys/name", None)
        experiment = creation.experiment if creation is not None else None
        notes = own.pop("sys/description", None)
        tags, group_tags = (list(found.sets[path] if path in found.sets else own.get(path, ())) for path in _TAGS)
        for path in (*_TAGS, _FAILED):
            own.pop(path, None)
        if experiment is not None:
            own["sys/experiment/name"] = experiment
        watched: dict[str, dict[str, bool]] = {}
        for path in found.streams:
            namespace, _, stream = path.rpartition("/")
            watched.setdefault(namespace, {})[stream] = True
        said: dict[str, Any] = {
            layout.SYS: layout.nest({path.removeprefix("sys/"): value for path, value in own.items()}, flat=True),
            layout.TYPES: layout.nest(
                dict.fromkeys(found.files, "file") | dict.fromkeys(found.file_series, "file_series"), flat=True
            ),
            layout.GROUP_TAGS: dict.fromkeys(group_tags, True),
            layout.TAGS: {tag: True for tag in tags if tag.startswith(GROUP)},
            layout.MONITORING: watched,
        }
        about: dict[str, Any] = {
            "databases": [path.parent.name if path.name == NAME else path.name for path in self.left.databases]
        }
        if creation is not None:
            about |= {"family": creation.family, "inherits_config": creation.inherits}
        return Facts(
            name=assigned if isinstance(assigned, str) else experiment,
            notes=notes if isinstance(notes, str) else None,
            tags=[tag for tag in tags if not tag.startswith(GROUP)] if tags or _TAGS[0] in found.sets else None,
            config=layout.nest(values, flat=True),
            attributes={key: value for key, value in said.items() if value},
            extras={"neptune_scale": about},
        )


class _Stream:
    """The second pass: series and files, as they come."""

    def __init__(
        self, found: Outline, databases: Sequence[Database], path_map: Mapping[str, str], problems: Problems
    ) -> None:
        self._outline = found
        self._databases = databases
        self._files = [Files(database, path_map, problems) for database in databases]
        self._damages = Damages(problems)
        self._gather = Gather()
        self._lines = {path: Lines(_STREAM[path.rpartition("/")[2]], path.rpartition("/")[0]) for path in found.streams}
        self._fork = found.creation.fork_step if found.creation is not None else None
        self._last: dict[str, float] = {}

    def items(self) -> Iterator[Item]:
        for place, row in merged(self._databases):
            if is_creation(row):
                continue
            with contextlib.suppress(DamagedError):  # it is noted already
                update = messages.update(memoryview(row.data))
                time = update.time if update.time is not None else row.time or 0
                for data in update.assigned:
                    yield from self._assigned(place, row, data, time)
                for data in update.appended:
                    yield from self._appended(place, row, data, update, time)
            if self._gather.full:
                yield from self._gather.drain()
        yield from self._gather.drain()
        for lines in self._lines.values():
            yield from lines.end()

    def _assigned(self, place: int, row: Row, data: Bytes, time: int) -> Iterator[Item]:
        with contextlib.suppress(DamagedError):  # it is noted already
            path, content = messages.entry(data)
            if self._outline.files.get(path) == (place, row.sequence):
                value = messages.value(content)
                file = self._files[place].file(path, value, time, None) if isinstance(value, FileRef) else None
                if file is not None:
                    yield file

    def _appended(self, place: int, row: Row, data: Bytes, update: messages.Update, time: int) -> Iterator[Item]:
        try:
            path, content = messages.entry(data)
            value = messages.value(content)
        except DamagedError as error:
            self._damages.note(self._databases[place], row, f"a value of a series is damaged: {error}")
            return
        step = self._step(path, update.step)
        if isinstance(value, bool) or value is None or not isinstance(value, int | float | str | FileRef | Histogram):
            self._damages.note(
                self._databases[place], row, f"a value of the series {path!r} of a type that is not known"
            )
        elif isinstance(value, int | float):
            if update.preview is None:
                self._gather.point(path, step, time, value)
            else:
                self._gather.point(path + layout.PREVIEW, step, time, value)
                self._gather.point(path + layout.COMPLETION, step, time, update.preview)
        elif isinstance(value, str):
            if path in self._lines:
                yield from self._lines[path].add(value + "\n", time)
            else:
                self._gather.text(path, step, time, value)
        elif isinstance(value, FileRef):
            file = self._files[place].file(path, value, time, step)
            if file is not None:
                yield file
        elif len(value.edges) != len(value.values) + 1:
            self._damages.note(self._databases[place], row, f"a histogram of {path!r} without an edge for each bin")
        else:
            yield Data(path, "HISTOGRAM", step, time, _body(value))

    def _step(self, path: str, given: int | None) -> float:
        """The step that was given, else the whole one behind the last."""
        if given is not None:
            step = given / _MICRO
        else:
            last = self._last.get(path, self._fork)
            step = 0.0 if last is None else float(int(last) + 1)
        self._last[path] = max(step, self._last.get(path, step))
        return step


def _body(histogram: Histogram) -> dict[str, Any]:
    body: dict[str, Any] = {
        "freq": histogram.values,
        "maxFreq": max(histogram.values, default=0),
        "bins": histogram.edges,
        "shape": "generic",
        "type": "Histogram",
        "v": 1,
    }
    return body | {"density": True} if histogram.density else body
