"""Artifacts: versions of files that runs log, use and link."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pluto.protocol.artifacts import LATEST, SEQUENCE
from pluto.protocol.batch import PREFIX
from pluto.query.connection import telling
from pluto.query.errors import QueryError
from pluto.query.runs import Runs

_PAGE: Final = 200
_FILES: Final = 5_000
_KEEP: Final[Any] = object()


class Artifacts(Runs):
    """Reads and changes of artifacts; all need Pluto's own server.

    A version is a dict: `id`, `project`, `collection`, `collectionId`, `version` (a number), `aliases`, `linkedAt`,
    `sourceProject`, `sourceCollection`, `sourceCollectionId`, `sourceVersion`, `type`, `digest`, `algorithm`,
    `description`, `metadata`, `tags`, `ttl` (seconds), `size`, `fileCount`, `runId`, `step`, `createdAt`, `updatedAt`.
    Where a version was linked to another collection it has number and aliases of that one, and the same `id`.
    """

    @property
    def where(self) -> str:
        """The server's address or the store's folder."""
        return self._connection.where

    @property
    def has_artifacts(self) -> bool:
        """Whether the server keeps versions at all, which a stock one does not."""
        return self._connection.extended

    # --- finding ------------------------------------------------------------------------------------------------------

    def list_artifact_types(self, project: str) -> list[dict[str, Any]]:
        """The types of a project's artifacts: `name` and `createdAt`."""
        return list(self._extension("/artifact-types", {"project": project})["types"])

    def iter_artifact_collections(
        self, project: str, type: str | None = None, name: str | None = None, kind: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Collections of a project, oldest first: `id`, `project`, `name`, `type`, `kind`, `description`, `tags`,
        `versions` (how many), `createdAt`, `updatedAt`. `kind` is `sequence` (of versions) or `portfolio` (of links).
        """
        asked = {"project": project, "type": type, "name": name, "kind": kind}
        yield from self._rows("/artifact-collections", asked)

    def get_artifact_collection(self, project: str, name: str) -> dict[str, Any]:
        """A collection, as `iter_artifact_collections` gives it. Raises `QueryError` with status 404."""
        for found in self.iter_artifact_collections(project, name=name):
            return found
        raise QueryError(f"project {project!r} has no artifacts {name!r}", 404)

    def iter_artifacts(self, project: str, name: str, tags: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """The versions in a collection that have all `tags`, the newest first."""
        collection = self.get_artifact_collection(project, name)["id"]
        yield from self._rows(f"/artifact-collections/{collection}/versions", {"tags": list(tags)})

    def list_artifacts(self, project: str, name: str, tags: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The same as a list."""
        return list(self.iter_artifacts(project, name, tags))

    def get_artifact(self, project: str, name: str, version: str = LATEST) -> dict[str, Any]:
        """The version with an alias, or a number given as `v3`. Raises `QueryError` with status 404."""
        return dict(self._extension("/artifacts/find", {"project": project, "name": name, "alias": version}))

    def get_artifact_by_id(self, artifact: int, collection: int | None = None) -> dict[str, Any]:
        """A version by its `id`, in a collection or else in its own. Raises `QueryError` with status 404."""
        return dict(self._extension(f"/artifacts/{artifact:d}", {"collectionId": collection}))

    def get_artifact_by_token(self, token: str) -> dict[str, Any] | None:
        """The version that a logged one with this token has become; None while it has not arrived."""
        with contextlib.suppress(_NotFound):
            return dict(self._extension(f"/artifacts/commits/{token}", fresh=False))
        return None

    def artifact_type_of(self, project: str, name: str) -> str | None:
        """The type that a collection has; None where there is none, or the server does not answer at once.

        For whoever is about to log: nothing is waited for, and nothing raised.
        """
        from pluto.core.client import ClientError

        try:
            params = {"project": project, "name": name}
            rows = self._connection.calls.get_json(f"{PREFIX}/artifact-collections", params)["rows"]
        except (ClientError, KeyError, TypeError):
            return None
        return str(rows[0]["type"]) if rows else None

    def run_artifacts(self, run: int, role: Literal["logged", "used"] = "logged") -> Iterator[dict[str, Any]]:
        """Versions that a run, given by number, logged or used, oldest first."""
        yield from self._rows(f"/runs/{run:d}/artifacts", {"role": role})

    def artifact_runs(self, artifact: int) -> dict[str, Any]:
        """Who made a version (`madeBy`, or None), who logged the same (`loggedBy`), and who used it (`usedBy`).

        Runs are dicts with `id`, `externalId`, `name` and `projectName`.
        """
        return dict(self._extension(f"/artifacts/{artifact:d}/runs"))

    def artifact_links(self, artifact: int) -> list[dict[str, Any]]:
        """The version in the collections it is linked to."""
        return list(self._extension(f"/artifacts/{artifact:d}/links")["rows"])

    # --- files --------------------------------------------------------------------------------------------------------

    def iter_artifact_files(self, artifact: int, prefix: str | None = None) -> Iterator[dict[str, Any]]:
        """What a version holds, by path: `path`, `digest`, `size`, `sha256`, `ref`, `extra`, `birth`.

        What is only referred to has its address as `ref`, and no `sha256`.
        """
        yield from self._rows(f"/artifacts/{artifact:d}/files", {"prefix": prefix}, page=_FILES)

    def download_artifact(
        self,
        project: str,
        name: str,
        version: str = LATEST,
        destination: str | Path | None = None,
        prefix: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Path:
        """The folder with the files of a version: `destination`, or `artifacts/<name>-v<number>` here.

        A file that is there as it should be is left alone; others in the folder are, too. Only paths that begin with
        `prefix` are fetched. What is only referred to is not: `iter_artifact_files` has its address. `progress` is told
        how many files there are so far.
        """
        found = self.get_artifact(project, name, version)
        folder = Path(destination or Path("artifacts", f"{found['collection']}-v{found['version']}"))
        folder.mkdir(parents=True, exist_ok=True)
        done = 0
        for row in self.iter_artifact_files(found["id"], prefix):
            if row["sha256"] is None:
                continue
            target = folder / row["path"]
            if not _is(target, row["sha256"], row["size"]):
                self.download_blob(row["sha256"], target)
            done += 1
            if progress is not None:
                progress(done)
        return folder

    def download_blob(self, sha256: str, target: Path) -> None:
        """Puts the bytes of a hash into a file, whole or not at all. Raises `QueryError` where they can't be had."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.parent / f".{secrets.token_hex(8)}.part"

        def fetch() -> None:
            found = hashlib.sha256()
            with self._connection.calls.download(f"{PREFIX}/blobs/{sha256}") as chunks, part.open("wb") as sink:
                for chunk in chunks:
                    found.update(chunk)
                    sink.write(chunk)
            if found.hexdigest() != sha256:
                from pluto.core.client import Unreachable

                raise Unreachable(f"{target.name}: what came is not what was asked for")

        try:
            self._connection.again(str(target.name), fetch)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)

    # --- changes ------------------------------------------------------------------------------------------------------

    def edit_artifact(
        self,
        artifact: int,
        *,
        description: str | None = _KEEP,
        metadata: Mapping[str, Any] = _KEEP,
        ttl: int | None = _KEEP,
        add_tags: Sequence[str] = (),
        remove_tags: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Changes what is given of a version. `ttl`: seconds from its creation, 0 for ever, None as the store does."""
        body = _given(description=description, metadata=metadata, ttl=ttl)
        body |= {"addTags": list(add_tags), "removeTags": list(remove_tags)}
        return dict(self._change("PATCH", f"/artifacts/{artifact:d}", body))

    def alias_artifact(
        self, artifact: int, collection: int, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Moves aliases of a collection to a version in it, and takes others from it."""
        body = {"collectionId": collection, "add": list(add), "remove": list(remove)}
        return dict(self._change("POST", f"/artifacts/{artifact:d}/aliases", body))

    def link_artifact(
        self, artifact: int, project: str, collection: str, aliases: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Links a version to a collection, which is made if need be; `latest` and the aliases move to it there."""
        body = {"project": project, "collection": collection, "aliases": list(aliases)}
        return dict(self._change("POST", f"/artifacts/{artifact:d}/links", body))

    def unlink_artifact(self, artifact: int, collection: int) -> None:
        """Takes a version out of a collection it is linked to."""
        self._change("DELETE", f"/artifacts/{artifact:d}/links/{collection:d}")

    def use_artifact(self, artifact: int, run: int) -> None:
        """Notes that a run, given by number, uses a version."""
        self._change("POST", f"/artifacts/{artifact:d}/uses", {"runId": run})

    def delete_artifact(self, artifact: int, *, aliases: bool = False) -> None:
        """Deletes a version and what only it holds. Raises `QueryError` where it has aliases and `aliases` is False."""
        self._change("DELETE", f"/artifacts/{artifact:d}", params={"aliases": "true"} if aliases else None)

    def create_artifact_collection(
        self,
        project: str,
        name: str,
        type: str,
        kind: str = SEQUENCE,
        description: str | None = None,
        tags: Sequence[str] = (),
    ) -> dict[str, Any]:
        """A new collection. Raises `QueryError` with status 409 where the project has one of that name."""
        body = {"project": project, "name": name, "type": type, "kind": kind, "description": description}
        return dict(self._change("POST", "/artifact-collections", body | {"tags": list(tags)}))

    def edit_artifact_collection(
        self,
        collection: int,
        *,
        name: str = _KEEP,
        type: str = _KEEP,
        description: str | None = _KEEP,
        add_tags: Sequence[str] = (),
        remove_tags: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Changes what is given of a collection."""
        body = _given(name=name, type=type, description=description)
        body |= {"addTags": list(add_tags), "removeTags": list(remove_tags)}
        return dict(self._change("PATCH", f"/artifact-collections/{collection:d}", body))

    def delete_artifact_collection(self, collection: int) -> None:
        """Deletes a collection with its versions, or its links."""
        self._change("DELETE", f"/artifact-collections/{collection:d}")

    # ------------------------------------------------------------------------------------------------------------------

    def _extension(self, path: str, params: Mapping[str, Any] | None = None, *, fresh: bool = True) -> Any:
        self._connection.demand("artifacts")
        try:
            return self._connection.extension(path, params, fresh=fresh)
        except QueryError as error:
            if error.status_code == 404:
                raise _NotFound(str(error), 404) from error
            raise

    def _change(self, method: str, path: str, body: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Each change may be made twice with the same result, and so is tried again."""
        self._connection.demand("artifacts")
        self._connection.see_own_writes()
        calls = self._connection.calls
        with telling(path):
            return self._connection.again(path, lambda: calls.change(method, path, body, params))

    def _rows(self, path: str, params: Mapping[str, Any], *, page: int = _PAGE) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            found = self._extension(path, {**params, "limit": page, "cursor": cursor}, fresh=cursor is None)
            yield from found["rows"]
            cursor = found.get("next")
            if cursor is None:
                return


class _NotFound(QueryError):
    """There is no such thing."""


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not _KEEP}


def _is(path: Path, sha256: str, size: int | None) -> bool:
    """Whether a file is what it should be."""
    try:
        if size is not None and path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            found = hashlib.sha256()
            while block := file.read(1 << 20):
                found.update(block)
    except OSError:
        return False
    return found.hexdigest() == sha256
