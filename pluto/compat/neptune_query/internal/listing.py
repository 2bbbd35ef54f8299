"""Names of runs, experiments and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.members import findable
from pluto.compat.neptune_query.internal.search import find

if TYPE_CHECKING:
    from pluto.compat.neptune_query.internal.wanted import Target


def containers(target: Target) -> list[str]:
    """The names of experiments, or the ids of runs, sorted."""
    with reading() as reader:
        found = find(reader, target.project, target.container, target.expression)
    return sorted(member.label(target.container) for member in found)


def attributes(target: Target) -> list[str]:
    """The names of attributes that any of the runs or experiments has, sorted."""
    with reading() as reader:
        found = find(reader, target.project, target.container, target.expression)
    takes = target.selection.takes
    return sorted({name for member in found for name, type_name in findable(member) if takes(name, type_name)})
