"""Which runs' points belong to a run: its own, and those of the runs it was forked from, up to the fork."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pluto.compat.neptune_query.internal.members import ContainerType, Member, Stretch, experiment_of

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeKind
    from pluto.compat.neptune_query.internal.selection import Selection


def stretches(member: Member, container: ContainerType, *, to_the_root: bool) -> list[Stretch]:
    """The runs that contribute, oldest first, the run itself last.

    Without `to_the_root` an experiment ends where the run it was forked from belongs to another one, a run at once.
    """
    found = [Stretch(member.run)]
    for stretch in member.line if to_the_root or container == "experiment" else ():
        if not to_the_root and experiment_of(stretch.run) != member.experiment:
            break
        found.append(stretch)
    return found[::-1]


def series_of(parts: Sequence[Stretch], selection: Selection) -> dict[str, AttributeKind]:
    """The series asked for that one of the runs has, and their kinds; the later run's where they differ."""
    return {
        name: kind for part in parts for name, kind in part.run.definitions.items() if selection.takes(name, str(kind))
    }
