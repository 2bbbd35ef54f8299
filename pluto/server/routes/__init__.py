"""The routes of the API, one module per noun."""

from __future__ import annotations

from starlette.routing import Route

from pluto.server.routes import (
    artifact_collections,
    artifact_relations,
    artifacts,
    batch,
    blobs,
    charts,
    details,
    edits,
    extensions,
    files,
    health,
    ingest,
    listing,
    metrics,
    openapi,
    overview,
    pages,
    projects,
    ranking,
    remarks,
    runs,
    status,
)

_MODULES = (
    batch, runs, status, remarks, ingest, files, blobs, listing, metrics, ranking, charts, extensions, overview,
    projects, artifacts, artifact_collections, artifact_relations, edits, health, openapi, pages, details,
)  # fmt: skip


def routes() -> list[Route]:
    """Every route; `details` last, since its `/api/runs/{sqid}` would take any name."""
    return [route for module in _MODULES for route in module.ROUTES]
