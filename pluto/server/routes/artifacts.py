"""Versions of artifacts: finding, changing, linking, deleting."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.artifacts import LATEST
from pluto.protocol.batch import PREFIX
from pluto.server.answers import SUCCESS, ext_response, iso
from pluto.server.bodies import read_json, required, run_number, whole
from pluto.server.context import context
from pluto.server.errors import ApiError, not_found
from pluto.server.metadata.artifacts.contract import KEEP, Conflict, Version

PAGE_MAX = 1_000
FILES_MAX = 10_000


class VersionEdit(msgspec.Struct, rename="camel"):
    """What is to be changed of a version."""

    description: str | msgspec.UnsetType | None = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    ttl: int | msgspec.UnsetType | None = msgspec.UNSET
    add_tags: list[str] = []
    remove_tags: list[str] = []


class Aliases(msgspec.Struct, rename="camel"):
    """Which aliases a version is to get, and to lose, in a collection."""

    collection_id: int
    add: list[str] = []
    remove: list[str] = []


def number(request: Request, name: str = "artifactId") -> int:
    """A number in the path."""
    return run_number(request, name)


def version_object(version: Version) -> dict[str, Any]:
    """A version as routes give it."""
    return {
        "id": version.id,
        "collectionId": version.collection,
        "project": version.project,
        "collection": version.name,
        "version": version.version,
        "aliases": version.aliases,
        "linkedAt": None if version.linked_at is None else iso(version.linked_at),
        "sourceCollectionId": version.source_collection,
        "sourceProject": version.source_project,
        "sourceCollection": version.source_name,
        "sourceVersion": version.source_version,
        "type": version.type,
        "digest": version.digest,
        "algorithm": version.algorithm,
        "description": version.description,
        "metadata": version.metadata,
        "tags": version.tags,
        "ttl": version.ttl,
        "size": version.size,
        "fileCount": version.files,
        "runId": version.run,
        "step": version.step,
        "createdAt": iso(version.created_at),
        "updatedAt": iso(version.updated_at),
    }


def answer(request: Request, version: Version | None) -> Response:
    """The version, or 404."""
    if version is None:
        raise not_found("Artifact")
    return ext_response(request, version_object(version))


async def find(request: Request) -> Response:
    """The version of a collection with an alias, or a number as `v3`; `latest` unless told otherwise."""
    app = context(request)
    app.expire()
    alias = request.query_params.get("alias") or LATEST
    return answer(request, app.metadata.artifacts.find(required(request, "project"), required(request, "name"), alias))


async def get(request: Request) -> Response:
    """A version, in the collection `collectionId` or else in its own."""
    app = context(request)
    collection = number(request, "collectionId") if request.query_params.get("collectionId") else None
    return answer(request, app.metadata.artifacts.get(number(request), collection))


async def committed(request: Request) -> Response:
    """The version that the record with a token has become; 404 while it has not."""
    return answer(request, context(request).metadata.artifacts.committed(request.path_params["token"]))


async def members(request: Request) -> Response:
    """Versions of a collection, the newest first, a page at a time."""
    app, query = context(request), request.query_params
    app.expire()
    limit = whole(request, "limit", 50, 1, PAGE_MAX)
    found = app.metadata.artifacts.members(
        number(request, "collectionId"),
        tags=query.getlist("tags"),
        before=whole(request, "cursor", 0, 0, 1 << 62) if query.get("cursor") else None,
        limit=limit,
    )
    return page(request, found, limit, found[-1].version if found else None)


async def files(request: Request) -> Response:
    """What a version holds, by path, a page at a time; `prefix` is the beginning of paths."""
    app, artifact, query = context(request), number(request), request.query_params
    if app.metadata.artifacts.get(artifact) is None:
        raise not_found("Artifact")
    limit = whole(request, "limit", 1_000, 1, FILES_MAX)
    found = app.metadata.artifacts.entries(
        artifact, prefix=query.get("prefix") or "", after=query.get("cursor") or "", limit=limit
    )
    rows = [
        {
            "path": entry.path,
            "digest": entry.digest,
            "size": entry.size,
            "sha256": entry.sha256,
            "ref": entry.ref,
            "extra": entry.extra,
            "birth": entry.birth,
        }
        for entry in found
    ]
    return ext_response(request, {"rows": rows, "next": found[-1].path if len(found) == limit else None})


async def edit(request: Request) -> Response:
    """Changes what is given of a version, and gives it."""
    app, artifact = context(request), number(request)
    body = await read_json(request, VersionEdit)
    given: dict[str, Any] = {"description": body.description, "metadata": body.metadata, "ttl": body.ttl}
    kept = {name: KEEP if value is msgspec.UNSET else value for name, value in given.items()}
    if not app.metadata.artifacts.edit(artifact, **kept, add_tags=body.add_tags, remove_tags=body.remove_tags):
        raise not_found("Artifact")
    return answer(request, app.metadata.artifacts.get(artifact))


async def alias(request: Request) -> Response:
    """Moves aliases of a collection to a version, and takes others from it; gives the version in the collection."""
    app, artifact = context(request), number(request)
    body = await read_json(request, Aliases)
    try:
        found = app.metadata.artifacts.alias(body.collection_id, artifact, body.add, body.remove)
    except Conflict as error:
        raise ApiError(400, str(error)) from None
    if not found:
        raise not_found("Artifact")
    return answer(request, app.metadata.artifacts.get(artifact, body.collection_id))


async def delete(request: Request) -> Response:
    """Deletes a version, its links, and the blobs nobody else uses. 409 where it has aliases, unless `aliases=true`."""
    app = context(request)
    try:
        freed = app.metadata.artifacts.delete(number(request), aliases=request.query_params.get("aliases") == "true")
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    if freed is None:
        raise not_found("Artifact")
    app.drop(freed)
    return ext_response(request, SUCCESS)


def page(request: Request, found: list[Version], limit: int, last: int | None) -> Response:
    """Versions, and where the next page begins, if there may be one: behind `last`."""
    after = str(last) if last is not None and len(found) == limit else None
    return ext_response(request, {"rows": [version_object(one) for one in found], "next": after})


_ARTIFACTS = f"{PREFIX}/artifacts"
ONE = f"{_ARTIFACTS}/{{artifactId:int}}"

ROUTES = [
    Route(f"{_ARTIFACTS}/find", find, methods=["GET"]),
    Route(f"{_ARTIFACTS}/commits/{{token}}", committed, methods=["GET"]),
    Route(f"{PREFIX}/artifact-collections/{{collectionId:int}}/versions", members, methods=["GET"]),
    Route(ONE, get, methods=["GET"]),
    Route(ONE, edit, methods=["PATCH"]),
    Route(ONE, delete, methods=["DELETE"]),
    Route(f"{ONE}/files", files, methods=["GET"]),
    Route(f"{ONE}/aliases", alias, methods=["POST"]),
]
