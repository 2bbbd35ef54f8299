from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.query import Client


@pytest.fixture
def online(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch, place: Path) -> ModuleType:
    """The module, delivering to the local store."""
    monkeypatch.setenv("WANDB_MODE", "online")
    return wandb


@pytest.fixture
def client() -> Iterator[Client]:
    """What reads the local store."""
    with Client() as client:
        yield client


@pytest.fixture
def made(client: Client) -> Callable[..., dict[str, Any]]:
    """Makes a run of project `team/p` without anybody who logs to it: `made("a", config={"lr": 1}, tags=["x"])`."""

    def make(id: str, project: str = "team/p", config: Any = None, summary: Any = None, **given: Any) -> dict[str, Any]:
        own = {"door": "wandb", "summary": {name: [0, value] for name, value in (summary or {}).items()}}
        run = client.create_run(project, external_id=id, name=given.pop("name", id), config={})
        status = given.pop("status", None)
        client.edit_run(project, run["id"], config={**(config or {}), "_wandb": own}, **given)
        if status is not None:
            client.end_run(project, run["id"], status)
        return run

    return make
