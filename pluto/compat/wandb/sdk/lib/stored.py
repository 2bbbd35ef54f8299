"""What the store has of a run, in this door's words: for runs that go on, and for whoever reads them."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.sdk.lib.definitions import Definition, Definitions, Path, read
from pluto.compat.wandb.sdk.lib.tally import put, remove

if TYPE_CHECKING:
    from pluto.query.client import Client
    from pluto.query.values import Summary

OWN: Final = "_wandb"
"""The config's key that is the door's own."""
SYSTEM: Final = "sys/"
STAMP: Final = "_timestamp"


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


def summary_of(client: Client, project: str, run: int | str, config: Mapping[str, Any]) -> Stored:
    """The summary of a run as the run itself would show it. `config` is the run's, with the door's own key.

    Raises `QueryError` where the server does not give what it takes.
    """
    own: Mapping[str, Any] = config.get(OWN) or {}
    numbers = {name: one for name, one in client.summaries(project, run).items() if not name.startswith(SYSTEM)}
    lasts = _lasts(client, project, run, numbers, own.get("bools") or {})
    found = Stored()
    definitions = Definitions(own.get("m"))
    for name, last in lasts.items():
        path = path_of(name, own)
        definition = definitions.of(path)
        if last.value is None or name == STAMP or (definition is not None and definition.unseen):
            continue
        value = last.value
        if definition is not None and definition.aggregates:
            value = _aggregated(client, project, run, name, definition, numbers.get(name), value)
        put(found.summary, path, value)
    if lasts:
        newest = max(lasts.values(), key=lambda last: (last.step, last.time_us))
        stamp = lasts.get(STAMP)
        found.last_step = int(newest.step)
        found.runtime = runtime_at(newest.time_us, own)
        found.summary.update(_step=found.last_step, _timestamp=newest.time_us / 1e6, _runtime=found.runtime)
        if stamp is not None and stamp.step == newest.step:
            found.summary[STAMP] = stamp.value
    _overlay(found.summary, own.get("summary") or {}, lasts)
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


def _lasts(
    client: Client, project: str, run: int | str, numbers: Mapping[str, Summary], bools: Mapping[str, Any]
) -> dict[str, Last]:
    lasts = {
        name: Last(one.last_step, one.last_time, plain(one.last, name in bools)) for name, one in numbers.items()
    }
    for type in ("string-series", "JSON"):
        for row in client.iter_data(project, run, type=type):
            name, step = row["name"], row["step"]
            if name not in lasts or (step, row["time"]) >= (lasts[name].step, lasts[name].time_us):
                lasts[name] = Last(step, row["time"], row["value"])
    return lasts


def _aggregated(
    client: Client, project: str, run: int | str, name: str, definition: Definition, one: Summary | None, last: Any
) -> dict[str, Any]:
    values: dict[str, Any] = {"last": last}
    if one is not None and one.finite:
        values.update(min=plain(one.min), max=plain(one.max), mean=one.mean)
        values["best"] = values["max" if definition.goal == "maximize" else "min"]
    if one is not None and "first" in definition.aggregates:
        points = client.points(project, run, name, step_max=one.first_step)
        values["first"] = plain(float(points.values[0])) if len(points) else last
    return {kind: values[kind] for kind in definition.aggregates if kind in values}


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
