"""The rows of a run: all of them, fetched in pieces of which each is kept once it is whole."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.wandb_live.patience import Patience, Refused
from pluto_migration.sources.wandb_live.spool import Spool

STEP: Final = "_step"
_PAGE: Final = 1000
"""About how many rows are asked for at once."""
_PIECE: Final = 20
"""Pages that make a piece."""
_FEW: Final = 50_000
"""A page of so many rows is no trouble for the memory."""
_WIDEST: Final = 100_000
"""Steps that a page spans at most, of a run with more rows: they may all be in one place."""
_INT: Final = 2**31 - 1
"""The service takes no wider ones."""
_MOST: Final = 5_000_000
"""Pages that nobody can wait for."""
_AS_SENT: Final = "as-sent"


def widths(last_step: int, rows: int | None) -> tuple[int, int]:
    """Over how many steps a piece and a page go, given the last step of a run and how many rows it has."""
    known = rows or last_step + 1
    sparse = max(1.0, (last_step + 1) / max(known, 1))
    page = min(math.ceil(_PAGE * sparse), _INT if known <= _FEW else _WIDEST)
    return _PIECE * page, page


def fetch(run: Any, spool: Spool, patience: Patience, rows: int | None) -> None:
    """Keeps all rows in the spool. Goes on where an earlier call was cut off.

    Raises `Unreachable`, and `Refused` where the service gives no rows.
    """
    if spool.note("rows") is not None:
        return
    last = patience("the last step of the history", lambda: run.lastHistoryStep)
    last = int(last) if isinstance(last, (int, float)) else -1
    piece, page = widths(last, rows)
    if last // page > _MOST:
        raise SourceError(f"its last step is {last}, of {rows} rows: that would take {last // page} requests")
    for first in range(0, last + 1, piece):
        name = _name(first, min(first + piece, last + 1))
        if not spool.has_lines(name):
            patience("the history", lambda: _piece(run, spool, name, first, first + piece, page))  # noqa: B023
    spool.keep_note("rows", {"last": last, "piece": piece})


def rows(spool: Spool) -> Iterator[dict[str, Any]]:
    """The rows that were kept, by step; one that two exports of the service both had comes once."""
    noted = spool.note("rows")
    before: list[Mapping[str, Any]] = []
    for first in range(0, noted["last"] + 1, noted["piece"]):
        for row in spool.lines(_name(first, min(first + noted["piece"], noted["last"] + 1))):
            if before and before[0].get(STEP) != row.get(STEP):
                before = []
            if not any(_same(row, other) for other in before):
                before.append(row)
                yield row


def fetch_events(run: Any, spool: Spool, patience: Patience) -> None:
    """Keeps what the machine was measured by. The service decides how many samples it gives."""
    if spool.has_lines("events"):
        return
    refused = None
    try:
        found = patience("the system metrics", lambda: run.history(samples=10_000_000, pandas=False, stream="system"))
    except Refused as error:
        found, refused = [], str(error)
    spool.keep_lines("events", found)
    spool.keep_note("events", {"given": len(found), "there": _count(run), "refused": refused})


def check_events(spool: Spool, problems: Problems, where: str) -> None:
    """Notes where the service gave fewer samples of the machine than it has."""
    noted = spool.note("events") or {}
    given, there = noted.get("given", 0), noted.get("there")
    if noted.get("refused"):
        problems.note(where, noted["refused"])
    elif there is not None and given < there:
        problems.note(where, f"system metrics: the service gave {given} of its {there} samples")


def _piece(run: Any, spool: Spool, name: str, first: int, end: int, page: int) -> None:
    last, sorted_so_far = -math.inf, True

    def seen() -> Iterator[dict[str, Any]]:
        nonlocal last, sorted_so_far
        for row in run.scan_history(page_size=page, min_step=first, max_step=end):
            step = row.get(STEP)
            if isinstance(step, (int, float)):
                if not first <= step < end:
                    continue
                sorted_so_far, last = sorted_so_far and step >= last, step
            # Columns of an export that a row says nothing of come as None.
            yield {key: value for key, value in row.items() if value is not None}

    spool.keep_lines(_AS_SENT, seen())
    if sorted_so_far:
        spool.rename(_AS_SENT, name)
        return
    kept = [(row.get(STEP, last), json.dumps(row)) for row in spool.lines(_AS_SENT)]
    kept.sort(key=lambda one: one[0])
    spool.keep_lines(name, (json.loads(text) for _, text in kept))


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows say the same; NaN is NaN here."""
    return one.keys() == other.keys() and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _name(first: int, end: int) -> str:
    return f"rows/{first:016d}-{end:016d}"


_COUNT: Final = """
query RunEventCount($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { eventsLineCount } }
}
"""


def _count(run: Any) -> int | None:
    """How many samples of the machine there are, where the package and the service tell."""
    try:
        found = run._exec(_COUNT)["project"]["run"]["eventsLineCount"]
    except Exception:  # noqa: BLE001 no part of the package's public surface: it may be gone, or want other things
        return None
    return int(found) if isinstance(found, (int, float)) else None
