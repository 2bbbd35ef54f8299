"""Runs as filters and frames see them: with their attributes, and what a project's runs tell about each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from pluto.compat.attributes.kinds import Atom, AttributeKind
from pluto.compat.neptune_query.internal.attribute_types import ALL_TYPES
from pluto.compat.neptune_query.internal.meaning import to_milliseconds

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes, SeriesSummary

ContainerType = Literal["experiment", "run"]
"""What functions find: experiments by name, or runs by id. It is also the name of the index of their frames."""

_FINDABLE: Final = frozenset(AttributeKind(name) for name in ALL_TYPES)


class Member:
    """A run of a project. `derived` are attributes that follow from the project's other runs."""

    __slots__ = ("derived", "run")

    def __init__(self, run: RunAttributes) -> None:
        self.run = run
        self.derived: dict[str, Atom] = {}

    @property
    def experiment(self) -> str | None:
        """The name of the experiment it belongs to."""
        return str(self.run.atom("sys/name")) if self.run.kind("sys/name") is AttributeKind.STRING else None

    def label(self, container: ContainerType) -> str:
        """What it is called in frames."""
        if container == "experiment":
            return self.experiment or ""
        return self.run.external_id or self.run.display_id

    @property
    def definitions(self) -> Iterator[tuple[str, AttributeKind]]:
        """Every attribute and its kind."""
        for name, kind in self.run.definitions.items():
            if name not in self.derived:
                yield name, kind
        for name in self.derived:
            yield name, _KINDS[name]

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of an attribute, None where there is none."""
        return _KINDS[path] if path in self.derived else self.run.kind(path)

    def atom(self, path: str) -> Atom:
        """The value of an attribute that holds one; times to the millisecond, as Neptune keeps them."""
        value = self.derived[path] if path in self.derived else self.run.atom(path)
        return to_milliseconds(value) if isinstance(value, datetime) else value

    def summary(self, path: str) -> SeriesSummary | None:
        """A float or string series in a few values."""
        return self.run.summary(path)


_KINDS: Final[Mapping[str, AttributeKind]] = {
    "sys/archived": AttributeKind.BOOL,
    "sys/experiment/is_head": AttributeKind.BOOL,
    "sys/experiment/name": AttributeKind.STRING,
    "sys/forking/depth": AttributeKind.INT,
    "sys/running_time_seconds": AttributeKind.FLOAT,
    "sys/size": AttributeKind.INT,
}
_RENAMED: Final = (("sys/running_time_seconds", "sys/running_time", float), ("sys/size", "sys/size", int))
"""What this client calls otherwise, or as another type, than the one of Neptune 1.x."""


class ProjectRuns:
    """The runs of a project, newest first; those in the trash left out.

    `series` are those whose last values are needed, None for all.
    """

    def __init__(self, reader: AttributeReader, project: str, series: Collection[str] | None) -> None:
        self.project = project
        self.members = [Member(run) for run in reader.runs(project, series=series)]
        self._derive()

    @cached_property
    def heads(self) -> list[Member]:
        """The newest run of each name: what an experiment is."""
        return [member for member in self.members if member.derived.get("sys/experiment/is_head")]

    def of(self, container: ContainerType) -> list[Member]:
        """What the functions for experiments, or for runs, look at."""
        return self.heads if container == "experiment" else self.members

    def types_of(self, name: str) -> Collection[str]:
        """The types that an attribute has in these runs."""
        kinds = {member.kind(name) for member in self.members}
        return sorted(str(kind) for kind in kinds if kind in _FINDABLE)

    def _derive(self) -> None:
        parents = {member.run.id: member.run.parent for member in self.members}
        heads: dict[str, Member] = {}
        for member in self.members:
            name = member.experiment
            if name is not None:
                head = heads.setdefault(name, member)
                if (member.run.created, member.run.id) > (head.run.created, head.run.id):
                    heads[name] = member
        for member in self.members:
            run, name = member.run, member.experiment
            derived: dict[str, Any] = {"sys/archived": run.trashed, "sys/forking/depth": _depth(run.id, parents)}
            if name is not None:
                derived |= {"sys/experiment/name": name, "sys/experiment/is_head": heads[name] is member}
            for path, source, kind in _RENAMED:
                if run.kind(source) is AttributeKind.FLOAT:
                    derived[path] = kind(cast("float", run.atom(source)))
            member.derived = derived


def _depth(run: int, parents: Mapping[int, int | None]) -> int:
    seen = {run}
    parent = parents.get(run)
    while parent is not None and parent not in seen:
        seen.add(parent)
        parent = parents.get(parent)
    return len(seen) - 1


def findable(member: Member) -> Iterable[tuple[str, str]]:
    """The attributes that can be asked for: name and type."""
    return ((name, str(kind)) for name, kind in member.definitions if kind in _FINDABLE)
