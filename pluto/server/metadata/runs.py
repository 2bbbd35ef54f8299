"""Runs and their projects in SQL."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, delete, func, or_, select, update

from pluto.server.identity import run_prefix
from pluto.server.lifecycle import RESUME, RUNNING
from pluto.server.metadata import tables
from pluto.server.metadata.contract import NewRun, Project, Run
from pluto.server.metadata.database import Database, chunks, dump, load, now_ms
from pluto.server.metadata.editor import SqlEditor, checked_tags, write_fields, write_tags
from pluto.server.metadata.statuses import add_event, change

_runs, _projects = tables.runs, tables.projects


class SqlRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, new: NewRun) -> tuple[Run, bool]:
        tags = checked_tags(new.tags)
        with self._database.write() as connection:
            if new.external_id is not None:
                found = _one(connection, _selected().where(
                    _projects.c.name == new.project, _runs.c.external_id == new.external_id
                ))  # fmt: skip
                if found is not None:
                    return _attach(connection, found, new), True
            run = _insert(connection, new, tags)
            created = _one(connection, _selected().where(_runs.c.id == run))
        assert created is not None
        return created, False

    def get(self, run: int) -> Run | None:
        with self._database.read() as connection:
            return _one(connection, _selected().where(_runs.c.id == run))

    def exists(self, run: int) -> bool:
        with self._database.read() as connection:
            return connection.scalar(select(_runs.c.id).where(_runs.c.id == run)) is not None

    def by_external_id(self, project: str, external_id: str) -> Run | None:
        with self._database.read() as connection:
            return _one(connection, _selected().where(_projects.c.name == project, _runs.c.external_id == external_id))

    def set_aside(self, run: int) -> str | None:
        column = _runs.c
        with self._database.write() as connection:
            found = connection.execute(select(column.project_id, column.external_id).where(column.id == run)).first()
            if found is None or found.external_id is None:
                return None
            taken = set(connection.scalars(select(column.external_id).where(column.project_id == found.project_id)))
            free = (f"{found.external_id}~{number}" for number in itertools.count(1))
            name = next(each for each in free if each not in taken)
            connection.execute(update(_runs).where(column.id == run).values(external_id=name))
            return name

    def by_display_id(self, prefix: str, number: int, project: str | None = None) -> list[Run]:
        query = _selected().where(_projects.c.prefix == prefix, _runs.c.number == number).order_by(_runs.c.id)
        if project is not None:
            query = query.where(_projects.c.name == project)
        with self._database.read() as connection:
            return [_run(connection, row) for row in connection.execute(query)]

    @contextmanager
    def edit(self, run: int) -> Iterator[SqlEditor]:
        with self._database.write() as connection:
            found = _one(connection, _selected().where(_runs.c.id == run))
            if found is None:
                raise LookupError(f"run {run} not found")
            editor = SqlEditor(connection, found)
            yield editor
            editor.write()

    def names(self, run: int, limit: int | None = None) -> dict[str, str]:
        column = tables.names.c
        query = select(column.name, column.type).where(column.run_id == run).order_by(column.position, column.name)
        with self._database.read() as connection:
            return {row.name: row.type for row in connection.execute(query.limit(limit))}

    def delete(self, run: int) -> list[tuple[str, int]] | None:
        blob = tables.blobs.c
        with self._database.write() as connection:
            if connection.scalar(select(_runs.c.id).where(_runs.c.id == run)) is None:
                return None
            mine = select(blob.sha256).where(blob.run_id == run)
            others = select(blob.sha256).where(blob.run_id != run, blob.sha256.in_(mine))
            held = tables.artifact_files.c.sha256
            in_artifacts = select(held).where(held.in_(mine))
            orphans = connection.execute(
                select(blob.sha256, blob.created_at).where(
                    blob.run_id == run, blob.sha256.not_in(others), blob.sha256.not_in(in_artifacts)
                )
            )
            freed = [(row.sha256, row.created_at) for row in orphans]
            for table in (
                tables.tags, tables.names, tables.events, tables.heartbeats, tables.triggers, tables.fields,
                tables.summaries, tables.lasts, tables.blobs,
            ):  # fmt: skip
                connection.execute(delete(table).where(table.c.run_id == run))
            connection.execute(update(_runs).where(_runs.c.forked_from == run).values(forked_from=None))
            connection.execute(delete(_runs).where(_runs.c.id == run))
            return freed

    def release(self, run: int, held: Collection[str], before: int) -> list[tuple[str, int]]:
        blob = tables.blobs.c
        freed: list[tuple[str, int]] = []
        with self._database.write() as connection:
            mine = connection.scalars(select(blob.sha256).where(blob.run_id == run, blob.created_at < before))
            for some in chunks([sha for sha in mine if sha not in held]):
                others = select(blob.sha256).where(blob.run_id != run, blob.sha256.in_(some))
                gone = (blob.run_id == run, blob.sha256.in_(some))
                orphans = select(blob.sha256, blob.created_at).where(*gone, blob.sha256.not_in(others))
                freed += [(row.sha256, row.created_at) for row in connection.execute(orphans)]
                connection.execute(delete(tables.blobs).where(*gone))
        return freed

    def projects(self, limit: int) -> list[Project]:
        with self._database.read() as connection:
            found = connection.execute(_counted().order_by(_projects.c.created_at.desc(), _projects.c.id.desc()))
            return [_project(row) for row in found.fetchmany(limit)]

    def create_project(self, name: str, prefix: str | None, description: str | None) -> Project:
        with self._database.write() as connection:
            taken = _projects.c.name == name
            if prefix is not None:
                taken = or_(taken, _projects.c.prefix == prefix)
            other = connection.scalar(select(_projects.c.name).where(taken))
            if other is not None:
                what = f"project {name!r}" if other == name else f"the key {prefix!r}, of project {other!r}"
                raise KeyError(f"there is already {what}")
            project = _add_project(connection, name, prefix, description)
            return _project(connection.execute(_counted().where(_projects.c.id == project)).one())

    def delete_project(self, name: str) -> bool:
        with self._database.write() as connection:
            used = select(_runs.c.project_id)
            gone = connection.execute(delete(_projects).where(_projects.c.name == name, _projects.c.id.not_in(used)))
            return gone.rowcount > 0

    def of_project(self, name: str) -> list[int]:
        query = select(_runs.c.id).join(_projects, _projects.c.id == _runs.c.project_id).where(_projects.c.name == name)
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def project_names(self, project: str, runs: Sequence[int] | None, type: str) -> list[str]:
        column = tables.names.c
        query = (
            select(column.name)
            .distinct()
            .join(_runs, _runs.c.id == column.run_id)
            .join(_projects, _projects.c.id == _runs.c.project_id)
            .where(_projects.c.name == project, column.type == type)
            .order_by(column.name)
        )
        if runs is not None:
            query = query.where(column.run_id.in_(runs))
        with self._database.read() as connection:
            return list(connection.scalars(query))


def _counted() -> Select[Any]:
    counts = select(_runs.c.project_id, func.count().label("n")).group_by(_runs.c.project_id).subquery()
    return select(_projects, func.coalesce(counts.c.n, 0).label("n")).outerjoin(
        counts, counts.c.project_id == _projects.c.id
    )


def _project(row: Any) -> Project:
    return Project(row.id, row.name, row.prefix, row.created_at, row.updated_at, row.n, row.description)


def _add_project(connection: Connection, name: str, prefix: str | None, description: str | None) -> int:
    now = now_ms()
    made = _projects.insert().values(
        name=name, prefix=prefix or run_prefix(name), next_number=1, created_at=now, updated_at=now,
        description=description,
    )  # fmt: skip
    return int(connection.execute(made).inserted_primary_key[0])  # type: ignore[index]


def project_number(connection: Connection, project: str) -> int:
    """The number of the project of that name, which is made if need be."""
    found = connection.scalar(select(_projects.c.id).where(_projects.c.name == project))
    return _add_project(connection, project, None, None) if found is None else int(found)


def _selected() -> Select[Any]:
    return select(_runs, _projects.c.name.label("project"), _projects.c.prefix).join(
        _projects, _projects.c.id == _runs.c.project_id
    )


def _one(connection: Connection, query: Select[Any]) -> Run | None:
    row = connection.execute(query).first()
    return None if row is None else _run(connection, row)


def _run(connection: Connection, row: Any) -> Run:
    column = tables.tags.c
    tags = connection.scalars(select(column.tag).where(column.run_id == row.id).order_by(column.position))
    return Run(
        id=row.id,
        project=row.project,
        prefix=row.prefix,
        number=row.number,
        name=row.name,
        external_id=row.external_id,
        status=row.status,
        tags=list(tags),
        config=load(row.config),
        system_metadata=load(row.system_metadata),
        logger_settings=load(row.logger_settings),
        status_metadata=None if row.status_metadata is None else load(row.status_metadata),
        notes=row.notes,
        created_at=row.created_at,
        updated_at=row.updated_at,
        status_updated=row.status_updated,
        forked_from=row.forked_from,
        fork_step=row.fork_step,
    )


def _attach(connection: Connection, run: Run, new: NewRun) -> Run:
    if new.config:
        editor = SqlEditor(connection, run)
        editor.merge_config(new.config)
        editor.write()
    change(connection, run.id, RUNNING, source=RESUME)
    attached = _one(connection, _selected().where(_runs.c.id == run.id))
    assert attached is not None
    return attached


def _insert(connection: Connection, new: NewRun, tags: Sequence[str]) -> int:
    now = now_ms()
    project = project_number(connection, new.project)
    # The update locks the row, so that the number read next is this run's alone.
    connection.execute(
        update(_projects)
        .where(_projects.c.id == project)
        .values(next_number=_projects.c.next_number + 1, updated_at=now)
    )
    number = connection.scalar(select(_projects.c.next_number - 1).where(_projects.c.id == project))
    created = new.created_at if new.created_at is not None else now
    run: int = connection.execute(
        _runs.insert().values(
            project_id=project,
            number=number,
            external_id=new.external_id,
            name=new.name,
            status=RUNNING,
            status_updated=now,
            config=dump(new.config),
            system_metadata=dump(new.system_metadata),
            logger_settings=dump(new.logger_settings),
            forked_from=new.forked_from,
            fork_step=new.fork_step,
            stale=0,
            created_at=created,
            updated_at=new.updated_at if new.updated_at is not None else now,
        )
    ).inserted_primary_key[0]  # type: ignore[index]
    write_tags(connection, run, tags)
    write_fields(connection, run, "config", {}, new.config)
    write_fields(connection, run, "systemMetadata", {}, new.system_metadata)
    add_event(connection, run, None, RUNNING, "api", None)
    return run
