"""Delivering what is left: to the run it belongs to, or as a new run."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click

from pluto.compat.neptune.cli.objects import Unsent, collect
from pluto.compat.neptune.constants import OFFLINE_NAME_PREFIX
from pluto.compat.neptune.envs import NEPTUNE_SYNC_BATCH_TIMEOUT_ENV, PROJECT_ENV_NAME
from pluto.compat.neptune.exceptions import CannotSynchronizeOfflineRunsWithoutProject

_PATIENCE_S = 10.0
"""How long a server may be silent, unless the environment says otherwise."""


def sync_all(data: Path, project: str | None, *, offline_only: bool) -> bool:
    """Delivers everything in a data directory. Whether nothing is left.

    Raises `CannotSynchronizeOfflineRunsWithoutProject` where there are offline runs and no project.
    """
    objects = [one for one in collect(data) if not one.delivered]
    done = [_deliver(one) for one in objects if not one.offline and not offline_only]
    offline = [one for one in objects if one.offline]
    if offline or offline_only:
        target = _project(project)
        done += [_register(one, target) for one in offline]
    return all(done)


def sync_selected(data: Path, project: str | None, names: Sequence[str]) -> bool:
    """Delivers the objects of these names, likewise; says which are not there."""
    objects = {one.name: one for one in collect(data)}
    done = []
    for name in names:
        if name.startswith(OFFLINE_NAME_PREFIX):
            continue
        if name in objects:
            done.append(_deliver(objects[name]))
        else:
            click.echo(f"Container {name} not found")
    offline = [name for name in names if name.startswith(OFFLINE_NAME_PREFIX)]
    if offline:
        target = _project(project)
        for name in offline:
            if name in objects:
                done.append(_register(objects[name], target))
            else:
                click.echo(f"Offline container {name.removeprefix(OFFLINE_NAME_PREFIX)} not found on disk.")
    return all(done)


def _project(flag: str | None) -> str:
    project = flag or os.environ.get(PROJECT_ENV_NAME)
    if not project:
        click.echo(
            textwrap.fill(
                "Project name not provided. Could not synchronize offline runs: name the project they shall go to with"
                f" the --project flag, or in the environment variable {PROJECT_ENV_NAME}."
            )
        )
        raise CannotSynchronizeOfflineRunsWithoutProject
    return project


def _register(one: Unsent, project: str) -> bool:
    """Delivers an offline run to the store or server configured now. Whether nothing is left."""
    from pluto.compat.neptune.internal.settings import pluto_settings
    from pluto.core.leftovers import redirect
    from pluto.core.settings import resolve

    if one.registered is None and not redirect(one.folder, resolve(pluto_settings()), project):
        click.echo(f"Cannot register offline container {one.notes[0].id}: another process is delivering it")
        return False
    return _deliver(one)


def _deliver(one: Unsent) -> bool:
    from pluto.core.leftovers import deliver

    said = False

    def announce() -> None:
        nonlocal said
        name = one.registered
        if said or name is None:
            return
        said = True
        if one.offline:
            click.echo(f"Offline container {one.notes[0].id} registered as {name}")
        click.echo(f"Synchronising {name}")

    if not one.offline:
        said = True
        click.echo(f"Synchronising {one.name}")
    patience = float(os.environ.get(NEPTUNE_SYNC_BATCH_TIMEOUT_ENV) or _PATIENCE_S)
    why = deliver(one.folder, patience_s=patience, tell=announce)
    announce()
    if why is not None:
        click.echo(f"{one.registered or one.name} is not synchronized to its end: {why}")
        return False
    one.forget()
    click.echo(f"Synchronization of {one.notes[0].type.value} {one.registered or one.name} completed.")
    return True
