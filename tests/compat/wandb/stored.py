"""What the store has of runs of the W&B door."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from pluto.query import Client
from tests.programs import PLUTO, of_home
from tests.waiting import until

PROJECT = "p"


def run_of(external_id: str, project: str = PROJECT) -> dict[str, Any]:
    """The run as `Client.get_run` gives it."""
    with Client() as client:
        return client.find_run(project, external_id=external_id)


def rows_of(external_id: str, project: str = PROJECT) -> list[dict[str, Any]]:
    """The rows, put together from all that is stored at each step; every value has to be there once."""
    with Client() as client:
        run = client.find_run(project, external_id=external_id)["id"]
        rows: dict[int, dict[str, Any]] = {}

        def put(step: float, name: str, value: Any) -> None:
            row = rows.setdefault(int(step), {"_step": int(step)})
            assert name not in row, (name, step, value, row[name])
            row[name] = value

        for name in client.summaries(project, run):
            points = client.points(project, run, name)
            for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True):
                put(step, name, value)
        for row in client.iter_data(project, run):
            value = row["value"]
            put(row["step"], row["name"], value if row["type"] == "string-series" else json.loads(json.dumps(value)))
    return [rows[step] for step in sorted(rows)]


def deliver(home: Path) -> None:
    """Hands over what is left, once whoever is still at it has left."""
    until(lambda: not of_home(home), 60, "the uploader delivers and leaves")
    done = subprocess.run([*PLUTO, "sync"], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
