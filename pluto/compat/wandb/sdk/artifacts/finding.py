"""Artifacts in the store: from the ways they are named, and from what the store says of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import CommError
from pluto.compat.wandb.sdk.artifacts._validators import ArtifactPath, is_artifact_registry_project
from pluto.protocol.artifacts import LATEST

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
    from pluto.compat.wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
    from pluto.query import Client

_KIND = "Artifact:"


def artifact_id(number: int) -> str:
    """The id that scripts see, for the store's number."""
    return base64.standard_b64encode(f"{_KIND}{number}".encode()).decode()


def number_of(id: str) -> int:
    """The store's number of an id. Raises `ValueError` for what is no id."""
    try:
        text = base64.standard_b64decode(id).decode()
    except ValueError:
        text = ""
    number = text.removeprefix(_KIND)
    if not text.startswith(_KIND) or not number.isdecimal():
        raise ValueError(f"{id!r} is no id of an artifact")
    return int(number)


def full_project(entity: str | None, project: str) -> str:
    """The project as the store has it. Registries belong to the whole server."""
    return project if not entity or is_artifact_registry_project(project) else f"{entity}/{project}"


def place_of(project: str) -> tuple[str, str]:
    """Entity, or an empty text, and project, of a project as the store has it."""
    entity, slash, name = project.partition("/")
    return (entity, name) if slash else ("", project)


@contextmanager
def plainly() -> Iterator[None]:
    """Turns what goes wrong with a call into `CommError`."""
    from pluto.query import QueryError

    try:
        yield
    except QueryError as error:
        raise CommError(str(error), error) from error


def artifact_from_row(row: dict[str, Any], client: Client) -> Artifact:
    """The artifact of a version as `pluto.query` gives it."""
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
    from pluto.compat.wandb.sdk.artifacts.artifact_instance_cache import artifact_instance_cache

    found = Artifact("placeholder", type="placeholder")._assign(row, client)
    if found.id is not None:
        artifact_instance_cache[found.id] = found
    return found


def find_artifact(
    client: Client, path: str, *, entity: str | None, project: str | None, type: str | None = None
) -> Artifact:
    """The artifact of `[[entity/]project/]name[:alias]`; `entity` and `project` stand in for what is not named.

    Raises `CommError` where there is none, and `ValueError` for a path that is none or a `type` that is another.
    """
    from pluto.query import QueryError

    parsed = ArtifactPath.from_str(path).with_defaults(prefix=entity, project=project or "uncategorized")
    name, _, alias = parsed.name.partition(":")
    if not name:
        raise ValueError(f"Invalid artifact path: {path!r}")
    places = [full_project(parsed.prefix, str(parsed.project))]
    if places[0] != parsed.project:
        places.append(str(parsed.project))
    for place in places:
        try:
            found = artifact_from_row(client.get_artifact(place, name, alias or LATEST), client)
        except QueryError as error:
            if error.status_code == 404:
                continue
            raise CommError(str(error), error) from error
        if type is not None and found.type != type:
            raise ValueError(f"Supplied type {type} does not match type {found.type} of artifact {found.name}")
        return found
    raise CommError(f"artifact membership '{name}:{alias or LATEST}' not found in '{places[0]}'")


def artifact_by_id(client: Client, id: str) -> Artifact:
    """The artifact of an id. Raises `CommError` where there is none."""
    with plainly():
        return artifact_from_row(client.get_artifact_by_id(number_of(id)), client)


def artifact_by_token(client: Client, token: str) -> Artifact | None:
    """The artifact that another process logged under an id of its own; None while it has not arrived."""
    with plainly():
        row = client.get_artifact_by_token(token)
    return None if row is None else artifact_from_row(row, client)


def manifest_of(artifact: Any) -> ArtifactManifest:
    """What the store has of a logged artifact. Raises `CommError`."""
    from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
    from pluto.compat.wandb.sdk.artifacts.artifact_manifests.artifact_manifest_v1 import ArtifactManifestV1

    manifest = ArtifactManifestV1(digest_algorithm=artifact.digest_algorithm)
    with plainly():
        for row in artifact._get_client().iter_artifact_files(artifact._number):
            entry = ArtifactManifestEntry(
                path=row["path"],
                digest=row["digest"],
                ref=row["ref"],
                size=row["size"],
                extra=row["extra"],
                birthArtifactID=row["birth"],
            )
            entry._sha256 = row["sha256"]
            entry._parent_artifact = artifact
            manifest.entries[entry.path] = entry
    return manifest


def client_beside(artifact: Any) -> Client:
    """What reads from the store of an artifact; for a draft, from that of the open run, or the one configured."""
    client: Client | None = getattr(artifact, "_client", None)
    if client is not None:
        return client
    from pluto.compat.wandb.sdk.wandb_setup import singleton

    run = singleton().most_recent_active_run
    if run is not None:
        found: Client = run._artifact_client()
        return found
    from pluto.query import Client as NewClient

    return NewClient()
