"""What the server can be asked, for programs (OpenAPI) and for people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import json_response
from pluto.server.context import context
from pluto.server.guard import open_to_all
from pluto.server.routes import (
    artifact_collections,
    artifact_relations,
    artifacts,
    details,
    edits,
    overview,
    pages,
    projects,
    remarks,
    runs,
    status,
)  # fmt: skip
from pluto.server.routes.batch import version

BODIES: Final[dict[str, type[msgspec.Struct]]] = {
    "/api/runs/create": runs.Create,
    "/api/runs/resume": runs.Resume,
    "/api/runs/status/update": status.Update,
    "/api/runs/trigger": status.Beat,
    "/api/runs/tags/update": remarks.Tags,
    "/api/runs/notes/update": remarks.Notes,
    "/api/runs/config/update": remarks.Config,
    "/api/runs/logName/add": remarks.LogNames,
    "/api/runs/modelGraph/create": remarks.ModelGraph,
    "/api/runs/alert": remarks.Alert,
    f"{PREFIX}/details": details.Wanted,
    f"{PREFIX}/overviews": overview.Asked,
    f"{PREFIX}/points": overview.Series,
    f"{PREFIX}/projects": projects.New,
    f"{PREFIX}/runs/{{runId}}": edits.RunEdit,
    f"{PREFIX}/artifact-collections": artifact_collections.NewCollection,
    f"{PREFIX}/artifact-collections/{{collectionId}}": artifact_collections.CollectionEdit,
    f"{PREFIX}/artifacts/{{artifactId}}": artifacts.VersionEdit,
    f"{PREFIX}/artifacts/{{artifactId}}/aliases": artifacts.Aliases,
    f"{PREFIX}/artifacts/{{artifactId}}/links": artifact_relations.Link,
    f"{PREFIX}/artifacts/{{artifactId}}/uses": artifact_relations.Use,
}
"""The JSON bodies that a route takes."""

_CARRY: Final = frozenset({"POST", "PATCH"})
"""Methods that have them."""

_ABOUT: Final = (
    "Paths, what each does, path parameters and JSON bodies. Query parameters and answers are not described here:"
    " docs/architecture.md has those of the extensions."
)
_PARAMETER: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")


async def openapi(request: Request) -> Response:
    """This description, as OpenAPI 3.0."""
    return json_response(describe(request.app.routes))


async def docs(request: Request) -> Response:
    """A list of all routes, for people."""
    rows = [
        [pages.text(method.upper()), pages.text(path), pages.text(operation["summary"])]
        for path, operations in describe(request.app.routes)["paths"].items()
        for method, operation in operations.items()
    ]
    above = [(f"{context(request).base(request)}/", "Projects")]
    return pages.document("API", pages.table(["Method", "Path", "What it does"], rows), above)


def describe(routes: Iterable[Any]) -> dict[str, Any]:
    """The OpenAPI description of routes. An operation's summary is its function's first line."""
    bodies, components = msgspec.json.schema_components(BODIES.values(), ref_template="#/components/schemas/{name}")
    schemas = dict(zip(BODIES, bodies, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        for method in sorted(route.methods):
            # Starlette answers HEAD for every GET by itself.
            if method == "HEAD" and "GET" in route.methods:
                continue
            operation: dict[str, Any] = {
                "summary": (route.endpoint.__doc__ or "").strip().partition("\n")[0],
                "tags": [route.endpoint.__module__.rpartition(".")[2]],
                "responses": {"default": {"description": "See the summary; errors carry a text."}},
            }
            if parameters := [_parameter(*match.groups()) for match in _PARAMETER.finditer(route.path)]:
                operation["parameters"] = parameters
            if path in schemas and method in _CARRY:
                content = {"application/json": {"schema": _in_3_0(schemas[path])}}
                operation["requestBody"] = {"required": True, "content": content}
            if open_to_all(path) or path == "/api/runs/{sqid}":
                operation["security"] = []
            paths.setdefault(path, {})[method.lower()] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pluto", "version": version() or "0", "description": _ABOUT},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {name: _in_3_0(schema) for name, schema in components.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _parameter(name: str, kind: str | None) -> dict[str, Any]:
    schema = {"type": "integer"} if kind == "int" else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_3_0(schema: Any) -> Any:
    """A JSON schema in OpenAPI 3.0's dialect: it has `nullable` and no type `null`, and lists of one kind of items."""
    if isinstance(schema, list):
        return [_in_3_0(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "prefixItems" in schema:
        kinds = {part["type"] for part in schema["prefixItems"]}
        schema = {key: value for key, value in schema.items() if key != "prefixItems"}
        schema["items"] = {"type": kinds.pop()} if len(kinds) == 1 else {}
    parts = schema.get("anyOf")
    if isinstance(parts, list) and {"type": "null"} in parts:
        rest = [part for part in parts if part != {"type": "null"}]
        others = {key: value for key, value in schema.items() if key != "anyOf"}
        one = rest[0] if len(rest) == 1 and "$ref" not in rest[0] else {"anyOf": rest}
        schema = {**others, **one, "nullable": True}
    return {key: value if key == "default" else _in_3_0(value) for key, value in schema.items()}


ROUTES = [
    Route("/api/openapi.json", openapi, methods=["GET"]),
    Route("/api/docs", docs, methods=["GET"]),
]
