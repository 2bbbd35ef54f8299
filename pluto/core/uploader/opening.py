"""START → a run: created, joined or refused, as the writer's policy says."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from typing import Any, Final

import msgspec

from pluto.core.client import Client, ClientError, NotFound, Refused, RunAnswer
from pluto.core.config import merge
from pluto.core.receipt import RunFacts
from pluto.core.uploader.retry import Verdict, verdict
from pluto.core.wire import NOTES_CHARS, limit_tags, strict_json
from pluto.protocol.records import ATTRIBUTES, MIGRATION, Start

NAME_CHARS: Final = 255
"""Longest run name a server takes."""
MARKER: Final = "writer"
"""Key of `loggerSettings` that says which writer created the run: a creation whose answer got lost is known again."""
_FORKING: Final = frozenset({"forkRunId", "forkStep", "inheritConfig", "inheritTags"})

_logger = logging.getLogger("pluto")


class RunRefused(Exception):
    """The server has no run for this writer; trying again would not help."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class ParentComing(Exception):
    """The run to fork from is not there yet, and is on its way."""


def open_run(
    client: Client,
    start: Start,
    writer: str,
    *,
    extended: bool,
    metadata: str | None = None,
    name: str | None = None,
    coming: Callable[[str], bool] = lambda _: False,
    others: bool | None = None,
) -> tuple[RunFacts, str | None]:
    """The run a START asks for, and the status it had where opening it has reopened it.

    `metadata` and `name` are what is known already and joins the creation. `coming` tells of an external id whether its
    run is on its way: then it raises `ParentComing`. `others` says whether others here write the run just now, None
    where nobody here has written it before. Raises `RunRefused`, or `ClientError` for what may work later.
    """
    try:
        if start.fork_external_id is not None:
            start = _with_parent(client, start, extended, coming)
        if start.policy == "replace":
            _set_aside(client, start, writer, extended, others)
        answer = _open(client, start, writer, extended, metadata, name)
        before = None
        if answer.resumed and (start.policy == "never" or not start.primary):
            before = _status_before(client, answer.run_id)
        if answer.resumed and start.policy == "never" and not _ours(client, answer.run_id, writer):
            if before is not None:
                client.set_status(answer.run_id, before)
            raise RunRefused("exists", f"run {start.external_id!r} exists already in project {start.project!r}")
    except Refused as error:
        meaning = verdict(error)
        if meaning is Verdict.KEY and _is_waited_for(start):
            raise RunRefused("unauthorized", error.text) from error
        if meaning is Verdict.GONE or (start.fork_run is not None and "parent run not found" in error.text):
            raise RunRefused("missing", _missing(start)) from error
        if meaning is Verdict.NEVER:
            raise RunRefused("ambiguous" if error.status == 409 else "invalid", error.text) from error
        raise
    last_step: float | None = None
    if answer.resumed:
        if start.config and (start.policy == "must" or start.external_id is None):
            client.merge_config(
                answer.run_id, strict_json(start.config)
            )  # creating would have done so; resuming does not
        last_step = client.last_step(answer.run_id, answer.project_name or start.project)
    if start.notes is not None:
        client.set_notes(answer.run_id, start.notes[:NOTES_CHARS])
    return _facts(answer, start, last_step), before


def _open(
    client: Client, start: Start, writer: str, extended: bool, metadata: str | None, name: str | None
) -> RunAnswer:
    if start.run_number is not None:
        return client.resume({"runId": start.run_number})
    if start.external_id is None:
        try:
            if start.within and not extended:
                return client.resume({"runId": _numbered(client, start)})
            if start.within:
                return client.resume({"displayId": start.display_id, "projectName": start.project})
            return client.resume({"displayId": start.display_id})
        except Refused as error:
            if error.status != 409 or not start.project:
                raise
            return client.resume({"displayId": start.display_id, "projectName": start.project})
    if start.policy == "must":
        return client.resume({"externalId": start.external_id, "projectName": start.project})
    if start.policy == "never" and extended:
        found = client.lookup(start.project, start.external_id)
        if found is not None and not _marked(found, writer):
            raise RunRefused("exists", f"run {start.external_id!r} exists already in project {start.project!r}")
    body = _creation(client, start, writer, extended, metadata, name)
    try:
        return client.create(body)
    except Refused as error:
        may_do_without = start.fork_external_id is not None and not start.fork_needed
        if not may_do_without or "forkRunId" not in body or verdict(error) is not Verdict.NEVER:
            raise
        return _create_all_the_same(client, body, start.project)


def _numbered(client: Client, start: Start) -> int:
    """The number of the run that has this display id in the project. Some are none that a stock server understands."""
    wanted = str(start.display_id)
    found = client.get_json("/api/runs/list", {"projectName": start.project, "search": wanted, "limit": 200})["runs"]
    for run in found:
        if str(run["displayId"]).upper() == wanted.upper():
            return int(run["id"])
    raise NotFound(404, "Run not found")


def _create_all_the_same(client: Client, body: dict[str, Any], project: str) -> RunAnswer:
    """The run, though a stock server takes no fork behind the last step that its parent has."""
    last = client.last_step(body["forkRunId"], project) or 0
    try:
        return client.create({**body, "forkStep": min(body["forkStep"], math.floor(last))})
    except Refused as error:
        if verdict(error) is not Verdict.NEVER:
            raise
        _logger.warning("run %s begins without its parent: %s", body["externalId"], error)
        alone = {key: value for key, value in body.items() if key not in _FORKING}
        return client.create(alone)


def _with_parent(client: Client, start: Start, extended: bool, coming: Callable[[str], bool]) -> Start:
    """The START with its parent's number, or without a parent where there is none of this external id."""
    external = start.fork_external_id
    assert external is not None
    found = client.lookup(start.project, external) if extended else find_readable(client, start.project, external)
    if found is not None:
        return msgspec.structs.replace(start, fork_run=int(found["id"]))
    if coming(external):
        raise ParentComing(external)
    if start.fork_needed:
        reason = "" if extended else ": a stock server does not find runs by the ids they were given"
        raise RunRefused("missing", f"there is no run {external!r} to fork from in project {start.project!r}{reason}")
    _logger.warning("run %s begins without its parent: there is no run %r", start.external_id, external)
    return msgspec.structs.replace(start, fork_run=None, fork_step=None, inherit_config=None, inherit_tags=None)


def find_readable(client: Client, project: str, external_id: str) -> dict[str, Any] | None:
    """A run of a stock server by its external id, which a readable run has in its config. Never reopens it."""
    wanted = json.dumps({f"config.{ATTRIBUTES}.id": external_id})
    found = client.get_json("/api/runs/list", {"projectName": project, "filter": wanted, "limit": 1})["runs"]
    return dict(found[0]) if found else None


def _set_aside(client: Client, start: Start, writer: str, extended: bool, others: bool | None) -> None:
    """Has a run that has the identity give it up, unless it is this writer's, or others are writing it."""
    found = client.lookup(start.project, str(start.external_id)) if extended else None
    if found is None or _marked(found, writer) or others:
        return
    rewinds = start.fork_external_id == start.external_id
    if others is None and found.get("status") == "RUNNING" and not rewinds:
        return
    client.set_aside(int(found["id"]))


def _creation(
    client: Client, start: Start, writer: str, extended: bool, metadata: str | None, name: str | None
) -> dict[str, Any]:
    settings = _object(start.settings)
    settings[MARKER] = writer
    body: dict[str, Any] = {
        "runName": (name or start.name or start.external_id or "run")[:NAME_CHARS],
        "projectName": start.project,
        "externalId": start.external_id,
        "tags": limit_tags(start.tags) or None,
        "config": None if start.config is None else strict_json(start.config),
        "loggerSettings": json.dumps(settings),
        "systemMetadata": None if metadata is None else strict_json(metadata),
        "createdAt": (start.created or start.time) // 1000,
        "updatedAt": None,
    }
    if start.fork_run is not None:
        parent = start.fork_run
        if isinstance(parent, str):
            found = client.get_json(f"/api/runs/details/by-display-id/{parent}", {"projectName": start.project})
            parent = int(found["id"])
        body["forkRunId"] = parent
        if start.config is not None and start.inherit_config is not False:
            # A server merges no deeper than the first level.
            config = merge(_inherited(client.details(parent).get("config") or {}), _object(start.config))
            body.update(config=strict_json(json.dumps(config)), inheritConfig=False)
        if start.fork_step is not None:
            body["forkStep"] = start.fork_step if extended else math.floor(start.fork_step)
        if start.fork_external_id is not None and extended:
            body["forkBeyond"] = True
        inherit = {"inheritConfig": start.inherit_config, "inheritTags": start.inherit_tags}
        body.update({key: value for key, value in inherit.items() if value is not None and key not in body})
    return body


def _inherited(config: dict[str, Any]) -> dict[str, Any]:
    """What of a parent's config is its child's, too: of what is noted beside the values, only their types."""
    config.pop(MIGRATION, None)
    notes = config.pop(ATTRIBUTES, None)
    if isinstance(notes, dict) and isinstance(notes.get("types"), dict):
        config[ATTRIBUTES] = {"types": _within(notes["types"], config)}
    return config


def _within(types: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The types of what is there; those of series and files are the parent's alone."""
    found: dict[str, Any] = {}
    for key, kind in types.items():
        if isinstance(kind, dict):
            inner = values.get(key)
            found[key] = _within(kind, inner) if isinstance(inner, dict) else {}
        elif key in values:
            found[key] = kind
    return found


def _status_before(client: Client, run: int) -> str | None:
    """The final status that opening the run has just taken away, None if it was running anyway."""
    try:
        events = client.status_history(run)
    except (NotFound, ClientError):
        return None
    last = events[-1] if events else {}
    return str(last["fromStatus"]) if last.get("source") == "resume" and last.get("fromStatus") else None


def _ours(client: Client, run: int, writer: str) -> bool:
    return _marked(client.details(run), writer)


def _marked(details: dict[str, Any], writer: str) -> bool:
    settings = details.get("loggerSettings") or {}
    return bool((_object(settings) if isinstance(settings, str) else settings).get(MARKER) == writer)


def _is_waited_for(start: Start) -> bool:
    """Whether somebody waits for the answer and had better hear of a wrong key at once."""
    return start.policy != "create" or start.external_id is None


def _missing(start: Start) -> str:
    if start.fork_run is not None:
        return f"there is no run {start.fork_run} to fork from in project {start.project!r}"
    named = start.run_number if start.run_number is not None else start.display_id or start.external_id
    return f"there is no run {named!r}" + (f" in project {start.project!r}" if start.external_id else "")


def _facts(answer: RunAnswer, start: Start, last_step: float | None) -> RunFacts:
    return RunFacts(
        run_id=answer.run_id,
        number=answer.number,
        display_id=answer.display_id,
        url=answer.url,
        project_name=answer.project_name or start.project,
        organization_slug=answer.organization_slug,
        resumed=answer.resumed,
        last_step=last_step,
        forked_from_run_id=answer.forked_from_run_id,
        fork_step=answer.fork_step,
    )


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
