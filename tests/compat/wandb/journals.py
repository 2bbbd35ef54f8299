"""What runs of the W&B door have left in the journals of a root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pluto.core.uploader.rows import Rows
from pluto.protocol import records
from pluto.protocol.records import Kind
from pluto.protocol.rows import each_of
from tests.core import journals


def whole_rows(folder: Path) -> list[records.Row]:
    """The rows of one writer, as they are delivered once it is over."""
    rows = Rows()
    found = journals.rows(folder)
    ready = rows.take(found, 0, lambda row, error: None)
    ready += rows.finish(found[-1].seq + 1, 0)
    whole = [records.decode(row.kind, row.body) for row in ready if row.kind == Kind.ROW]
    return [each for row in whole for each in each_of(row)]


def history(root: Path) -> list[dict[str, Any]]:
    """The rows of the one run there is, as dicts with `_step`."""
    (folder,) = journals.writers(root)
    return [{**row.values, "_step": row.step} for row in whole_rows(folder)]


def parts(root: Path) -> list[records.Row]:
    """The parts of rows, as they were logged."""
    return journals.only(root, Kind.ROW)


def config(root: Path) -> dict[str, Any]:
    """The config of the one run there is, with the door's own key."""
    (folder,) = journals.writers(root)
    return config_of(folder)


def config_of(folder: Path) -> dict[str, Any]:
    """The config of a writer's run, with the door's own key."""
    start: records.Start = journals.read(folder, Kind.START)[0]
    merged: dict[str, Any] = json.loads(start.config or "{}")
    for change in journals.read(folder, Kind.CONFIG):
        _merge(merged, json.loads(change.body))
    return merged


def _merge(into: dict[str, Any], change: dict[str, Any]) -> None:
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
