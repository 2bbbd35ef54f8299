"""Scripts with runs, settings, rows, configs and summaries end as with the original, whose answers are recorded."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.protocol.records import Kind, Start
from tests.compat.wandb.journals import config_of, whole_rows
from tests.compat.wandb.recorded.answers_of import comparable, run_script
from tests.core import journals

HERE = Path(__file__).parent
SCRIPTS = sorted(path.stem for path in (HERE / "scripts").glob("*.txt"))


def stored(root: Path) -> dict[str, dict[str, Any]]:
    """The runs in the journals, as the original's files have them."""
    runs = {}
    for folder in journals.writers(root):
        start: Start = journals.read(folder, Kind.START)[0]
        *entity, project = start.project.split("/")
        tags = list(start.tags)
        notes, name = start.notes, start.name
        for change in journals.read(folder, Kind.TAGS):
            tags = [tag for tag in tags if tag not in change.remove] + change.add
        for change in journals.read(folder, Kind.NOTES):
            notes = change.text
        for change in journals.read(folder, Kind.NAME):
            name = change.text
        end = journals.end(folder)
        runs[str(start.external_id)] = {
            "project": project,
            "entity": "".join(entity),
            "group": "".join(tag[6:] for tag in tags if tag.startswith("group:")),
            "job_type": "".join(tag[9:] for tag in tags if tag.startswith("job_type:")),
            "tags": sorted(tag for tag in tags if not tag.startswith(("group:", "job_type:"))),
            "notes": notes or "",
            "name": name,
            "rows": [{**row.values, "_step": row.step} for row in whole_rows(folder)],
            "config": config_of(folder),
            "code": end and end.code,
        }
    return runs


@pytest.mark.parametrize("name", SCRIPTS)
def test_as_recorded(wandb: ModuleType, root: Path, name: str) -> None:
    expected = json.loads((HERE / "answers" / f"{name}.json").read_text("utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # scripts leave files open
        answer = run_script(wandb, (HERE / "scripts" / f"{name}.txt").read_text("utf-8"))
    assert answer == expected["answer"]
    found = comparable(stored(root)) if expected["runs"] else {}
    assert found.keys() == expected["runs"].keys()
    for run, facts in expected["runs"].items():
        assert {key: found[run][key] for key in facts} == facts


def test_there_are_as_many_scripts_as_answers() -> None:
    assert SCRIPTS == sorted(path.stem for path in (HERE / "answers").glob("*.json"))
    assert len(SCRIPTS) >= 48
