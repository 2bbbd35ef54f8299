"""The runs of a project, and what they are to each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_query.internal.members import FINDABLE, ContainerType, Member, Stretch, id_of

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes

_RENAMED: Final = (("sys/running_time_seconds", "sys/running_time", float), ("sys/size", "sys/size", int))
"""What this client calls otherwise, or as another type, than the one of Neptune 1.x."""


class ProjectRuns:
    """The runs of a project, newest first; those in the trash left out.

    `series` are those whose last values are needed, None for all.
    """

    def __init__(self, reader: AttributeReader, project: str, series: Collection[str] | None) -> None:
        runs = {run.id: run for run in reader.runs(project, series=series, trashed=None)}
        self.members = [Member(reader, run, [*_line(run, runs)]) for run in runs.values() if not run.trashed]
        self._derive()

    @cached_property
    def heads(self) -> list[Member]:
        """The newest run of each name: what an experiment is."""
        return [member for member in self.members if member.derived.get("sys/experiment/is_head")]

    def of(self, container: ContainerType) -> list[Member]:
        """What the functions for experiments, or for runs, look at."""
        return self.heads if container == "experiment" else self.members

    def ids_of(self, asked: Collection[str]) -> list[str]:
        """Ids by which runs are known here, for those that are asked for.

        What is no id of a run may be the short id that one had where it was brought over from.
        """
        known = {id_of(member.run) for member in self.members}
        old = {member.run.old_id: id_of(member.run) for member in self.members}
        return [one if one in known else old.get(one, one) for one in asked]

    def types_of(self, name: str) -> Collection[str]:
        """The types that an attribute has in these runs."""
        kinds = {member.kind(name) for member in self.members}
        return sorted(str(kind) for kind in kinds if kind in FINDABLE)

    def _derive(self) -> None:
        heads: dict[str, Member] = {}
        for member in self.members:
            name = member.experiment
            if name is not None:
                head = heads.setdefault(name, member)
                if (member.run.created, member.run.id) > (head.run.created, head.run.id):
                    heads[name] = member
        for member in self.members:
            run, name = member.run, member.experiment
            derived: dict[str, Any] = {
                "sys/archived": run.trashed,
                "sys/custom_run_id": id_of(run),
                "sys/forking/depth": len(member.line),
            }
            if name is not None:
                derived |= {"sys/experiment/name": name, "sys/experiment/is_head": heads[name] is member}
            for path, source, kind in _RENAMED:
                if run.kind(source) is AttributeKind.FLOAT:
                    derived[path] = kind(cast("float", run.atom(source)))
            member.derived = derived


def _line(run: RunAttributes, runs: Mapping[int, RunAttributes]) -> Iterator[Stretch]:
    """What a run was forked from, parent first."""
    seen, until = {run.id}, float("inf")
    while run.parent is not None and run.parent not in seen and run.fork_step is not None:
        until = min(until, run.fork_step)
        parent = runs.get(run.parent)
        if parent is None:
            return
        run = parent
        seen.add(run.id)
        yield Stretch(run, until)
