"""What a run has put into its journals."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from pluto.protocol.records import Kind, decode


def records(root: Path, kind: Kind) -> list[Any]:
    found = []
    for path in sorted(root.glob("sync/runs/*/*/*.db")):
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT body FROM record WHERE kind = ? ORDER BY seq", (int(kind),)).fetchall()
        connection.close()
        found += [decode(kind, body) for (body,) in rows]
    return found


def histograms(root: Path) -> dict[str, list[tuple[Any, dict[str, Any]]]]:
    """By name: steps and payloads."""
    found: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
    for record in records(root, Kind.DATA):
        found.setdefault(record.name, []).append((record.step, json.loads(record.body)))
    return found
