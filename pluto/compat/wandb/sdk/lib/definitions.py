"""What `define_metric` has said about metrics: for the run that logs them, and for whoever reads a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.errors.errors import Error

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_metric import Metric

KINDS: Final = ("min", "max", "mean", "last", "first", "none", "copy", "best")
"""What a summary can have of a metric. `best` is of older releases: the `goal` of the values."""

Path = tuple[str, ...]


@dataclass
class Definition:
    """All that was said about one name, or about the names with one beginning."""

    name: str
    step_metric: str | None = None
    step_sync: bool = False
    hidden: bool = False
    summary: tuple[str, ...] = ()
    goal: str | None = None

    @property
    def aggregates(self) -> tuple[str, ...]:
        """The kinds of which the summary shows values; without any it has the last value."""
        return tuple(kind for kind in self.summary if kind not in ("none", "copy"))

    @property
    def unseen(self) -> bool:
        """Whether the summary leaves it out."""
        return "none" in self.summary

    def as_config(self) -> dict[str, Any]:
        """As it stands in the run's config."""
        found: dict[str, Any] = {"step_metric": self.step_metric, "step_sync": self.step_sync, "hidden": self.hidden}
        return {**found, "summary": list(self.summary), "goal": self.goal}


class Definitions:
    """The definitions of a run. An exact name comes before a glob, a longer glob before a shorter one."""

    def __init__(self, kept: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._by_name: dict[str, Definition] = {}
        self._from_globs: dict[str, Definition | None] = {}
        """What a name has got from a glob, for good, or that no glob fits it."""
        for name, said in (kept or {}).items():
            self._by_name[name] = Definition(
                name,
                said.get("step_metric"),
                bool(said.get("step_sync")),
                bool(said.get("hidden")),
                tuple(said.get("summary") or ()),
                said.get("goal"),
            )

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def __iter__(self) -> Iterator[Definition]:
        return iter(self._by_name.values())

    def take(self, others: Definitions) -> None:
        """Takes over those of an earlier part of the run."""
        self._by_name.update(others._by_name)

    def define(self, metric: Metric) -> Definition:
        """Adds what a call has said to what is known, or puts it in its place."""
        old = self._by_name.get(metric.name) or self._from_globs.get(metric.name)
        if old is None or metric._overwrite:
            old = Definition(metric.name)
        merged = self._by_name[metric.name] = Definition(
            metric.name,
            metric.step_metric or old.step_metric,
            bool(metric.step_sync) or old.step_sync,
            bool(metric.hidden) or old.hidden,
            tuple(dict.fromkeys([*old.summary, *(metric.summary or ())])),
            metric._goal or old.goal,
        )
        self._from_globs = {name: found for name, found in self._from_globs.items() if found is not None}
        return merged

    def of(self, path: Path) -> Definition | None:
        """What was said about the metric at a path of nested names."""
        name = written(path)
        exact = self._by_name.get(name)
        if exact is not None and not name.endswith("*"):
            return exact
        if name not in self._from_globs:
            globs = [known for known in self._by_name if known.endswith("*") and name.startswith(known[:-1])]
            known = None if name.startswith("_") else max(globs, key=len, default=None)
            self._from_globs[name] = None if known is None else replace(self._by_name[known], name=name)
        return self._from_globs[name]

    def as_config(self) -> dict[str, Any]:
        """As they stand in the run's config, by name."""
        return {name: definition.as_config() for name, definition in self._by_name.items()}


def written(path: Iterable[str]) -> str:
    r"""A path of nested names as `define_metric` has it: joined with dots; a dot within a name is `\.`."""
    return ".".join(part.replace(".", "\\.") for part in path)


def read(name: str) -> Path:
    r"""The path that is written so: `a\.b.c` is `c` in `a.b`."""
    parts = [""]
    index = 0
    while index < len(name):
        if name[index] == "\\" and name[index + 1 : index + 2] == ".":
            parts[-1] += "."
            index += 1
        elif name[index] == ".":
            parts.append("")
        else:
            parts[-1] += name[index]
        index += 1
    return tuple(parts)


def kinds(text: str) -> list[str]:
    """The kinds that `summary=` names, separated by commas. Raises `Error` for one there is not."""
    found = [word.lower() for word in text.split(",")]
    for word in found:
        if word not in KINDS:
            raise Error(f"Unhandled define_metric() arg: summary op: {word}")
    return found


@dataclass
class Aggregate:
    """What a summary can have of one metric, value by value. Texts and the like count for the first and last only."""

    first: Any = None
    last: Any = None
    low: float | None = None
    high: float | None = None
    total: float = 0.0
    count: int = 0
    seen: bool = False

    def add(self, value: Any) -> None:
        """Takes a value. NaN compares as IEEE has it: a first one stays, a later one changes nothing."""
        if not self.seen:
            self.seen = True
            self.first = value
        self.last = value
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, (int, float)):
            return
        self.count += 1
        self.total += value
        if self.low is None or self.high is None:
            self.low = self.high = value
        elif value < self.low:
            self.low = value
        elif value > self.high:
            self.high = value

    def merge(self, low: float, high: float, total: float, count: int) -> None:
        """Takes what is known of many numbers."""
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        self.total += total
        self.count += count

    def shown(self, definition: Definition) -> dict[str, Any]:
        """What the summary shows: the asked kinds by name, of numbers as far as there are any."""
        values = {
            "min": self.low,
            "max": self.high,
            "mean": self.total / self.count if self.count else None,
            "last": self.last,
            "first": self.first,
            "best": self.high if definition.goal == "maximize" else self.low,
        }
        return {kind: values[kind] for kind in definition.aggregates if values[kind] is not None}
