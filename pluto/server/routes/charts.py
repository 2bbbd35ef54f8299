"""Points of many metrics and runs in buckets, for drawing."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.server.answers import clock, rows_response, step
from pluto.server.context import SLUG, Context, context
from pluto.server.errors import ApiError
from pluto.server.identity import decode_sqid, parse_display_id
from pluto.server.series.contract import Buckets, Floats

BUCKETS = 1_000


class Input(msgspec.Struct):
    organizationId: str
    projectName: str
    runIds: list[str]
    logNames: list[str]
    buckets: int = BUCKETS
    stepMin: float | None = None
    stepMax: float | None = None


async def bucketed(request: Request) -> Response:
    """`{log name: {run id as asked for: columns}}`; runs and metrics without points are left out."""
    app = context(request)
    text = request.query_params.get("input")
    if not text:
        raise ApiError(400, "Missing input parameter")
    try:
        wanted = msgspec.json.decode(text, type=Input)
    except msgspec.DecodeError:
        raise ApiError(400, "Invalid input") from None
    if not (1 <= len(wanted.runIds) <= 200 and 1 <= len(wanted.logNames) <= 200 and 10 <= wanted.buckets <= 20_000):
        raise ApiError(400, "Invalid input")
    if wanted.organizationId != SLUG:
        raise ApiError(403, "Not a member of this organization")
    found: dict[str, dict[str, Any]] = {name: {} for name in wanted.logNames}
    for text in wanted.runIds:
        run = _run(app, text, wanted.projectName)
        if run is None:
            continue
        for name in wanted.logNames:
            buckets = app.series.buckets(run, name, wanted.buckets, step_min=wanted.stepMin, step_max=wanted.stepMax)
            if len(buckets.steps):
                found[name][text] = _columns(buckets)
    return rows_response({name: runs for name, runs in found.items() if runs})


def _run(app: Context, text: str, project: str) -> int | None:
    """The run of the project with this short id or display id."""
    parsed = parse_display_id(text)
    if parsed is not None:
        runs = app.metadata.runs.by_display_id(*parsed, project)
        return runs[0].id if runs else None
    number = decode_sqid(text)
    run = None if number is None else app.metadata.runs.get(number)
    return run.id if run is not None and run.project == project else None


def _columns(buckets: Buckets) -> dict[str, Any]:
    return {
        "steps": [step(at) for at in buckets.steps.tolist()],
        "times": [clock(time) for time in buckets.times.tolist()],
        "values": _finite(buckets.mean),
        "minYs": _finite(buckets.min),
        "maxYs": _finite(buckets.max),
        "counts": buckets.counts.tolist(),
        "nfFlags": buckets.nonfinite.tolist(),
    }


def _finite(values: Floats) -> list[float | None]:
    return [value if ok else None for value, ok in zip(values.tolist(), np.isfinite(values).tolist(), strict=True)]


ROUTES = [Route("/api/chart-data/multi-metric-batch-bucketed", bucketed, methods=["GET"])]
