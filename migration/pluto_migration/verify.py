"""The proof: reads source and store independently, and tells every difference.

Per run: facts, every value of the config, and for each series, whatever its kind, how many rows it has, where the
first and the last stand, and a content hash of all of them (`digest` has the formulas); for metrics min, max and sum,
too; for files and artifacts the SHA-256 of the bytes that the store hands out. What was found is kept with the run.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pluto.protocol.records import MIGRATION
from pluto_migration import ledger, sourced, stored
from pluto_migration.comparers import compared
from pluto_migration.config import clean
from pluto_migration.contents import Contents
from pluto_migration.differing import differences
from pluto_migration.report import Noted
from pluto_migration.source import Options, Problems, Source, SourceError, SourceRun
from pluto_migration.staging import is_forked, stored_id
from pluto_migration.targets import StockTarget, Target

if TYPE_CHECKING:
    from pluto.core.settings import Settings
    from pluto.query import Client, RunOverview

Verdict = Literal["same", "different", "missing", "failed"]
"""`same`: the store has what the source has. `different`: not all of it, or something else. `missing`: the store has no
such run. `failed`: the comparison did not come to its end."""


@dataclass(slots=True)
class RunProof:
    """What the comparison of one run has shown."""

    project: str
    id: str
    path: str
    verdict: Verdict
    reason: str = ""
    """Why it failed, or what there is in its place."""
    differences: list[str] = field(default_factory=list)
    adapted: list[str] = field(default_factory=list)
    """What this kind of server can't hold as it was; taken into account."""
    problems: list[Noted] = field(default_factory=list)
    """What of the source can't be read, and so was not compared."""
    series: int = 0
    points: int = 0
    files: int = 0
    hashes: dict[str, str] = field(default_factory=dict)
    """Of what the source has, by kind."""
    seconds: float = 0.0

    @property
    def label(self) -> str:
        """How the run is called in messages."""
        return f"{self.project}/{self.id}"


@dataclass(slots=True)
class Proof:
    """What the comparison of all runs has shown."""

    source: str
    target: str
    runs: list[RunProof] = field(default_factory=list)
    problems: list[Noted] = field(default_factory=list)
    """What was found and is no run that can be read."""
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether there are runs, and the store has everything as the source has it."""
        return bool(self.runs) and all(run.verdict == "same" for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """The proof as dicts, lists, texts and numbers."""
        return {**asdict(self), "whole": self.whole}


Heard = Callable[[RunProof, int, int], None]
"""Told of each run that is compared, how many are, and how many there are."""


def verify(
    source: Source,
    paths: Sequence[str],
    options: Options | None = None,
    settings: Settings | None = None,
    *,
    workers: int = 1,
    progress: Heard | None = None,
    receipts: bool = True,
) -> Proof:
    """Compares the runs below `paths` with the store.

    `settings`: which store (`migrate.settings_for`); None: what is configured. `workers`: processes that compare at the
    same time. With `receipts` each run is told what was found, in its config, under `_migration.receipt`.

    Raises `SourceError` for paths in which there is nothing of the kind, `pluto.query.QueryError` where the store does
    not answer.
    """
    from pluto.core.settings import resolve
    from pluto.query import Client

    settings = settings if settings is not None else resolve()
    began = time.monotonic()
    problems = Problems()
    with Client(settings=settings) as client:
        client.list_projects()  # says at once where the store does not answer
        proof = Proof(source.NAME, str(client.where))
        runs = list(source.find(paths, options or Options(), problems))
        if workers > 1 and len(runs) > 1:
            proofs = compared(runs, settings, workers, receipts=receipts)
        else:
            proofs = (verify_run(run, client, receipts=receipts) for run in runs)
        for one in proofs:
            proof.runs.append(one)
            if progress is not None:
                progress(one, len(proof.runs), len(runs))
    order = {(run.project, run.id): at for at, run in enumerate(runs)}
    proof.runs.sort(key=lambda run: order[run.project, run.id])
    proof.problems = [Noted(one.where, one.what, count) for one, count in problems]
    proof.seconds = time.monotonic() - began
    return proof


def verify_run(run: SourceRun, client: Client, *, receipts: bool = True) -> RunProof:
    """Compares one run; one that can't be read stops no other."""
    from pluto.query import QueryError

    began = time.monotonic()
    proof = RunProof(run.project, run.id, str(run.path), "same")
    problems = Problems()
    try:
        found = stored_run(client, run.project, run.id)
        if found is None:
            proof.verdict, proof.reason = "missing", "the store has no such run"
        elif ledger.read(found.config, stored_id(run.id)) is None:
            proof.verdict = "missing"
            proof.reason = f"the store has a run of this id, {found.display_id}, that did not come from there"
        else:
            _compare(proof, run, found, client, problems)
            if receipts:
                leave_receipt(client, found, proof)
    except (SourceError, QueryError, OSError) as error:
        proof.verdict, proof.reason = "failed", str(error)
    except Exception as error:  # noqa: BLE001  a mistake in one source's reader stops no other run
        proof.verdict, proof.reason = "failed", f"it can't be compared: {type(error).__name__}: {error}"
    proof.problems = [Noted(one.where, one.what, count) for one, count in problems]
    proof.seconds = time.monotonic() - began
    return proof


def stored_run(client: Client, project: str, id: str) -> RunOverview | None:
    """What the store knows of a run of a source; None where there is none."""
    return next(client.iter_overviews(clean(project), external_id=stored_id(id)), None)


def leave_receipt(client: Client, run: RunOverview, proof: RunProof) -> None:
    """Keeps with a run what was found, in the place of what was found before."""
    receipt = {
        "time": time.time_ns() // 1000,
        "ok": proof.verdict == "same",
        "differences": len(proof.differences),
        "adapted": proof.adapted,
        "unread": len(proof.problems),
        "hashes": proof.hashes,
    }
    client.merge_config(run.project, run.id, {MIGRATION: {"receipt": receipt}})


def _compare(proof: RunProof, run: SourceRun, found: RunOverview, client: Client, problems: Problems) -> None:
    target: Target = Target() if found.readable is None else StockTarget()
    began = found.config[MIGRATION].get("created")
    with tempfile.TemporaryDirectory(prefix="pluto-") as scratch:
        said = sourced.contents_of(run, Path(scratch), problems, target, began)
    there = stored.contents_of(client, found, target)
    _compare_forks(run, found, client, said, there, target)
    proof.adapted = [*target.notes, *_unreadable(said, there, target)]
    proof.series, proof.hashes = len(said.series) + len(said.texts) + len(said.data), said.hashes()
    proof.points = sum(digest.count for digest in said.series.values())
    proof.files = sum(told.total() for told in said.files.values())
    # Tags that are new stand behind those that came before, wherever the source has them.
    at_once = found.config[MIGRATION].get("pass") == 1
    proof.differences = list(differences(said, there, ordered_tags=at_once and not target.stock))
    if proof.differences:
        proof.verdict = "different"


def _compare_forks(
    run: SourceRun, found: RunOverview, client: Client, said: Contents, there: Contents, target: Target
) -> None:
    """Adds the link to the run that this one was forked from, where the store has both and may link them."""
    parent = run.parent
    if not is_forked(run) or parent is None or parent.step is None:
        return
    first = stored_run(client, parent.project, parent.id)
    if first is None:
        target.say("run: the one it was forked from is not in the store, and so not linked to it")
        return
    said.facts["forked from"] = [first.display_id, math.floor(parent.step) if target.stock else parent.step]
    linked = None if found.forked_from is None else client.get_run(run.project, found.forked_from)
    there.facts["forked from"] = None if linked is None else [linked["displayId"], found.fork_step]


def _unreadable(said: Contents, there: Contents, target: Target) -> Iterator[str]:
    """Takes out of the comparison what a stock server has no route to read, or no place for, and says so."""
    if not target.stock:
        return
    if said.alerts:
        said.alerts = {}
        yield "alerts and model graphs are there, but can't be read by a key"
    used = [name for name in said.artifacts if name.startswith("used ")]
    for name in used:
        # Their files lie with the run, as those of versions that it logged do.
        as_logged = said.artifacts.setdefault(f"logged {name.removeprefix('used ')}", Counter())
        as_logged.update(dict.fromkeys(said.artifacts.pop(name).keys() - as_logged.keys(), 1))
    if used:
        yield f"{len(used)} artifacts were used, and not logged: there is no place for that, their files are there"
    step = said.facts.get("parent", [None, None, None])[2]
    if step is not None and step != int(step):
        yield "the exact step of the fork stands in the ledger alone"
    there.alerts = {}
