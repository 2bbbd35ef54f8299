"""Reads what the client `neptune` 1.x has left, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pluto_migration.model import File

from tests.migration import reading

PROJECT = "ws/proj"
US = 1_000_000


def read(path: Path, **options: Any) -> reading.Read:
    """The only run below a path."""
    (found,) = reading.read_all("neptune", path, **{"project": PROJECT, **options}).values()
    return found


def files(found: reading.Read) -> dict[tuple[str, str], bytes]:
    """Contents by attribute and name."""
    return {
        (one.name, (one.metadata or {}).get("artifact_path", one.file_name)): (
            one.content if isinstance(one.content, bytes) else one.content.read_bytes()
        )
        for one in found.of(File)
    }
