"""Managing projects and runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pluto.compat.attributes.reading import AttributeReader


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

    def list(self) -> list[ProjectFacts]:
        """All projects, without companions, newest first."""
        raise NotImplementedError

    def find(self, name: str) -> ProjectFacts | None:
        """The project of this name."""
        raise NotImplementedError

    def create(self, name: str, *, key: str | None = None, description: str | None = None) -> ProjectFacts:
        """Makes a project. `key`: 1 to 10 letters and digits, beginning with a letter.

        Raises `QueryError` with status 409 where the name or the key is taken.
        """
        raise NotImplementedError

    def delete(self, name: str) -> None:
        """Deletes a project with all its runs, and its companions. There is no way back."""
        raise NotImplementedError

    def trash(self, project: str, runs: Iterable[int], *, back: bool = False) -> None:
        """Moves runs (by `RunAttributes.id`) to the trash, or back."""
        raise NotImplementedError

    def erase(self, project: str, runs: Iterable[int]) -> None:
        """Deletes runs for good."""
        raise NotImplementedError
