"""What a writer's records were refused for, kept until it is certain that the writer has heard it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from pluto.protocol.batch import Entry, Rejection

ERROR_MAX: Final = 1_000
"""Characters of a reason that are kept."""


def settle(
    db: sqlite3.Connection, writer: str, lane: str, batch: Sequence[Entry], new: Sequence[Rejection]
) -> list[Rejection]:
    """Keeps the new rejections and gives all that concern the batch: these, and those of entries that came before.

    Within the caller's transaction. A writer sends on from where it has the answer, so what lies before the batch is
    forgotten: a writer never has more rejections here than its last batches had entries.
    """
    if not batch:
        return []
    seqs = [entry.seq for entry in batch]
    first, last = min(seqs), max(seqs)
    db.execute("DELETE FROM rejection WHERE writer = ? AND lane = ? AND seq < ?", (writer, lane, first))
    db.executemany(
        "INSERT OR REPLACE INTO rejection VALUES (?, ?, ?, ?)",
        [(writer, lane, rejection.seq, rejection.error[:ERROR_MAX]) for rejection in new],
    )
    found = db.execute(
        "SELECT seq, error FROM rejection WHERE writer = ? AND lane = ? AND seq <= ? ORDER BY seq", (writer, lane, last)
    )
    return [Rejection(*row) for row in found]
