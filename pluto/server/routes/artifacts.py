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
from pluto.server.bodies import clean_name, read_json, required, run_number, whole
from pluto.server.context import Context, context
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


class Link(msgspec.Struct, rename="camel"):
    """Where a version is to be linked to."""

    project: str
    collection: str
    aliases: list[str] = []


class Use(msgspec.Struct, rename="camel"):
    """The run that uses a version."""

    run_id: int


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


def _answer(request: Request, version: Version | None) -> Response:
    if version is None:
        raise not_found("Artifact")
    return ext_response(request, version_object(version))


async def find(request: Request) -> Response:
    """The version of a collection with an alias, or a number as `v3`; `latest` unless told otherwise."""
    app = context(request)
    app.expire()
    alias = request.query_params.get("alias") or LATEST
    return _answer(request, app.metadata.artifacts.find(required(request, "project"), required(request, "name"), alias))


async def get(request: Request) -> Response:
    """A version, in the collection `collectionId` or else in its own."""
    app = context(request)
    collection = number(request, "collectionId") if request.query_params.get("collectionId") else None
    return _answer(request, app.metadata.artifacts.get(number(request), collection))


async def committed(request: Request) -> Response:
    """The version that the record with a token has become; 404 while it has not."""
    return _answer(request, context(request).metadata.artifacts.committed(request.path_params["token"]))


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
    return _page(request, found, limit, found[-1].version if found else None)


async def of_run(request: Request) -> Response:
    """Versions that a run logged (`role=logged`) or used (`role=used`), oldest first, a page at a time."""
    app, run = context(request), run_number(request)
    app.run(run)
    role = required(request, "role")
    limit = whole(request, "limit", 50, 1, PAGE_MAX)
    found = app.metadata.artifacts.of_run(
        run,
        "used" if _one_of(role, "role", "logged", "used") == "used" else "logged",
        after=whole(request, "cursor", 0, 0, 1 << 62),
        limit=limit,
    )
    return _page(request, found, limit, found[-1].id if found else None)


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


async def runs(request: Request) -> Response:
    """Who made a version, who logged it, and who used it."""
    app, artifact = context(request), number(request)
    version = app.metadata.artifacts.get(artifact)
    if version is None:
        raise not_found("Artifact")
    return ext_response(
        request,
        {
            "madeBy": None if version.run is None else _run(app, version.run),
            "loggedBy": _runs(app, app.metadata.artifacts.runs(artifact, "logged")),
            "usedBy": _runs(app, app.metadata.artifacts.runs(artifact, "used")),
        },
    )


async def links(request: Request) -> Response:
    """The version in the collections it is linked to."""
    app, artifact = context(request), number(request)
    if app.metadata.artifacts.get(artifact) is None:
        raise not_found("Artifact")
    return ext_response(request, {"rows": [version_object(one) for one in app.metadata.artifacts.links(artifact)]})


async def edit(request: Request) -> Response:
    """Changes what is given of a version, and gives it."""
    app, artifact = context(request), number(request)
    body = await read_json(request, VersionEdit)
    given: dict[str, Any] = {"description": body.description, "metadata": body.metadata, "ttl": body.ttl}
    kept = {name: KEEP if value is msgspec.UNSET else value for name, value in given.items()}
    if not app.metadata.artifacts.edit(artifact, **kept, add_tags=body.add_tags, remove_tags=body.remove_tags):
        raise not_found("Artifact")
    return _answer(request, app.metadata.artifacts.get(artifact))


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
    return _answer(request, app.metadata.artifacts.get(artifact, body.collection_id))


async def link(request: Request) -> Response:
    """Links a version to a collection, which is made if need be; gives the version there."""
    app, artifact = context(request), number(request)
    body = await read_json(request, Link)
    try:
        found = app.metadata.artifacts.link(
            artifact, clean_name(request, body.project, "project"), body.collection, body.aliases
        )
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    return _answer(request, found)


async def unlink(request: Request) -> Response:
    """Takes a version out of a collection it is linked to."""
    app = context(request)
    try:
        found = app.metadata.artifacts.unlink(number(request), number(request, "collectionId"))
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    if not found:
        raise not_found("Artifact")
    return ext_response(request, SUCCESS)


async def use(request: Request) -> Response:
    """Notes that a run uses a version."""
    app, artifact = context(request), number(request)
    body = await read_json(request, Use)
    try:
        found = app.metadata.artifacts.use(body.run_id, artifact)
    except LookupError:
        raise not_found() from None
    if not found:
        raise not_found("Artifact")
    return ext_response(request, SUCCESS)


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


def _page(request: Request, found: list[Version], limit: int, last: int | None) -> Response:
    after = str(last) if last is not None and len(found) == limit else None
    return ext_response(request, {"rows": [version_object(one) for one in found], "next": after})


def _one_of(value: str, name: str, *known: str) -> str:
    if value not in known:
        raise ApiError(400, f"{name} has to be {' or '.join(known)}")
    return value


def _runs(app: Context, numbers: list[int]) -> list[dict[str, Any]]:
    return [found for found in (_run(app, run) for run in numbers) if found is not None]


def _run(app: Context, number: int) -> dict[str, Any] | None:
    run = app.metadata.runs.get(number)
    if run is None:
        return None
    return {"id": run.id, "externalId": run.external_id, "name": run.name, "projectName": run.project}


_ARTIFACTS = f"{PREFIX}/artifacts"
_ONE = f"{_ARTIFACTS}/{{artifactId:int}}"

ROUTES = [
    Route(f"{_ARTIFACTS}/find", find, methods=["GET"]),
    Route(f"{_ARTIFACTS}/commits/{{token}}", committed, methods=["GET"]),
    Route(f"{PREFIX}/artifact-collections/{{collectionId:int}}/versions", members, methods=["GET"]),
    Route(f"{PREFIX}/runs/{{runId}}/artifacts", of_run, methods=["GET"]),
    Route(_ONE, get, methods=["GET"]),
    Route(_ONE, edit, methods=["PATCH"]),
    Route(_ONE, delete, methods=["DELETE"]),
    Route(f"{_ONE}/files", files, methods=["GET"]),
    Route(f"{_ONE}/runs", runs, methods=["GET"]),
    Route(f"{_ONE}/aliases", alias, methods=["POST"]),
    Route(f"{_ONE}/links", links, methods=["GET"]),
    Route(f"{_ONE}/links", link, methods=["POST"]),
    Route(f"{_ONE}/links/{{collectionId:int}}", unlink, methods=["DELETE"]),
    Route(f"{_ONE}/uses", use, methods=["POST"]),
]
