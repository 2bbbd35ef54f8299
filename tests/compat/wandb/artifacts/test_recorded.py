"""Artifacts that are not logged, and offline runs, answer as wandb 0.31.0 does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.compat.wandb.artifacts.cases import answer, drafts, runs, write_files

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the files that the cases need."""
    place = Path(os.path.realpath(tmp_path)) / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    write_files()
    return place


@pytest.mark.parametrize("name", RECORDED)
def test_a_case_has_the_recorded_answer(wandb: ModuleType, name: str) -> None:
    found = drafts(wandb).get(name)
    if found is None:
        with wandb.init(project="p", id="rid", mode="offline"):
            given = answer(runs(wandb)[name])
    else:
        given = answer(found)
    assert given == RECORDED[name]


def test_every_case_is_recorded(wandb: ModuleType) -> None:
    with wandb.init(project="p", mode="offline"):
        assert drafts(wandb).keys() | runs(wandb).keys() == RECORDED.keys()
