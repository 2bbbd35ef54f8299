from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def online(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, delivering to the local store."""
    monkeypatch.setenv("WANDB_MODE", "online")
    return wandb


@pytest.fixture
def run(online: ModuleType) -> Iterator[Any]:
    """A run of project `proj` that is delivered to the local store."""
    with online.init(project="proj") as run:
        yield run


@pytest.fixture
def make(wandb: ModuleType, place: Path) -> Any:
    """Makes artifacts of texts: `make({"a.txt": "one"}, name="data", type="dataset")`."""

    def made(files: dict[str, str] | None = None, name: str = "data", type: str = "dataset", **given: Any) -> Any:
        artifact = wandb.Artifact(name, type, **given)
        for path, text in ({"a.txt": "one"} if files is None else files).items():
            with artifact.new_file(path) as file:
                file.write(text)
        return artifact

    return made
