"""What a run that goes on takes over from what the store has of it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.definitions import Definitions, read
from pluto.compat.wandb.sdk.lib.opening import GROUP, JOB_TYPE, full_project
from pluto.compat.wandb.sdk.lib.stored import OWN, summary_of
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run
    from pluto.query.client import Client

logger = logging.getLogger("wandb")


def look_up(run: Run, run_id: str) -> int | None:
    """The number of a run in the local store; None where there is none, and where runs go elsewhere."""
    from pluto.core.settings import Local
    from pluto.query.client import Client
    from pluto.query.errors import QueryError

    target = run._op.settings.target()
    if not isinstance(target, Local) or not target.store.exists():
        return None
    try:
        with Client(settings=run._op.settings) as client:
            project = full_project(run._settings.entity, run._settings.project)
            return int(client.find_run(project, external_id=run_id)["id"])
    except (QueryError, LookupError, ValueError):
        return None


def restore(run: Run, number: int | None) -> None:
    """Takes over config, summary, definitions, name, notes, tags and group of the run; what `init` was told wins.

    Where the store does not give them the run goes on without, as a warning says.
    """
    from pluto.query.client import Client
    from pluto.query.errors import QueryError

    settings = run._settings
    project = full_project(settings.entity, settings.project)
    engine = run._op.settings
    try:
        with Client(host=engine.host, settings=engine) as client:
            _restore(run, client, project, number)
    except (QueryError, LookupError, ValueError) as error:
        termwarn(f"run {run.id} goes on, but config and summary of its beginning could not be read: {error}")


def _restore(run: Run, client: Client, project: str, number: int | None) -> None:
    if number is None:
        return
    found = client.get_run(project, number)
    kept: dict[str, Any] = dict(found.get("config") or {})
    own: dict[str, Any] = kept.get(OWN) or {}
    stored = summary_of(client, project, found)
    if run._settings.fork_from is None and run._settings.resume_from is None:
        run._starting_step = run._rows.number = 0 if stored.last_step is None else stored.last_step + 1
    _take_config(run, kept, own, stored.runtime)
    run._rows.definitions.take(Definitions(own.get("m")))
    for name, path in (own.get("nested") or {}).items():
        run._rows.paths[name] = tuple(path)
    run._rows.look_anew()
    run._rows.tally.restore(stored.summary)
    run._rows.tally.runtime = stored.runtime
    for definition in run._rows.definitions:
        if definition.step_metric is not None:
            run._rows.remember_step(read(definition.step_metric), stored.summary)
    if run._settings.resume_from is not None and found.get("forkedFromRunId") is not None:
        _rename(run, client.get_run(project, int(found["forkedFromRunId"])), found)
    if run._settings.run_notes is None:
        run._settings.__dict__["run_notes"] = client.get_notes(project, number)
    _take_names(run, found)


def _take_config(run: Run, kept: dict[str, Any], own: dict[str, Any], runtime: float) -> None:
    items = run._config._items
    given = {name: value for name, value in items.items() if name != OWN}
    for name, value in kept.items():
        if name != OWN:
            items.setdefault(name, value)
    merged = {**own, **run._own_config, "starts": {**(own.get("starts") or {}), **run._own_config["starts"]}}
    run._own_config.clear()
    run._own_config.update(merged)
    run._set_config_wandb("starts", {str(int(run._start_time * 1e6)): runtime})
    logger.info("the run goes on: %d values of its config were there, %d are given", len(kept), len(given))


def _rename(run: Run, before: dict[str, Any], found: dict[str, Any]) -> None:
    """A run that goes on from an earlier step of its own keeps its name and tags."""
    now = time.time_ns() // 1000
    if not run._is_named and before.get("name"):
        found["name"] = before["name"]
        run._op.write(records.Name(now, str(before["name"])))
    missing = [tag for tag in before.get("tags") or [] if tag not in (found.get("tags") or [])]
    if missing and not run._settings.run_tags:
        found["tags"] = [*(found.get("tags") or []), *missing]
        run._op.write(records.Tags(now, add=missing))


def _take_names(run: Run, found: dict[str, Any]) -> None:
    settings = run._settings
    stored = [str(tag) for tag in found.get("tags") or []]
    hidden = tuple(tag for tag in stored if tag.startswith((GROUP, JOB_TYPE)))
    shown = tuple(tag for tag in stored if tag not in hidden)
    if settings.run_tags:
        gone = [tag for tag in shown if tag not in settings.run_tags]
        if gone:
            run._op.write(records.Tags(time.time_ns() // 1000, remove=gone))
    else:
        settings.__dict__["run_tags"] = shown or None
    for tag in hidden:
        if tag.startswith(GROUP) and settings.run_group is None:
            settings.run_group = tag.removeprefix(GROUP)
        if tag.startswith(JOB_TYPE) and settings.run_job_type is None:
            settings.run_job_type = tag.removeprefix(JOB_TYPE)
    if not run._is_named and found.get("name"):
        settings.run_name = str(found["name"])
    elif run._is_named and found.get("name") != settings.run_name:
        run._op.write(records.Name(time.time_ns() // 1000, str(settings.run_name)))
