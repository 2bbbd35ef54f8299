"""What is changed of a run after the fact, all of it at once."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol.batch import PREFIX
from pluto.server.answers import SUCCESS, ext_response
from pluto.server.bodies import clean_name, read_json, run_number
from pluto.server.context import context
from pluto.server.errors import ApiError, not_found


class RunEdit(msgspec.Struct):
    """What is to be changed of a run. `config` takes the place of the one there is."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    notes: str | msgspec.UnsetType | None = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET
    config: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


async def edit(request: Request) -> Response:
    """Changes name, notes, tags or config of a run."""
    app, number, body = context(request), run_number(request), await read_json(request, RunEdit)
    try:
        with app.metadata.runs.edit(number) as editor:
            if body.name is not msgspec.UNSET:
                editor.rename(clean_name(request, body.name, "name"))
            if body.notes is not msgspec.UNSET:
                editor.set_notes(body.notes)
            if body.tags is not msgspec.UNSET:
                editor.set_tags([clean_name(request, tag, "tags") for tag in body.tags])
            if body.config is not msgspec.UNSET:
                editor.replace_config(body.config)
    except LookupError:
        raise not_found() from None
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    return ext_response(request, SUCCESS)


ROUTES = [Route(f"{PREFIX}/runs/{{runId}}", edit, methods=["PATCH"])]
"""The routes."""
