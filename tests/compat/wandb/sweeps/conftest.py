from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def variables_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sweep(project=…)` names the project for the rest of the process."""
    for name in ("WANDB_PROJECT", "WANDB_ENTITY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
