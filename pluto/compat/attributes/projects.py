"""Managing projects and runs."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes import layout
from pluto.compat.attributes.containers import Container, companion, owner_of
from pluto.protocol.records import ATTRIBUTES
from pluto.query.errors import QueryError
from pluto.query.values import microseconds

if TYPE_CHECKING:
    from pluto.compat.attributes.reading import AttributeReader

_CONTAINERS: tuple[Container, ...] = ("run", "project", "model")


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project."""

    name: str
    key: str
    """First part of its runs' display ids; empty where the server does not tell."""
    description: str
    created: datetime
    runs: int


class Projects:
    """Makes, lists and deletes projects, and moves runs to the trash and back. Raises `pluto.query.QueryError`."""

    def __init__(self, reader: AttributeReader) -> None:
        self._reader = reader

    def list(self) -> builtins.list[ProjectFacts]:
        """All projects, without companions, newest first. One that only has companions counts as well."""
        rows = {row["name"]: row for row in self._reader.client.describe_projects()}
        found: dict[str, ProjectFacts] = {}
        for name, row in rows.items():
            owner, container = owner_of(name)
            if container == "run" or owner not in rows:
                found.setdefault(owner, _facts(owner, row, container))
        return [*found.values()]

    def find(self, name: str) -> ProjectFacts | None:
        """The project of this name."""
        return next((project for project in self.list() if project.name == name), None)

    def create(self, name: str, *, key: str | None = None, description: str | None = None) -> ProjectFacts:
        """Makes a project. `key`: 1 to 10 letters and digits, beginning with a letter.

        Raises `QueryError` with status 409 where the name or the key is taken.
        """
        return _facts(name, self._reader.client.create_project(name, key=key, description=description), "run")

    def delete(self, name: str) -> None:
        """Deletes a project with all its runs, and its companions. There is no way back."""
        missing: QueryError | None = None
        deleted = 0
        for container in _CONTAINERS:
            try:
                self._reader.client.delete_project(companion(name, container))
                deleted += 1
            except QueryError as error:
                if error.status_code != 404:
                    raise
                missing = missing or error
        if not deleted and missing is not None:
            raise missing

    def trash(self, project: str, runs: Iterable[int], *, back: bool = False, container: Container = "run") -> None:
        """Moves runs (by `RunAttributes.id`) to the trash, or back."""
        change = {ATTRIBUTES: {layout.SYS: {"trashed": not back}}}
        for run in runs:
            self._reader.client.update_config(companion(project, container), run, change)

    def erase(self, project: str, runs: Iterable[int], *, container: Container = "run") -> None:
        """Deletes runs for good."""
        for run in runs:
            self._reader.client.delete_run(companion(project, container), run)


def _facts(name: str, row: dict[str, Any], container: Container) -> ProjectFacts:
    own = container == "run"
    return ProjectFacts(
        name=name,
        key=str(row.get("key") or "") if own else "",
        description=str(row.get("description") or "") if own else "",
        created=datetime.fromtimestamp(microseconds(row["createdAt"]) / 1e6, timezone.utc),
        runs=int(row["runCount"]) if own else 0,
    )
