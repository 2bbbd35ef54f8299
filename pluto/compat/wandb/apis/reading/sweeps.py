"""Sweeps in the store: files under Pluto's root on this machine, which agents share."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.reading.places import places

if TYPE_CHECKING:
    from pluto.query import Client
    from pluto.sweeps.registry import Registry


def find_sweep(client: Client, entity: str, project: str, id: str) -> dict[str, Any] | None:
    """What is known of a sweep; None where the project has none of this id."""
    from pluto.sweeps.registry import Registry

    try:
        found = Registry(_root(client), id)
    except ValueError:
        return None
    return _attrs(found) if found.project is None or found.project in places(entity, project) else None


def sweeps_of(client: Client, entity: str, project: str) -> Iterator[dict[str, Any]]:
    """The sweeps of a project, the newest first."""
    folder = _root(client) / "sweeps"
    files = sorted(folder.glob("*.db"), key=lambda path: path.stat().st_ctime, reverse=True)
    for path in files:
        found = find_sweep(client, entity, project, path.stem)
        if found is not None:
            yield found


def _root(client: Client) -> Path:
    return client.root


def _attrs(registry: Registry) -> dict[str, Any]:
    trials = registry.trials()
    count = registry.config.get("run_cap")
    done = isinstance(count, int) and sum(trial.state != "running" for trial in trials) >= count
    return {
        "id": base64.standard_b64encode(f"Sweep:v1:{registry.sweep}".encode()).decode(),
        "name": registry.sweep,
        "config": registry.config,
        "state": "FINISHED" if done else registry.state.upper(),
        "runCount": len(trials),
        "runCountExpected": count if isinstance(count, int) else None,
    }
