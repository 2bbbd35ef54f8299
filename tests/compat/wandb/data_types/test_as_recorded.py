"""Scripts with data types leave the same behind as with the original, whose answers are recorded."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import ModuleType

import pytest

from tests.compat.wandb.data_types.answers_of import comparable, run_script
from tests.compat.wandb.journals import config, history

HERE = Path(__file__).parent
SCRIPTS = sorted(path.stem for path in (HERE / "scripts").glob("*.txt"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_as_recorded(wandb: ModuleType, root: Path, name: str) -> None:
    expected = json.loads((HERE / "answers" / f"{name}.json").read_text("utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # scripts leave files open
        ran = run_script(wandb, (HERE / "scripts" / f"{name}.txt").read_text("utf-8"))
    found = comparable(history(root), config(root).get("_wandb", {}), ran)
    assert found["answer"] == expected["answer"]
    assert found["rows"] == expected["rows"]
    assert found["config"] == expected["config"]
    assert found["files"] == expected["files"]
    assert found["summary"] == expected["summary"]
