from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pluto.compat.wandb.errors.term import _Manner

QUIET = {"WANDB_CONSOLE": "off", "WANDB__DISABLE_STATS": "true"}
"""Nothing is recorded but what a test logs."""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, and settings under which nothing is recorded but what a test logs."""
    monkeypatch.chdir(tmp_path)
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch, root: Path) -> Iterator[ModuleType]:
    """The module, in offline mode: rows can be read from the journal, and nothing is started."""
    import pluto.compat.wandb as module

    monkeypatch.setenv("WANDB_MODE", "offline")
    _Manner.said.clear()
    yield module
    module.teardown()
    module.termsetup(module.Settings(), None)
