"""Which runs there are in exports, and in which order they come over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pluto_migration.model import Parent
from pluto_migration.source import Options, Problems, SourceError, SourceRun
from pluto_migration.sources.neptune_exporter.errors import Errors, reports
from pluto_migration.sources.neptune_exporter.layout import Parts, folders, parts
from pluto_migration.sources.neptune_exporter.run import ExportedRun, Head, external_id, head_of


@dataclass(frozen=True, slots=True)
class _Found:
    head: Head
    parts: Parts

    @property
    def key(self) -> tuple[str, bool, str]:
        """What no two of them may share: project, whether it is a model, and the id in the store."""
        return self.head.project, self.parts.folder.model, external_id(self.head)


def found(paths: Sequence[Path], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs below the paths, parents before what was forked from them."""
    errors = Errors()
    by_key: dict[tuple[str, bool, str], _Found] = {}
    for path in paths:
        for folder in folders(path, options.settings, problems):
            for some in parts(folder, problems):
                one = _headed(some, options, problems)
                if one is None:
                    continue
                other = by_key.setdefault(one.key, one)
                if other is not one and other.parts.paths[0].resolve() != some.paths[0].resolve():
                    problems.note(
                        some.paths[0],
                        f"{one.head.project}/{external_id(one.head)} is in {other.parts.paths[0]}, too: left out",
                    )
        for report in reports(path, options.settings):
            errors.read(report, problems)
    known = _by_any_id(by_key.values())
    for one in _parents_first(list(by_key.values()), known):
        told = errors.of(one.head.project, one.head.run)
        if one.head.put_away and not options.archived:
            problems.note(
                one.parts.folder.path, "a run in the trash, or archived: left out, unless --archived is given"
            )
            continue
        project = options.project or one.head.project
        run = ExportedRun(one.head, one.parts, project, _parent(one, known, project), told)
        if _wanted(run, options):
            yield run
    errors.rest(problems)


def _headed(some: Parts, options: Options, problems: Problems) -> _Found | None:
    """A run with what its first part says of it; None, with a note, for one that can't come over."""
    first = some.paths[0]
    if not some.complete and not options.partial:
        problems.note(
            first.parent / some.stem,
            "the export of this run was interrupted: export it again, or bring over what is left with --partial",
        )
        return None
    for path in some.paths if options.partial else some.paths[:1]:
        try:
            return _Found(head_of(path), some)
        except SourceError as error:
            problems.note(path, str(error))
    if not options.partial:
        problems.note(first.parent / some.stem, "the run is left out, since its first part can't be read")
    return None


def _by_any_id(all_found: Sequence[_Found] | Any) -> dict[tuple[str, str], _Found]:
    """Runs by their project and each of the ids that they are known by."""
    known: dict[tuple[str, str], _Found] = {}
    for name in (lambda one: one.head.own.get("id"), lambda one: one.head.run, lambda one: external_id(one.head)):
        for one in all_found:
            if not one.parts.folder.model:
                known[one.head.project, str(name(one))] = one
    return known


def _parent_of(one: _Found, known: dict[tuple[str, str], _Found]) -> _Found | None:
    named = one.head.own.get("forking/parent")
    return known.get((one.head.project, named)) if isinstance(named, str) else None


def _parent(one: _Found, known: dict[tuple[str, str], _Found], project: str) -> Parent | None:
    named, step = one.head.own.get("forking/parent"), one.head.own.get("forking/step")
    if not isinstance(named, str) or not named:
        return None
    there = _parent_of(one, known)
    at = float(step) if isinstance(step, (int, float)) and not isinstance(step, bool) else None
    return Parent(project, named if there is None else external_id(there.head), at)


def _parents_first(all_found: list[_Found], known: dict[tuple[str, str], _Found]) -> Iterator[_Found]:
    """In the order they were found, but each behind its parent. A circle begins somewhere."""
    given: set[tuple[str, bool, str]] = set()
    for one in all_found:
        line: list[_Found] = []
        here: _Found | None = one
        while here is not None and here.key not in given:
            given.add(here.key)
            line.append(here)
            here = _parent_of(here, known)
        yield from reversed(line)


def _wanted(run: ExportedRun, options: Options) -> bool:
    names = (run.id, *run.old_ids)
    fitting = (options.wants(run.project, name) for name in names)
    return any(fitting) if options.include else all(fitting)
