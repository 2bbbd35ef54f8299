"""Projects: made, described, deleted."""

from __future__ import annotations

from typing import Any

from pluto.query.connection import telling
from pluto.query.runs import Runs


class Projects(Runs):
    """Reads and changes of projects. All but the list need Pluto's own server."""

    def describe_projects(self) -> list[dict[str, Any]]:
        """The projects as `list_projects` gives them, with `key` (the first part of display ids) and `description`.

        A stock server tells neither: both are None.
        """
        if not self._connection.extended:
            return [{**project, "key": None, "description": None} for project in self.list_projects()]
        return list(self._connection.extension("/projects")["projects"])

    def create_project(self, name: str, *, key: str | None = None, description: str | None = None) -> dict[str, Any]:
        """A new project. `key`: 1 to 10 letters and digits, made from the name when None.

        Raises `QueryError` with status 409 where the name, or a key that was given, is taken.
        """
        self._connection.demand("making of projects", "a project is made there with its first run")
        with telling(f"project {name!r}"):
            return self._connection.calls.create_project(name, key, description)

    def delete_project(self, name: str) -> None:
        """Deletes a project with all its runs. There is no way back. Raises `QueryError` with status 404."""
        self._connection.demand("deletion", "delete the project in its web page")
        with telling(f"project {name!r}"):
            self._connection.calls.delete_project(name)
