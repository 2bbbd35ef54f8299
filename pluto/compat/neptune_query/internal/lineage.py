"""Which runs' points belong to a run: its own, and those of the runs it was forked from, up to the fork."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_query.internal.members import ContainerType, Member
from pluto.compat.neptune_query.internal.selection import Selection

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes


@dataclass(frozen=True)
class Stretch:
    """What one run contributes: its points up to a step, or all."""

    run: RunAttributes
    until: float | None = None

    def bound(self, step_max: float | None) -> float | None:
        """The highest step to read where the caller wants none above `step_max`."""
        bounds = [bound for bound in (self.until, step_max) if bound is not None]
        return min(bounds, default=None)


def stretches(reader: AttributeReader, member: Member, container: ContainerType, *, to_the_root: bool) -> list[Stretch]:
    """The runs that contribute, oldest first, the run itself last.

    Without `to_the_root` an experiment ends where the run it was forked from belongs to another one, a run at once.
    """
    found = [Stretch(member.run)]
    if member.run.parent is None or (container == "run" and not to_the_root):
        return found
    for run, until in reader.lineage(member.run):
        if not to_the_root and Member(run).experiment != member.experiment:
            break
        found.append(Stretch(run, until))
    return found[::-1]


def series_of(parts: Sequence[Stretch], selection: Selection) -> dict[str, AttributeKind]:
    """The series asked for that one of the runs has, and their kinds; the later run's where they differ."""
    return {
        name: kind for part in parts for name, kind in part.run.definitions.items() if selection.takes(name, str(kind))
    }
