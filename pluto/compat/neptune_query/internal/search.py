"""Finding runs and experiments: filters, order and limit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_query.exceptions import NeptuneProjectInaccessible, NeptuneUserError
from pluto.compat.neptune_query.internal.expressions import RUN_ID, Expression, Field, ids_asked, one_of
from pluto.compat.neptune_query.internal.inference import typed, typed_order
from pluto.compat.neptune_query.internal.meaning import condition
from pluto.compat.neptune_query.internal.members import ContainerType, Member, Stretch
from pluto.compat.neptune_query.internal.project import ProjectRuns

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes
    from pluto.compat.attributes.conditions import Condition


@dataclass(frozen=True)
class Order:
    """By what to sort, which way, and how many to keep."""

    field: Field
    descending: bool = True
    limit: int | None = None


NEWEST_FIRST = Order(Field("sys/creation_time", "datetime"))
_FEW: Final = 20
"""So many runs are found one by one; more, by a look at all of the project."""


def find(
    reader: AttributeReader,
    project: str,
    container: ContainerType,
    expression: Expression | None,
    order: Order = NEWEST_FIRST,
    series: Collection[str] | None = (),
    *,
    related: bool = True,
) -> list[Member]:
    """The runs or experiments of the project that meet the expression.

    `series`: those whose last values are wanted besides what is filtered and sorted by; None for all. `related`:
    attributes that follow from the project's other runs are wanted, too; without them, a few runs by id are found
    without a look at all others. Raises `NeptuneProjectInaccessible` where there is no such project.
    """
    ids = ids_asked(expression) if container == "run" and not related else None
    if ids is not None and len(ids) <= _FEW:
        found = (_by_id(reader, project, one, series) for one in ids)
        named = [_alone(reader, run) for run in {run.id: run for run in found if run is not None}.values()]
        named = [member for member in named if not member.run.trashed]
        if not named:
            check_there(reader, project)
        return arranged(named, order)
    asked = {order.field.name} | {field.name for field in expression.fields()} if expression else {order.field.name}
    runs = ProjectRuns(reader, project, None if series is None else {*series, *asked})
    if not runs.members:
        check_there(reader, project)
    known = ids_asked(expression)
    if known is not None:
        expression = one_of(RUN_ID, runs.ids_of(known))
    met = None if expression is None else condition(typed(expression, runs.types_of))
    field = typed_order(order.field, runs.types_of)
    return arranged(meeting(runs.of(container), met), Order(field, order.descending, order.limit))


def _by_id(reader: AttributeReader, project: str, id: str, series: Collection[str] | None) -> RunAttributes | None:
    """The run of this id, else one that was brought over with it as its short id."""
    run = reader.find(project, external_id=id, series=series)
    if run is not None:
        return run
    run = reader.find(project, display_id=id, series=series)
    return run if run is not None and run.old_id is not None else None


def _alone(reader: AttributeReader, run: RunAttributes) -> Member:
    return Member(reader, run, [Stretch(parent, until) for parent, until in reader.lineage(run)])


def check_there(reader: AttributeReader, project: str) -> None:
    """Raises `NeptuneProjectInaccessible` where there is no such project; Pluto's default project always is."""
    from pluto.compat.attributes import Projects
    from pluto.core.settings import resolve

    if project != resolve().project and Projects(reader).find(project) is None:
        raise NeptuneProjectInaccessible()


def meeting(members: Iterable[Member], met: Condition | None) -> list[Member]:
    """The members that meet the condition."""
    try:
        return [member for member in members if met is None or met.holds(member)]
    except TimeoutError:
        raise NeptuneUserError("a pattern of the filter takes more than a second for one value: simplify it") from None


def arranged(members: list[Member], order: Order) -> list[Member]:
    """The members in order, as many as asked for; those without the attribute last."""
    keyed = [(_key(member, order.field), member) for member in members]
    having = [(key, member) for key, member in keyed if key is not None]
    having.sort(key=lambda pair: pair[0], reverse=order.descending)
    found = [member for _, member in having] + [member for key, member in keyed if key is None]
    return found[: order.limit]


def _key(member: Member, field: Field) -> Any:
    """What to sort by: of a series the last value. None where there is none, or it is no number."""
    kind = member.kind(field.name)
    if kind is None or str(kind) != field.type:
        return None
    if kind in (AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES):
        summary = member.summary(field.name)
        value: Any = None if summary is None else summary.last
    elif kind in (AttributeKind.FILE, AttributeKind.FILE_SERIES, AttributeKind.HISTOGRAM_SERIES):
        return None
    else:
        value = member.atom(field.name)
    if isinstance(value, frozenset):
        return sorted(value)
    return value if value == value else None
