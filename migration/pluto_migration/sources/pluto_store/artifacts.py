"""The versions of artifacts that a run of a Pluto store or server logged and used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pluto.protocol.artifacts import LATEST
from pluto.query import Client, QueryError
from pluto.query.values import microseconds
from pluto_migration.model import Artifact, Entry, Facts, Item
from pluto_migration.source import Problems
from pluto_migration.sources.pluto_store.place import Place

_ROLES: Final[tuple[Literal["logged", "used"], ...]] = ("logged", "used")


def artifacts(place: Place, client: Client, run: int, scratch: Path, problems: Problems) -> Iterator[Item]:
    """Each version once for each role, then where they stood: numbers, collections and links."""
    stood: dict[str, Any] = {}
    for role in _ROLES:
        for version in client.run_artifacts(run, role):
            called = f"{version['sourceProject']}/{version['sourceCollection']}:v{version['sourceVersion']}"
            entries = [_entry(place, client, row, scratch, problems, called)
                       for row in client.iter_artifact_files(version["id"])]  # fmt: skip
            aliases = [alias for alias in version["aliases"] if alias != LATEST]
            yield Artifact(
                name=version["sourceCollection"],
                type=version["type"],
                entries=entries,
                aliases=aliases,
                tags=version["tags"],
                description=version["description"],
                metadata=version["metadata"],
                time=_time(version["createdAt"]),
                digest=version["digest"],
                ttl=version["ttl"],
                step=version["step"],
                used=role == "used",
                source_id=called,
            )
            stood[called] = {"role": role, "algorithm": version["algorithm"], "links": _links(client, version)}
    if stood:
        yield Facts(extras={"artifacts": stood})


def _entry(
    place: Place, client: Client, row: Mapping[str, Any], scratch: Path, problems: Problems, called: str
) -> Entry:
    sha256 = row["sha256"]
    content = place.blob(sha256)
    if content is None and sha256 is not None:
        content = scratch / "artifacts" / str(sha256)
        try:
            if not content.exists():
                client.download_blob(sha256, content)
        except QueryError as error:
            problems.note(f"{called}/{row['path']}", f"its content can't be had: {error}")
            content = None
    return Entry(
        path=row["path"],
        digest=row["digest"],
        content=content,
        size=row["size"],
        ref=row["ref"],
        extra=row["extra"] or {},
    )


def _links(client: Client, version: Mapping[str, Any]) -> list[str]:
    """The collections of other projects that the version was linked to."""
    links = client.artifact_links(version["id"])
    return [f"{link['project']}/{link['collection']}:v{link['version']}" for link in links]


def _time(value: Any) -> int:
    return value * 1000 if isinstance(value, int) else microseconds(value)
