"""Collections of artifacts."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.artifacts import SEQUENCE
from pluto.protocol.batch import PREFIX
from pluto.server.answers import SUCCESS, ext_response, iso
from pluto.server.bodies import clean_name, read_json, required, run_number, whole
from pluto.server.context import context
from pluto.server.errors import ApiError, not_found
from pluto.server.metadata.artifacts.contract import KEEP, Collection, Conflict

PAGE_MAX = 1_000


class NewCollection(msgspec.Struct, rename="camel"):
    """A collection to be made."""

    project: str
    name: str
    type: str
    kind: str = SEQUENCE
    description: str | None = None
    tags: list[str] = []


class CollectionEdit(msgspec.Struct, rename="camel"):
    """What is to be changed of a collection."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    add_tags: list[str] = []
    remove_tags: list[str] = []


def collection_object(collection: Collection) -> dict[str, Any]:
    """A collection as routes give it."""
    return {
        "id": collection.id,
        "project": collection.project,
        "name": collection.name,
        "type": collection.type,
        "kind": collection.kind,
        "description": collection.description,
        "tags": collection.tags,
        "versions": collection.versions,
        "createdAt": iso(collection.created_at),
        "updatedAt": iso(collection.updated_at),
    }


def _answer(request: Request, collection: Collection | None) -> Response:
    if collection is None:
        raise not_found("Collection")
    return ext_response(request, collection_object(collection))


async def types(request: Request) -> Response:
    """The types of a project's artifacts."""
    found = context(request).metadata.artifacts.types(required(request, "project"))
    return ext_response(request, {"types": [{"name": name, "createdAt": iso(first)} for name, first in found]})


async def listing(request: Request) -> Response:
    """Collections of a project, oldest first, a page at a time; of a `type`, `name` or `kind` where one is given."""
    query = request.query_params
    limit = whole(request, "limit", 50, 1, PAGE_MAX)
    found = context(request).metadata.artifacts.collections(
        required(request, "project"),
        type=query.get("type") or None,
        name=query.get("name") or None,
        kind=query.get("kind") or None,
        after=whole(request, "cursor", 0, 0, 1 << 62),
        limit=limit,
    )
    after = str(found[-1].id) if len(found) == limit else None
    return ext_response(request, {"rows": [collection_object(one) for one in found], "next": after})


async def get(request: Request) -> Response:
    """A collection."""
    return _answer(request, context(request).metadata.artifacts.collection(run_number(request, "collectionId")))


async def create(request: Request) -> Response:
    """Makes a collection: a `sequence` for versions that runs log, or a `portfolio` for links."""
    body = await read_json(request, NewCollection)
    try:
        made = context(request).metadata.artifacts.create_collection(
            clean_name(request, body.project, "project"), body.name, body.type, body.kind, body.description, body.tags
        )
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    return ext_response(request, collection_object(made), 201)


async def edit(request: Request) -> Response:
    """Changes what is given of a collection, and gives it."""
    app, number = context(request), run_number(request, "collectionId")
    body = await read_json(request, CollectionEdit)
    given: dict[str, Any] = {"name": body.name, "type": body.type, "description": body.description}
    kept = {name: KEEP if value is msgspec.UNSET else value for name, value in given.items()}
    try:
        done = app.metadata.artifacts.edit_collection(
            number, **kept, add_tags=body.add_tags, remove_tags=body.remove_tags
        )
    except Conflict as error:
        raise ApiError(409, str(error)) from None
    if not done:
        raise not_found("Collection")
    return _answer(request, app.metadata.artifacts.collection(number))


async def delete(request: Request) -> Response:
    """Deletes a collection: a sequence with its versions and the blobs nobody else uses, a portfolio with its links."""
    app = context(request)
    freed = app.metadata.artifacts.delete_collection(run_number(request, "collectionId"))
    if freed is None:
        raise not_found("Collection")
    app.drop(freed)
    return ext_response(request, SUCCESS)


_COLLECTIONS = f"{PREFIX}/artifact-collections"

ROUTES = [
    Route(f"{PREFIX}/artifact-types", types, methods=["GET"]),
    Route(_COLLECTIONS, listing, methods=["GET"]),
    Route(_COLLECTIONS, create, methods=["POST"]),
    Route(f"{_COLLECTIONS}/{{collectionId:int}}", get, methods=["GET"]),
    Route(f"{_COLLECTIONS}/{{collectionId:int}}", edit, methods=["PATCH"]),
    Route(f"{_COLLECTIONS}/{{collectionId:int}}", delete, methods=["DELETE"]),
]
