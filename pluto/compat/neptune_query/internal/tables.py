"""Tables: a line for each run or experiment, of each attribute the last value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import SERIES, AttributeKind
from pluto.compat.attributes.values import HistogramValue
from pluto.compat.neptune_query.exceptions import NeptuneUserError, warn_unsupported_value_type
from pluto.compat.neptune_query.internal import frames
from pluto.compat.neptune_query.internal.attribute_types import UNSUPPORTED
from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.files import as_cell
from pluto.compat.neptune_query.internal.inference import check_typed
from pluto.compat.neptune_query.internal.meaning import condition
from pluto.compat.neptune_query.internal.members import ContainerType, Member
from pluto.compat.neptune_query.internal.project import ProjectRuns
from pluto.compat.neptune_query.internal.search import Order, arranged, find, meeting
from pluto.compat.neptune_query.internal.series import histogram

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.neptune_query.internal.expressions import Expression
    from pluto.compat.neptune_query.internal.selection import Selection
    from pluto.compat.neptune_query.internal.wanted import Target


def fetch(target: Target, order: Order, *, type_suffix: bool) -> pd.DataFrame:
    """The table of one project."""
    frames.pandas()
    with reading() as reader:
        series = target.selection.exact
        found = find(reader, target.project, target.container, target.expression, order, series)
        rows = [_row(member, target.container, target.selection) for member in found]
    return frames.table(rows, target.container, type_suffix=type_suffix)


def fetch_everywhere(
    container: ContainerType, expression: Expression | None, selection: Selection, order: Order, *, type_suffix: bool
) -> pd.DataFrame:
    """The table of all projects."""
    from pluto.compat.attributes import Projects

    if order.field.type is None:
        raise NeptuneUserError("over all projects, `sort_by` is an Attribute with its type")
    if expression is not None:
        check_typed(expression)
    frames.pandas()
    with reading() as reader:
        met = None if expression is None else condition(expression)
        asked = {order.field.name, *(met.paths() if met else ())}
        series = None if selection.exact is None else {*selection.exact, *asked}
        selection = replace(selection, exact=None)
        everywhere: list[Member] = []
        for project in Projects(reader).list():
            everywhere += meeting(ProjectRuns(reader, project.name, series).of(container), met)
        rows = [_row(member, container, selection) for member in arranged(everywhere, order)]
    return frames.table(rows, container, type_suffix=type_suffix, projects=True)


def _row(member: Member, container: ContainerType, selection: Selection) -> frames.Row:
    label = member.label(container)
    return frames.Row(label, _cells(member, label, container, selection), member.run.project)


def _cells(member: Member, label: str, container: ContainerType, selection: Selection) -> Mapping[tuple[str, str], Any]:
    if selection.exact is not None:
        defined = ((name, member.kind(name)) for name in selection.exact)
        asked = [(name, kind) for name, kind in defined if kind is not None]
    else:
        asked = [(name, kind) for name, kind in member.definitions if selection.takes(name, str(kind))]
    found: dict[tuple[str, str], Any] = {}
    for name, kind in asked:
        if kind in UNSUPPORTED:
            warn_unsupported_value_type(UNSUPPORTED[kind])
        elif kind is not AttributeKind.RUN_STATE:
            cell = _cell(member, label, container, name, kind)
            if cell is not None:
                found[name, str(kind)] = cell
    return found


def _cell(member: Member, label: str, container: ContainerType, name: str, kind: AttributeKind) -> Any:
    """An attribute's value, of a series the last one; None where there is none."""
    if kind in (AttributeKind.FILE, AttributeKind.FILE_SERIES):
        stored = member.file(name)
        if stored is None:
            return None
        step = stored.step if kind is AttributeKind.FILE_SERIES else None
        return as_cell(stored, member.source(name).run, label, container, step=step)
    if kind in SERIES:
        summary = member.summary(name)
        last = None if summary is None else summary.last
        return histogram(last) if isinstance(last, HistogramValue) else last
    value = member.atom(name)
    return set(value) if isinstance(value, frozenset) else value
