"""What the store has of a run, in this door's words: for runs that go on, and for whoever reads them."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.sdk.lib.definitions import Aggregate, Definition, Definitions, Path, read
from pluto.compat.wandb.sdk.lib.tally import put, remove
from pluto.protocol.rows import JSON, STAMP

if TYPE_CHECKING:
    from pluto.query.client import Client
    from pluto.query.values import Summary

OWN: Final = "_wandb"
"""The config's key that is the door's own."""
SYSTEM: Final = "sys/"
TEXTS: Final = "string-series"


@dataclass
class Last:
    """The last value of a name, and where it stands."""

    step: float
    time_us: int
    value: Any


@dataclass
class Stored:
    """The summary of a run."""

    summary: dict[str, Any] = field(default_factory=dict)
    last_step: int | None = None
    """The last row."""
    runtime: float = 0.0
    """Its `_runtime`."""


def summary_of(client: Client, project: str, run: Mapping[str, Any]) -> Stored:
    """The summary of a run, given as `Client.get_run` gives it, as the run itself would show it.

    Raises `QueryError` where the server does not give what it takes.
    """
    own: Mapping[str, Any] = (run.get("config") or {}).get(OWN) or {}
    found = Stored()
    definitions = Definitions(own.get("m"))

    def asks_first(name: str) -> bool:
        definition = definitions.of(path_of(name, own))
        return definition is not None and "first" in definition.aggregates

    values = Values.of(client, project, run, own.get("bools") or {}, asks_first)
    for name, last in values.lasts.items():
        path = path_of(name, own)
        definition = definitions.of(path)
        if last.value is None or name == STAMP or (definition is not None and definition.unseen):
            continue
        shown = last.value
        if definition is not None and definition.aggregates:
            shown = values.aggregated(name, definition)
        put(found.summary, path, shown)
    if values.lasts:
        newest = max(values.lasts.values(), key=lambda last: (last.step, last.time_us))
        stamp = values.lasts.get(STAMP)
        found.last_step = int(newest.step)
        found.runtime = runtime_at(newest.time_us, own)
        found.summary.update(_step=found.last_step, _timestamp=newest.time_us / 1e6, _runtime=found.runtime)
        if stamp is not None and stamp.step == newest.step:
            found.summary[STAMP] = stamp.value
    _overlay(found.summary, own.get("summary") or {}, values.lasts)
    return found


def lineage(client: Client, project: str, run: Mapping[str, Any]) -> list[tuple[int, float | None]]:
    """The runs that a run's rows lie in, and up to which step: its ancestors, if it was forked, then itself."""
    found: list[tuple[int, float | None]] = [(int(run["id"]), None)]
    until = None
    while run.get("forkedFromRunId") is not None:
        step = float(run.get("forkStep") or 0)
        until = step if until is None else min(until, step)
        run = client.get_run(project, int(run["forkedFromRunId"]))
        found.insert(0, (int(run["id"]), until))
    return found


def path_of(name: str, own: Mapping[str, Any]) -> Path:
    """The nested names behind a name in the store."""
    return tuple((own.get("nested") or {}).get(name) or (name,))


def runtime_at(time_us: int, own: Mapping[str, Any]) -> float:
    """The `_runtime` of a row written then: seconds since the process that wrote it took the run up, and before."""
    starts = sorted((int(start), float(offset)) for start, offset in (own.get("starts") or {}).items())
    index = bisect.bisect_right(starts, (time_us, float("inf"))) - 1
    if index < 0:
        return 0.0
    return starts[index][1] + (time_us - starts[index][0]) / 1e6


def plain(value: float, is_bool: bool = False) -> int | float | bool:
    """A stored number as it was logged: whole ones are ints, those of booleans True or False."""
    if is_bool and value in (0, 1):
        return bool(value)
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


class Values:
    """What is stored under each name of a run, its ancestors' part included."""

    def __init__(self) -> None:
        self.lasts: dict[str, Last] = {}
        self._aggregates: dict[str, Aggregate] = {}

    @classmethod
    def of(
        cls,
        client: Client,
        project: str,
        run: Mapping[str, Any],
        bools: Mapping[str, Any],
        firsts: Callable[[str], bool],
    ) -> Values:
        """The values of a run; first ones only of names that `firsts` says yes to. Raises `QueryError`."""
        found = cls()
        for number, until in lineage(client, project, run):
            for name, one in client.summaries(project, number).items():
                if not name.startswith(SYSTEM):
                    found._add_numbers(client, project, number, name, one, until, name in bools, firsts(name))
            for type in (TEXTS, JSON):
                for row in client.iter_data(project, number, type=type):
                    if until is None or row["step"] <= until:
                        found._add(row["name"], Last(row["step"], row["time"], row["value"]))
        return found

    def aggregated(self, name: str, definition: Definition) -> dict[str, Any]:
        """The kinds that a definition asks for."""
        aggregate = self._aggregates.get(name) or Aggregate()
        aggregate.last = self.lasts[name].value
        if aggregate.first is None:
            aggregate.first = aggregate.last
        return aggregate.shown(definition)

    def _add_numbers(
        self,
        client: Client,
        project: str,
        number: int,
        name: str,
        one: Summary,
        until: float | None,
        is_bool: bool,
        first: bool,
    ) -> None:
        if until is not None and until < one.first_step:
            return
        before = self._aggregates.setdefault(name, Aggregate())
        if first and before.first is None:
            points = client.points(project, number, name, step_max=one.first_step)
            before.first = plain(float(points.values[0]), is_bool)
        if until is None or until >= one.last_step:
            if one.finite:
                before.merge(plain(one.min), plain(one.max), one.sum, one.finite)
            self._add(name, Last(one.last_step, one.last_time, plain(one.last, is_bool)))
            return
        points = client.points(project, number, name, step_max=until)
        for value in points.values[points.values == points.values].tolist():
            before.merge(plain(value), plain(value), value, 1)
        last = Last(float(points.steps[-1]), int(points.times[-1]), plain(float(points.values[-1]), is_bool))
        self._add(name, last)

    def _add(self, name: str, last: Last) -> None:
        before = self.lasts.get(name)
        if before is None or (last.step, last.time_us) >= (before.step, before.time_us):
            self.lasts[name] = last


def _overlay(summary: dict[str, Any], assigned: Mapping[str, Any], lasts: Mapping[str, Last]) -> None:
    """Puts in what was assigned, and takes out what was deleted, unless a later row has the name."""
    for text, entry in assigned.items():
        path, row = read(text), entry[0]
        last = lasts.get(".".join(path))
        if last is not None and last.step >= row and last.value is not None:
            put(summary, path, last.value)
        elif len(entry) > 1 and entry[1] is not None:
            put(summary, path, entry[1])
        else:
            remove(summary, path)
