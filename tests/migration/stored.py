"""All that a store has of the runs of a project, as it is read, in a form that can be compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pluto.core.settings import Settings
from pluto.query import Client
from pluto.query.readable import Readable

OWN = ("pass", "receipt", "fingerprint", "said")
"""Of the ledger: what may differ between runs that are equal."""


def stored(settings: Settings, project: str, folder: Path) -> dict[str, dict[str, Any]]:
    """By external id, each run with everything in it. Files are read into `folder`."""
    with Client(settings=settings) as client:
        found = {}
        for run in client.iter_runs(project, details=True):
            content = run_of(client, project, run, folder)
            found[content["config"]["_attributes"]["id"]] = content
        return found


def run_of(client: Client, project: str, run: dict[str, Any], folder: Path) -> dict[str, Any]:
    """One run, as `get_run` gives it, with everything in it."""
    number = int(run["id"])
    config = json.loads(json.dumps(run["config"] or {}))
    ledger = config.get("_migration", {})
    for name in OWN:
        ledger.pop(name, None)
    found: dict[str, Any] = {
        "name": run["name"],
        "status": run["status"],
        "about": run.get("statusMetadata"),
        "tags": sorted(run["tags"]),
        "created": run["createdAt"],
        "metadata": run.get("systemMetadata"),
        "config": config,
        "parent": None if run.get("forkedFromRunId") is None else run.get("forkStep"),
        "points": points_of(client, project, run),
        "data": sorted(repr(row) for row in client.iter_data(project, number)),
        "lines": lines_of(client, project, number),
        "files": files_of(client, project, run, folder),
    }
    if client.has_artifacts:
        found["notes"] = client.get_notes(project, number)
        found["alerts"] = sorted(repr(row) for row in client.get_alerts(project, number))
        found["artifacts"] = [
            (one["collection"], one["version"], sorted(one["aliases"]), one["digest"], one["metadata"],
             sorted((row["path"], row["digest"], row["size"], row["ref"])
                    for row in client.iter_artifact_files(int(one["id"]))))
            for one in client.run_artifacts(number)
        ]  # fmt: skip
    return found


def points_of(client: Client, project: str, run: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """By metric: its points in the order of their steps, by their bits."""
    number, found = int(run["id"]), {}
    names = client.get_names(project, number)
    if not client.has_artifacts:
        names = Readable(run["config"], names).names()
    for name in sorted(name for name, kind in names.items() if kind == "METRIC"):
        points = client.points(project, number, name)
        rows = zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
        found[name] = [(step.hex(), time, value.hex()) for step, time, value in rows]
    return found


def lines_of(client: Client, project: str, number: int) -> list[tuple[Any, ...]]:
    """The lines of the console."""
    found = client.iter_lines(project, number)
    return sorted((row["source"], row["stream"], row["line"], row["time"], row["message"]) for row in found)


def files_of(client: Client, project: str, run: dict[str, Any], folder: Path) -> list[tuple[Any, ...]]:
    """The files, each with a hash of its content."""
    number, found = int(run["id"]), []
    readable = None
    names = client.get_names(project, number)
    if not client.has_artifacts:
        readable = Readable(run["config"], names)
        names = readable.names()
    for name in names:
        for row in client.iter_files_of(project, number, name, readable):
            path = folder / "fetched"
            client.fetch_file(row, path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            path.unlink()
            about = json.loads(row["metadata"]) if row.get("metadata") else None
            if readable is not None and row["fileName"] == "manifest.json":
                digest = ""  # of an artifact: it names files as the server has them, by who sent them
            found.append((row["logName"], float(row["step"]), row["fileName"], row.get("caption"), about, digest))
    return sorted(found, key=repr)
