"""Metrics in a few numbers each."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import numpy as np

from pluto.server.series import blocks
from pluto.server.series.cells import CELL, Cells, by_step, cells, merge
from pluto.server.series.contract import Integers, Summary


def summaries(db: sqlite3.Connection, names: Sequence[str] | None) -> dict[str, Summary]:
    """Summaries by name, of all metrics or those asked for."""
    ids = dict(db.execute("SELECT id, name FROM name ORDER BY id").fetchall())
    if names is not None:
        asked = set(names)
        ids = {id: name for id, name in ids.items() if name in asked}
    if names is None:
        found = db.execute("SELECT name, cell FROM chunk ORDER BY name, first").fetchall()
    else:
        found = [
            row
            for id in ids
            for row in db.execute("SELECT name, cell FROM chunk WHERE name = ? ORDER BY first", (id,)).fetchall()
        ]
    parts = [np.frombuffer(b"".join([row[1] for row in found]), CELL)] if found else []
    groups = [np.array([row[0] for row in found], np.int64)]
    ranks = [np.full(len(found), -1)]
    for (body,) in db.execute("SELECT body FROM tail ORDER BY id"):
        for block in blocks.decode(body):
            made, lasts = _cells_of_block(block)
            parts.append(made)
            groups.append(block.names.astype(np.int64))
            ranks.append(lasts)
    if not parts:
        return {}
    summed, made = merge(np.concatenate(parts), np.concatenate(groups), np.concatenate(ranks))
    by_id = dict(zip(summed.tolist(), (Summary(*row) for row in made[_SUMMARY].tolist()), strict=True))
    return {name: by_id[id] for id, name in ids.items() if id in by_id}


_SUMMARY: Final = [field.name for field in fields(Summary)]


def _cells_of_block(block: blocks.Block) -> tuple[Cells, Integers]:
    """A cell for each metric of the block, and the order of the row its last point is from."""
    width, height = block.values.shape
    order = by_step(block.steps, block.times)
    if order is None:
        order = np.arange(height)
    made = cells(
        np.tile(block.steps[order], width),
        np.tile(block.times[order], width),
        np.ascontiguousarray(block.values[:, order]).reshape(-1),
        np.arange(0, width * height, height),
    )
    placed = height - int(np.isnan(block.steps).sum())
    last = block.orders[order[(placed or height) - 1]]
    return made, np.full(width, last)
