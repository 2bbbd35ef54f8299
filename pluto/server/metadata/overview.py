"""Many runs with what is known of each, in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, and_, cast, func, or_, select

from pluto.server.lifecycle import ended
from pluto.server.metadata import tables
from pluto.server.metadata.contract import LastValue, MetricSummary, Overview, OverviewQuery
from pluto.server.metadata.database import Database, chunks

_runs, _projects, _beats = tables.runs, tables.projects, tables.heartbeats
_fields, _names, _summaries, _tags = tables.fields, tables.names, tables.summaries, tables.tags


class SqlOverviews:
    """See `contract.Overviews`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, query: OverviewQuery) -> list[Overview]:
        columns = (
            _runs, _projects.c.name.label("project"), _projects.c.prefix, _beats.c.last_seen.label("beat"),
        )  # fmt: skip
        wanted = (
            select(*columns)
            .join(_projects, _projects.c.id == _runs.c.project_id)
            .outerjoin(_beats, _beats.c.run_id == _runs.c.id)
            .where(_projects.c.name == query.project)
            .order_by(_runs.c.created_at.desc(), _runs.c.id.desc())
            .limit(query.limit)
        )
        if query.after is not None:
            created, run = query.after
            wanted = wanted.where(
                or_(_runs.c.created_at < created, and_(_runs.c.created_at == created, _runs.c.id < run))
            )
        if query.runs is not None:
            wanted = wanted.where(_runs.c.id.in_(query.runs))
        with self._database.read() as connection:
            rows = connection.execute(wanted).fetchall()
            ids = [row.id for row in rows]
            tags = _grouped(connection, _tags, ids, ("tag",), order="position")
            names = _grouped(connection, _names, ids, ("name", "type"), order="position")
            facts = _grouped(
                connection, _fields, ids, ("key", "text"), where=("key", query.facts), also=("source", "systemMetadata")
            )
            sizes = _sizes(connection, ids, query.sizes)
            summaries = {}
            if query.metrics is None or query.metrics:
                columns_of = ("name", "count", "min", "max", "mean", "variance", "last", "last_step", "odd_last")
                summaries = _grouped(connection, _summaries, ids, columns_of, where=("name", query.metrics))
            lasts = {}
            if query.lasts is None or query.lasts:
                parts = ("name", "source", "type", "step", "time", "body")
                lasts = _grouped(connection, tables.lasts, ids, parts, where=("name", query.lasts))
        return [
            Overview(
                id=row.id,
                project=row.project,
                prefix=row.prefix,
                number=row.number,
                name=row.name,
                external_id=row.external_id,
                status=row.status,
                tags=[tag for (tag,) in tags.get(row.id, ())],
                config=row.config,
                logger_settings=row.logger_settings,
                facts=dict(facts.get(row.id, ())),
                sizes=sizes.get(row.id, {}),
                notes=row.notes,
                created_at=row.created_at,
                updated_at=row.updated_at,
                status_updated=row.status_updated,
                beat=row.beat,
                forked_from=row.forked_from,
                fork_step=row.fork_step,
                names=dict(names.get(row.id, ())),
                summaries=[MetricSummary(*summary) for summary in summaries.get(row.id, ())],
                lasts=[LastValue(*last) for last in lasts.get(row.id, ())]
                if ended(row.status) and not row.stale
                else None,
            )
            for row in rows
        ]


def _sizes(connection: Connection, runs: Sequence[int], keys: Collection[str]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    text = _fields.c.text
    bare = func.replace(text, '"', "")
    for some in chunks(runs) if keys else ():
        query = select(_fields.c.run_id, _fields.c.key, func.substr(text, 1, 1), _bytes(text), _bytes(bare)).where(
            _fields.c.run_id.in_(some), _fields.c.source == "systemMetadata", _fields.c.key.in_(keys)
        )
        for run, key, first, whole, unquoted in connection.execute(query).fetchall():
            # A list, as `["a", "b"]`, has two characters for each text that are no quotes; a line has one.
            found.setdefault(run, {})[key] = ((3 * unquoted - whole) // 2 if first == "[" else whole) or 0
    return found


def _bytes(text: ColumnElement[Any]) -> ColumnElement[int]:
    return func.length(cast(text, LargeBinary))


def _grouped(
    connection: Connection,
    table: Table,
    runs: Iterable[int],
    columns: tuple[str, ...],
    *,
    order: str | None = None,
    where: tuple[str, Collection[str] | None] | None = None,
    also: tuple[str, str] | None = None,
) -> dict[int, list[tuple[Any, ...]]]:
    """Rows of a table by run: all, or those that have one of some texts in a column."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    asked = [None] if where is None or where[1] is None else list(chunks(sorted(where[1])))
    for some in chunks(list(runs)):
        for texts in asked:
            query = select(table.c.run_id, *(table.c[name] for name in columns)).where(table.c.run_id.in_(some))
            if texts is not None and where is not None:
                query = query.where(table.c[where[0]].in_(texts))
            if also is not None:
                query = query.where(table.c[also[0]] == also[1])
            if order is not None:
                query = query.order_by(table.c.run_id, table.c[order])
            for run, *rest in connection.execute(query).fetchall():
                found.setdefault(run, []).append(tuple(rest))
    return found
