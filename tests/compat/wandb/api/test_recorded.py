"""What needs no server, as the original answers it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.compat.wandb.api.cases import CASES

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded.json").read_text("utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_the_same(name: str, wandb: Any) -> None:
    found = json.loads(json.dumps(CASES[name]("pluto.compat.wandb"), default=repr))
    assert found == RECORDED[name]
