"""A run of a Pluto store or server: who it is, and what is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pluto.protocol.records import ATTRIBUTES
from pluto.query import Client, QueryError, RunOverview
from pluto.query.values import microseconds
from pluto_migration.model import Facts, Item, Parent, Status
from pluto_migration.source import Problems, SourceError, SourceRun, fingerprint_of
from pluto_migration.sources.pluto_store.artifacts import artifacts
from pluto_migration.sources.pluto_store.contents import Contents
from pluto_migration.sources.pluto_store.place import Place

_STATUSES: Final[dict[str, Status]] = {
    "COMPLETED": "finished", "FAILED": "failed", "TERMINATED": "killed", "CANCELLED": "cancelled", "RUNNING": "running",
}  # fmt: skip
_BESIDE: Final = frozenset({"names", "lines", "files", "name", "description", "tags"})
"""What a stock server is told in `_attributes` since it has no slot for it (pluto.query.readable)."""
MIGRATED: Final = "_migration"
"""Where in a config a migration keeps what it knows of a run."""


class PlutoRun(SourceRun):
    """A run by its number in a store or on a server."""

    def __init__(
        self, place: Place, project: str, source_project: str, number: int, external_id: str, display_id: str
    ) -> None:
        self.project = project
        self.id = external_id
        self.path = Path(place.label)
        self.number = number
        self._place = place
        self._source_project = source_project
        self._display_id = display_id
        self._status = ""
        self._name: str | None = None
        self._created = 0
        self._fork: tuple[int, float | None] | None = None
        self._parent_id: str | None = None
        self._state = ""
        self._size = 0
        self._migrated: dict[str, Any] = {}

    @classmethod
    def of(cls, place: Place, project: str, overview: RunOverview) -> PlutoRun:
        """The run that an overview tells of. One without an external id goes by its display id."""
        kept = overview.config.get(ATTRIBUTES)
        told = kept.get("id") if isinstance(kept, dict) else None
        external_id = overview.external_id or (told if isinstance(told, str) else None) or overview.display_id
        run = cls(place, project, overview.project, overview.id, external_id, overview.display_id)
        run._status = overview.status
        run._name = overview.name
        run._created = overview.created * 1000
        run._fork = None if overview.forked_from is None else (overview.forked_from, overview.fork_step)
        state = [overview.updated, overview.status_updated, overview.status, overview.name, overview.notes]
        run._state = repr((*state, overview.tags, overview.config, overview.names, sorted(overview.metrics.items()),
                           sorted(overview.data.items()), _lasting(overview.files), overview.lines))  # fmt: skip
        migrated = overview.config.get(MIGRATED)
        run._migrated = migrated if isinstance(migrated, dict) else {}
        numbers = sum(facts.count for facts in overview.metrics.values()) * 24
        run._size = numbers + sum(int(row.get("fileSize") or 0) for row in overview.files.values())
        return run

    @property
    def created(self) -> int | None:
        """When it began."""
        return self._created

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._name

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from; looked up by its number where it is not among those told of by `know`."""
        if self._fork is None:
            return None
        number, step = self._fork
        if self._parent_id is None:
            with self._place.reading() as client:
                found = next(client.iter_overviews(self._source_project, ids=[number], fresh=False), None)
            self._parent_id = "" if found is None else PlutoRun.of(self._place, self.project, found).id
        return Parent(self.project, self._parent_id, step) if self._parent_id else None

    def know(self, ids: Mapping[int, str]) -> None:
        """Tells the external ids of runs by their numbers."""
        if self._fork is not None:
            self._parent_id = ids.get(self._fork[0])

    @property
    def old_ids(self) -> Sequence[str]:
        """Its display id, and what a migration before this one had noted."""
        before = self._migrated.get("old_ids")
        older = [str(one) for one in before] if isinstance(before, list) else []
        return list(dict.fromkeys([*older, self._display_id]))

    @property
    def fingerprint(self) -> str:
        """Of the facts about it, and of the file it is in or else the last of all that it logged."""
        return fingerprint_of(self._place.series(self.number), self._state)

    @property
    def size(self) -> int:
        """Bytes of its numbers and texts; of its files those alone that a server told of with the run."""
        return self._size + sum(path.stat().st_size for path in self._place.series(self.number))

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All of it. Raises `SourceError` where the store can't be read."""
        try:
            with self._place.reading(self.number) as client:
                details = client.get_run(self._source_project, self.number)
                contents = Contents(self._place, client, details, scratch, problems)
                yield self._facts(client, details, contents)
                yield from contents.items()
                if client.has_artifacts:
                    yield from artifacts(self._place, client, self.number, scratch, problems)
        except QueryError as error:
            raise SourceError(f"{self.label} can't be read from {self._place.label}: {error}") from error

    def _facts(self, client: Client, details: Mapping[str, Any], contents: Contents) -> Facts:
        config = dict(details.get("config") or {})
        before = config.pop(MIGRATED, None)
        attributes = config.pop(ATTRIBUTES, None)
        wandb = config.pop("_wandb", None)
        notes, name, tags = None, details["name"], [str(tag) for tag in details.get("tags") or ()]
        attributes = attributes if isinstance(attributes, dict) else {}
        if client.has_artifacts:
            notes = client.get_notes(self._source_project, self.number)
        else:
            kept, attributes = attributes, {key: value for key, value in attributes.items() if key not in _BESIDE}
            notes, name = kept.get("description"), kept.get("name") or name
            changed = kept.get("tags")
            if isinstance(changed, dict):
                tags = [tag for tag in tags if changed.get(tag) is not False]
                tags += [tag for tag, there in changed.items() if there and tag not in tags]
            if notes is None:
                contents.lack("notes")
        about_end = details.get("statusMetadata") if details["status"] == self._status else None
        code = about_end.get("code") if isinstance(about_end, dict) else None
        extras = {
            "display_id": self._display_id,
            "number": details["number"],
            "settings": details.get("loggerSettings"),
            "status_metadata": about_end,
            "migration": before,
        }
        return Facts(
            name=name,
            notes=notes,
            tags=tags,
            status=_STATUSES.get(self._status, "unknown"),
            exit_code=code if isinstance(code, int) and not isinstance(code, bool) else None,
            ended=None if self._status == "RUNNING" else microseconds(details["statusUpdated"]),
            config=config,
            metadata=details.get("systemMetadata") or {},
            attributes=attributes,
            wandb=wandb if isinstance(wandb, dict) else {},
            exact=True,
            extras={key: value for key, value in extras.items() if value},
        )


def _lasting(files: Mapping[str, Mapping[str, Any]]) -> str:
    """Rows of files less their addresses, which are signed anew each time."""
    rows = sorted(files.items())
    return json.dumps([(name, row.get("at"), row.get("sha256"), row.get("step")) for name, row in rows])
