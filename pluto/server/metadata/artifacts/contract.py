"""What a store of artifacts must do. `tests/server/conformance_artifacts.py` holds the tests every store passes.

A *collection* belongs to a project, and its name to it alone there. A *sequence* has the versions that runs logged
under its name; a *portfolio* has links to versions of sequences, numbered by itself. A version is a member of the
sequence it was logged to, and of each portfolio it is linked to.

Times are whole milliseconds since the epoch, UTC. Every method is one transaction, safe from several processes at once.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from pluto.protocol.records import Artifact, ArtifactEntry

Role = Literal["logged", "used"]
Freed = list[tuple[str, int]]
"""Blobs that nobody refers to any more, with the time they were last referred to."""

KEEP: Final[Any] = object()
"""Stands for what an edit leaves as it is."""


class Conflict(ValueError):
    """What was asked for contradicts what is there. The text is for whoever asked."""


@dataclass(frozen=True, slots=True)
class Collection:
    id: int
    project: str
    name: str
    type: str
    kind: str
    """`sequence` or `portfolio`."""
    description: str | None
    tags: list[str]
    versions: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version as a member of a collection."""

    id: int
    """The same wherever it is a member."""
    collection: int
    project: str
    name: str
    """Of the collection."""
    version: int
    """Its number in the collection."""
    aliases: list[str]
    """In the collection."""
    linked_at: int | None
    """When it became a member of a portfolio; None in its own sequence."""
    source_collection: int
    source_project: str
    source_name: str
    source_version: int
    type: str
    digest: str
    algorithm: str
    description: str | None
    metadata: dict[str, Any]
    tags: list[str]
    ttl: int | None
    size: int
    files: int
    run: int | None
    """The run that made it; None where that is deleted."""
    step: int | None
    created_at: int
    updated_at: int


class Artifacts(Protocol):
    def commit(self, run: int, record: Artifact) -> Version | None:
        """The version a record makes, or the equal one that is there already, with the aliases moved to it.

        A record whose token is known changes nothing. None while other records of its `distributed_id` are to come.
        Raises `LookupError` for an unknown run and `Conflict` for what can't be.
        """

    def use(self, run: int, artifact: int) -> bool:
        """Notes that a run uses a version. False where there is no such version; `LookupError` for an unknown run."""

    def find(self, project: str, name: str, alias: str) -> Version | None:
        """The member of a collection with an alias, or a number given as `v3`."""

    def get(self, artifact: int, collection: int | None = None) -> Version | None:
        """A version in a collection, or else in its own sequence."""

    def committed(self, token: str) -> Version | None:
        """The version that the record with this token has become."""

    def members(
        self, collection: int, *, tags: Several[str] = (), before: int | None = None, limit: int = 50
    ) -> list[Version]:
        """Members of a collection that have all the tags, the newest first, from below version `before` on."""

    def links(self, artifact: int) -> list[Version]:
        """The version in the portfolios it is linked to, oldest link first."""

    def of_run(self, run: int, role: Role, *, after: int = 0, limit: int = 50) -> list[Version]:
        """Versions that a run logged, or used, by rising id, from above `after` on."""

    def runs(self, artifact: int, role: Role) -> list[int]:
        """The runs that logged, or used, a version, in that order."""

    def entries(self, artifact: int, *, prefix: str = "", after: str = "", limit: int = 1000) -> list[ArtifactEntry]:
        """What a version holds, by path, from above path `after` on."""

    def edit(
        self,
        artifact: int,
        *,
        description: str | None = KEEP,
        metadata: Mapping[str, Any] = KEEP,
        ttl: int | None = KEEP,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
    ) -> bool:
        """Changes a version. False for an unknown one."""

    def alias(self, collection: int, artifact: int, add: Sequence[str], remove: Sequence[str]) -> bool:
        """Moves aliases to a member of a collection, and takes others from it. False where it is no member.

        Raises `Conflict` for what can't be an alias.
        """

    def link(self, artifact: int, project: str, name: str, aliases: Sequence[str]) -> Version | None:
        """Makes a version a member of a portfolio, which is made if need be; `latest` and the aliases move to it.

        None for an unknown version. Raises `Conflict` for a sequence, or a portfolio of another type.
        """

    def unlink(self, artifact: int, collection: int) -> bool:
        """Takes a version out of a portfolio. False where it is not in it. Raises `Conflict` for a sequence."""

    def delete(self, artifact: int, *, aliases: bool = False) -> Freed | None:
        """Forgets a version and its links. None for an unknown one.

        Raises `Conflict` where it has aliases and `aliases` does not say that they may go.
        """

    def expired(self) -> list[int]:
        """Versions that have been kept for as long as they were to be, and are linked nowhere."""

    def types(self, project: str) -> list[tuple[str, int]]:
        """The types of a project's collections, and when each came up, oldest first."""

    def collections(
        self,
        project: str,
        *,
        type: str | None = None,
        name: str | None = None,
        kind: str | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> list[Collection]:
        """Collections by rising id, from above `after` on."""

    def collection(self, collection: int) -> Collection | None: ...

    def create_collection(
        self, project: str, name: str, type: str, kind: str, description: str | None = None, tags: Iterable[str] = ()
    ) -> Collection:
        """A new collection. Raises `Conflict` where the project has one of that name."""

    def edit_collection(
        self,
        collection: int,
        *,
        name: str = KEEP,
        type: str = KEEP,
        description: str | None = KEEP,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
    ) -> bool:
        """Changes a collection. False for an unknown one. Raises `Conflict` for a name that is taken."""

    def delete_collection(self, collection: int) -> Freed | None:
        """Forgets a collection with its versions, or its links. None for an unknown one."""
