"""Finding runs in SQL: conditions, orders, pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, String, and_, cast, false, func, not_, or_, select, true

from pluto.server.metadata import tables
from pluto.server.metadata.contract import RunItem, RunQuery, Sort
from pluto.server.metadata.database import Database, chunks
from pluto.server.metadata.filters import Condition, Either, Every, Leaf, Not
from pluto.server.metadata.flatten import number

_runs, _projects, _fields, _beats = tables.runs, tables.projects, tables.fields, tables.heartbeats
_summaries, _tags = tables.summaries, tables.tags

_PLAIN = {"createdAt": _runs.c.created_at, "updatedAt": _runs.c.updated_at, "status": _runs.c.status}


class SqlSearch:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, query: RunQuery) -> tuple[list[RunItem], int]:
        where = [_projects.c.name == query.project] if query.project is not None else []
        if query.search and query.search.strip():
            display_id = _projects.c.prefix + "-" + cast(_runs.c.number, String)
            where.append(
                or_(
                    _runs.c.name.icontains(query.search, autoescape=True),
                    display_id.icontains(query.search, autoescape=True),
                )
            )
        if query.tags:
            where.append(_tagged(query.tags))
        if query.statuses:
            where.append(_runs.c.status.in_(query.statuses))
        if query.condition is not None:
            where.append(_where(query.condition))
        base = select(_runs.c.id).join(_projects, _projects.c.id == _runs.c.project_id).where(*where)
        base, order = _ordered(base, query.sort)
        with self._database.read() as connection:
            total = connection.scalar(select(func.count()).select_from(base.subquery())) or 0
            page = base.order_by(*order).limit(query.limit).offset(query.offset)
            ids = list(connection.scalars(page))
            items: dict[int, RunItem] = {}
            for some in chunks(ids):
                tags: dict[int, list[str]] = {}
                rows = select(_tags).where(_tags.c.run_id.in_(some)).order_by(_tags.c.run_id, _tags.c.position)
                for tag in connection.execute(rows):
                    tags.setdefault(tag.run_id, []).append(tag.tag)
                wanted = (
                    select(
                        _runs.c.id, _runs.c.number, _runs.c.name, _runs.c.status, _runs.c.created_at,
                        _projects.c.name.label("project"), _projects.c.prefix,
                    )
                    .join(_projects, _projects.c.id == _runs.c.project_id)
                    .where(_runs.c.id.in_(some))
                )  # fmt: skip
                for row in connection.execute(wanted):
                    items[row.id] = RunItem(
                        row.id, row.project, row.prefix, row.number, row.name, row.status,
                        tags.get(row.id, []), row.created_at,
                    )  # fmt: skip
        return [items[run] for run in ids], total

    def fields(self, runs: Sequence[int], source: str) -> dict[int, dict[str, str | float | None]]:
        found: dict[int, dict[str, str | float | None]] = {run: {} for run in runs}
        with self._database.read() as connection:
            for some in chunks(runs):
                rows = select(_fields).where(_fields.c.run_id.in_(some), _fields.c.source == source)
                for row in connection.execute(rows.order_by(_fields.c.key)):
                    found[row.run_id][row.key] = row.text if row.number is None else row.number
        return found

    def leaderboard(
        self,
        project: str,
        metric: str,
        column: Literal["min", "max", "mean", "last", "variance"],
        *,
        descending: bool,
        limit: int,
        offset: int,
    ) -> tuple[list[tuple[int, float]], int]:
        value = _summaries.c[column]
        query = (
            select(_summaries.c.run_id, value.label("value"))
            .join(_runs, _runs.c.id == _summaries.c.run_id)
            .join(_projects, _projects.c.id == _runs.c.project_id)
            .where(_projects.c.name == project, _summaries.c.name == metric, value.is_not(None))
        )
        order = value.desc() if descending else value.asc()
        with self._database.read() as connection:
            total = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
            rows = connection.execute(query.order_by(order, _summaries.c.run_id).limit(limit).offset(offset))
            return [(row.run_id, row.value) for row in rows], total


def _ordered(base: Select[Any], sort: Sort) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """The query with what the order needs joined to it, and the order; ties go newest first."""
    keys: list[ColumnElement[Any]]
    if sort.by == "name":
        keys = [func.lower(_runs.c.name), _runs.c.name]
    elif sort.by in _PLAIN:
        keys = [_PLAIN[sort.by]]
    elif sort.by == "heartbeat":
        base = base.join(_beats, _beats.c.run_id == _runs.c.id)
        keys = [_beats.c.last_seen]
    elif sort.by == "metric":
        base = base.join(_summaries, and_(_summaries.c.run_id == _runs.c.id, _summaries.c.name == sort.key))
        base = base.where(_summaries.c.last.is_not(None))
        keys = [_summaries.c.last]
    else:
        base = base.outerjoin(
            _fields, and_(_fields.c.run_id == _runs.c.id, _fields.c.source == sort.by, _fields.c.key == sort.key)
        )
        direction = [key.desc() if sort.descending else key.asc() for key in (_fields.c.number, _fields.c.text)]
        # Runs without the key come last either way, and numbers before texts.
        missing: list[ColumnElement[Any]] = [_fields.c.run_id.is_(None).asc(), _fields.c.number.is_(None).asc()]
        return base, [*missing, *direction, _runs.c.id.desc()]
    return base, [*(key.desc() if sort.descending else key.asc() for key in keys), _runs.c.id.desc()]


def _where(condition: Condition) -> ColumnElement[bool]:
    if isinstance(condition, Every):
        return and_(true(), *(_where(part) for part in condition.parts))
    if isinstance(condition, Either):
        return or_(false(), *(_where(part) for part in condition.parts))
    if isinstance(condition, Not):
        return not_(_where(condition.part))
    return _leaf(condition)


def _leaf(leaf: Leaf) -> ColumnElement[bool]:
    if leaf.kind == "status":
        return _runs.c.status.in_(leaf.values)
    if leaf.kind == "name":
        if leaf.op == "regex":
            return _runs.c.name.icontains(leaf.values[0], autoescape=True)
        return _runs.c.name.in_(leaf.values)
    if leaf.kind == "tags":
        return _tagged(leaf.values)
    if leaf.kind in _PLAIN:
        return _compare(_PLAIN[leaf.kind], leaf.op, leaf.values)
    if leaf.kind == "heartbeat":
        op = {"gt": "gte", "lt": "lte"}.get(leaf.op, leaf.op)
        return _runs.c.id.in_(select(_beats.c.run_id).where(_compare(_beats.c.last_seen, op, leaf.values)))
    if leaf.kind == "metric":
        found = select(_summaries.c.run_id).where(
            _summaries.c.name == leaf.key, _compare(_summaries.c.last, leaf.op, leaf.values)
        )
        return _runs.c.id.in_(found)
    return _field(leaf)


def _tagged(tags: Sequence[str]) -> ColumnElement[bool]:
    return _runs.c.id.in_(select(_tags.c.run_id).where(_tags.c.tag.in_(tags)))


def _field(leaf: Leaf) -> ColumnElement[bool]:
    """A comparison of a flat field: in numbers where the operand is one, else as text."""
    keys = [leaf.key, leaf.key.removesuffix(".value")] if leaf.key.endswith(".value") else [leaf.key]
    if leaf.op == "exists":
        matches: ColumnElement[bool] = or_(_fields.c.text.is_not(None), _fields.c.number.is_not(None))
    elif leaf.op == "in":
        if None in leaf.values:
            known = _present(leaf.kind, keys)
            rest = tuple(value for value in leaf.values if value is not None)
            return or_(not_(known), _field(Leaf(leaf.kind, leaf.key, "in", rest))) if rest else not_(known)
        texts = [_text(value) for value in leaf.values]
        numbers = [value for value in map(_number, leaf.values) if value is not None]
        matches = or_(_fields.c.text.in_(texts), _fields.c.number.in_(numbers))
    elif leaf.op == "regex":
        matches = _fields.c.text.regexp_match(leaf.values[0])
    elif leaf.op == "contains":
        matches = _fields.c.text.icontains(leaf.values[0], autoescape=True)
    elif leaf.op == "prefix":
        matches = _fields.c.text.istartswith(leaf.values[0], autoescape=True)
    elif leaf.op == "suffix":
        matches = _fields.c.text.iendswith(leaf.values[0], autoescape=True)
    else:
        as_numbers = [_number(value) for value in leaf.values]
        if None in as_numbers:
            texts = [_text(value) for value in leaf.values]
            matches = and_(_fields.c.number.is_(None), _compare(_fields.c.text, leaf.op, texts))
        else:
            matches = _compare(_fields.c.number, leaf.op, as_numbers)
    found = select(_fields.c.run_id).where(_fields.c.source == leaf.kind, _fields.c.key.in_(keys), matches)
    return _runs.c.id.in_(found)


def _present(source: str, keys: Sequence[str]) -> ColumnElement[bool]:
    value = or_(_fields.c.text.is_not(None), _fields.c.number.is_not(None))
    return _runs.c.id.in_(select(_fields.c.run_id).where(_fields.c.source == source, _fields.c.key.in_(keys), value))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    return number(value if isinstance(value, str) else repr(value))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _compare(column: ColumnElement[Any], op: str, values: Sequence[Any]) -> ColumnElement[bool]:
    if op in ("in", "eq"):
        return column.in_(values)
    if op == "between":
        return column.between(values[0], values[1])
    return {"gt": column.__gt__, "gte": column.__ge__, "lt": column.__lt__, "lte": column.__le__}[op](values[0])
