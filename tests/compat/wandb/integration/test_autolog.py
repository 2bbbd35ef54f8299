"""Calls of another library's functions as rows."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from tests.compat.wandb.journals import history


@pytest.fixture
def transformers(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    class Pipeline:
        task = "shout"

        def __call__(self, inputs: str) -> dict[str, str]:
            return {"text": inputs.upper()}

    module = types.ModuleType("transformers")
    module.Pipeline = Pipeline  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", module)
    return module


def test_calls_are_logged_until_it_is_disabled(wandb: Any, root: Path, transformers: Any) -> None:
    from pluto.compat.wandb.integration.huggingface import autolog

    autolog._patch_api._api = None
    with wandb.init():
        autolog()
        assert transformers.Pipeline()("hi") == {"text": "HI"}
        autolog.disable()
        transformers.Pipeline()("again")
        assert wandb.run is not None
    rows = history(root)
    assert len(rows) == 1
    assert rows[0]["shout"]["_type"] == "table-file"


def test_a_missing_library_is_named(wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pluto.compat.wandb.integration.diffusers import autolog

    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(wandb.Error, match="pip install diffusers"):
        autolog()
