"""What FORGET takes away: within the transaction of its batch, and before what comes behind it is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import numpy as np

from pluto.server.series import blocks

METRIC: Final = "METRIC"
TEXT_TYPE: Final = "string-series"
TEXT_NAME: Final = "DATA"


def forget_lines(db: sqlite3.Connection, names: Iterable[str]) -> None:
    """Deletes points, texts and data logged under the names. The highest step of the run stays as it was."""
    wanted = list(names)
    db.executemany("DELETE FROM data WHERE name = ?", [(name,) for name in wanted])
    ids = [id for name in wanted for (id,) in db.execute("SELECT id FROM name WHERE name = ?", (name,))]
    if not ids:
        return
    db.executemany("DELETE FROM chunk WHERE name = ?", [(id,) for id in ids])
    gone = np.array(ids, np.uint32)
    for row, body in db.execute("SELECT id, body FROM tail ORDER BY id").fetchall():
        found = list(blocks.decode(body))
        if any(np.isin(block.names, gone).any() for block in found):
            left = [part for part in (_less(block, gone) for block in found) if part.size]
            # The row itself stays, empty or not: what comes later is numbered by how many rows there are.
            db.execute(
                "UPDATE tail SET points = ?, width = ?, size = ?, body = ? WHERE id = ?",
                (
                    sum(block.size for block in left),
                    len({name for block in left for name in block.names.tolist()}),
                    sum(len(block.encode()) for block in left),
                    b"".join(block.encode() for block in left),
                    row,
                ),
            )


def forget_files(db: sqlite3.Connection, names: Iterable[str], entries: Iterable[str]) -> None:
    """Deletes the files logged under the names; where `entries` are given, only those of an artifact."""
    wanted = list(entries)
    for name in names:
        if not wanted:
            db.execute("DELETE FROM file WHERE name = ?", (name,))
        for entry in wanted:
            path = "json_extract(metadata, '$.artifact_path')"
            if entry.endswith("/"):
                db.execute(
                    f"DELETE FROM file WHERE name = ? AND json_valid(metadata) AND substr({path}, 1, ?) = ?",  # noqa: S608
                    (name, len(entry), entry),
                )
            else:
                db.execute(f"DELETE FROM file WHERE name = ? AND json_valid(metadata) AND {path} = ?", (name, entry))  # noqa: S608


def settle(db: sqlite3.Connection, ids: dict[str, int], names: Iterable[str]) -> dict[str, str]:
    """Takes names off the list under which nothing is left, and gives the others with the type of what is."""
    known = [row for name in names for row in db.execute("SELECT id, type, name FROM name WHERE name = ?", (name,))]
    if not known:
        return {}
    left: dict[str, str] = {}
    in_tail: set[int] = set()
    for (body,) in db.execute("SELECT body FROM tail").fetchall():
        in_tail.update(id for block in blocks.decode(body) for id in block.names.tolist())
    for id, type, name in known:
        kinds = _kinds(db, id, name, in_tail)
        if not kinds:
            db.execute("DELETE FROM name WHERE id = ?", (id,))
            ids.pop(name, None)
            continue
        left[name] = type if type in kinds else kinds[0]
        db.execute("UPDATE name SET type = ? WHERE id = ?", (left[name], id))
    # Whoever else has the file open remembers names by number: he is told by this to look again.
    db.execute("UPDATE forgetting SET times = times + 1")
    return left


def _kinds(db: sqlite3.Connection, id: int, name: str, in_tail: set[int]) -> list[str]:
    found = []
    if id in in_tail or db.execute("SELECT 1 FROM chunk WHERE name = ? LIMIT 1", (id,)).fetchone():
        found.append(METRIC)
    for (kind,) in db.execute("SELECT DISTINCT type FROM data WHERE name = ?", (name,)):
        found.append(TEXT_NAME if kind == TEXT_TYPE else kind.upper())
    found += [kind.upper() for (kind,) in db.execute("SELECT DISTINCT type FROM file WHERE name = ?", (name,))]
    return found


def _less(block: blocks.Block, gone: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> blocks.Block:
    keep = ~np.isin(block.names, gone)
    return blocks.Block(
        block.names[keep], block.orders, block.steps, block.times, np.ascontiguousarray(block.values[keep])
    )
