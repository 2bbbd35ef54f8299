"""Names of runs, experiments and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.members import FINDABLE
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
    defined = {(name, kind) for member in found for name, kind in member.definitions if kind in FINDABLE}
    return sorted({name for name, kind in defined if target.selection.takes(name, str(kind))})
