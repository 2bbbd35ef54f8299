"""A sweep's config, checked: the schema is W&B's."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pluto.sweeps.distributions import Distribution, SweepConfigError, parse

__all__ = ["Hyperband", "Metric", "Space", "SweepConfig", "SweepConfigError", "check"]

METHODS: Final = ("grid", "random", "bayes")
CUSTOM: Final = "custom"
"""Method and early termination of a sweep whose controller decides."""
FIELDS: Final = (
    "method", "metric", "parameters", "early_terminate", "run_cap", "name", "description", "project", "entity",
    "program", "command", "controller",
)  # fmt: skip
"""`program` and `command` are for agents that start processes; `controller` `{"type": "local"}` has a controller
choose the trials."""
_MAX_GRID: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Metric:
    """What to make small or big."""

    name: str
    maximize: bool = False
    target: float | None = None

    def better(self, one: float, other: float) -> bool:
        """Whether `one` is strictly better than `other`."""
        return one > other if self.maximize else one < other

    def reached(self, value: float) -> bool:
        """Whether the value is as good as the target."""
        return self.target is not None and not self.better(self.target, value)


@dataclass(frozen=True, slots=True)
class Hyperband:
    """Ends trials that do worse than most when they have logged the metric so many times."""

    bands: tuple[int, ...]
    eta: float
    strict: bool


@dataclass(frozen=True, slots=True)
class Space:
    """The parameters: path in the config (nested names) → distribution."""

    parameters: dict[tuple[str, ...], Distribution]

    def config(self, point: Sequence[int | float]) -> dict[str, Any]:
        """The nested config of a point: per parameter the number of a choice (int) or a place from 0 to 1 (float)."""
        found: dict[str, Any] = {}
        for (path, distribution), at in zip(self.parameters.items(), point, strict=True):
            place = found
            for part in path[:-1]:
                place = place.setdefault(part, {})
            place[path[-1]] = distribution.at(at)
        return found

    @property
    def size(self) -> int:
        """How many combinations a grid has."""
        count = 1
        for distribution in self.parameters.values():
            count *= len(distribution.choices or ())
        return count

    def grid(self) -> Iterator[tuple[int, ...]]:
        """Every combination of choices as a point; the last parameter changes fastest."""
        return itertools.product(*(range(len(one.choices or ())) for one in self.parameters.values()))


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """A config that can be used."""

    method: str
    space: Space
    metric: Metric | None
    hyperband: Hyperband | None
    run_cap: int | None
    project: str | None
    declared: dict[str, Any]
    """The config as given."""
    program: str | None = None
    command: tuple[str, ...] | None = None
    controlled: bool = False
    """Whether a controller chooses the trials, and their end."""

    def declaration(self, sweep: str) -> dict[str, Any]:
        """What each run carries as `config.sweep`."""
        declaration = {"id": sweep, "method": self.method}
        return declaration | {name: self.declared[name] for name in ("metric", "parameters") if name in self.declared}


def check(config: Any) -> SweepConfig:
    """The config in a form to work with. Raises `SweepConfigError` (a ValueError), or TypeError where it is no dict."""
    if not isinstance(config, Mapping):
        raise TypeError(f"a sweep's config is a dict, not {type(config).__name__}")
    for field in config:
        if field not in FIELDS:
            near = difflib.get_close_matches(str(field), FIELDS, 1)
            raise SweepConfigError(f"{field}: is no field of a sweep" + (f"; is {near[0]!r} meant?" if near else ""))
    try:
        declared = json.loads(json.dumps(dict(config), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise SweepConfigError(f"the config holds something that JSON can't: {error}") from None
    method = config.get("method", "grid")
    controlled = _controlled(config.get("controller"))
    if method not in METHODS and not (controlled and method == CUSTOM):
        raise SweepConfigError(f"method: is one of {', '.join(METHODS)}, not {method!r}")
    metric = _metric(config.get("metric"))
    if method == "bayes" and metric is None:
        raise SweepConfigError("metric: a bayes sweep needs {'name': ..., 'goal': 'minimize' or 'maximize'}")
    parameters = config.get("parameters")
    if not isinstance(parameters, Mapping) or not parameters:
        raise SweepConfigError("parameters: is a dict with something in it")
    space = Space(dict(_leaves("parameters", (), parameters)))
    if method == "grid":
        _check_grid(space)
    early = config.get("early_terminate")
    custom = controlled and isinstance(early, Mapping) and early.get("type") == CUSTOM
    hyperband = None if custom else _hyperband(early, metric)
    for name in ("name", "description", "project", "entity", "program"):
        if config.get(name) is not None and not isinstance(config[name], str):
            raise SweepConfigError(f"{name}: is a text, not {config[name]!r}")
    cap = config.get("run_cap")
    if cap is not None and (isinstance(cap, bool) or not isinstance(cap, int) or cap < 1):
        raise SweepConfigError(f"run_cap: is a whole number above 0, not {cap!r}")
    return SweepConfig(
        method,
        space,
        metric,
        hyperband,
        cap,
        config.get("project"),
        declared,
        config.get("program"),
        _command(config.get("command")),
        controlled,
    )


def _controlled(given: Any) -> bool:
    if given is None:
        return False
    if not isinstance(given, Mapping) or given.get("type") not in ("local", "cloud"):
        raise SweepConfigError(f"controller.type: is local or cloud, not {given!r}")
    return bool(given["type"] == "local")


def _command(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or not given or isinstance(given[0], (list, dict)):
        raise SweepConfigError(f"command: is a list of texts and macros, not {given!r}")
    return tuple(str(part) for part in given)


def _leaves(
    field: str, path: tuple[str, ...], specs: Mapping[Any, Any]
) -> Iterator[tuple[tuple[str, ...], Distribution]]:
    for name, spec in specs.items():
        if not isinstance(name, str) or not name:
            raise SweepConfigError(f"{field}: {name!r} is no name of a parameter")
        here = f"{field}.{name}"
        if not isinstance(spec, Mapping):
            raise SweepConfigError(f"{here}: is a dict such as {{'values': [...]}} or {{'min': .., 'max': ..}}")
        if "parameters" in spec:
            if len(spec) > 1 or not isinstance(spec["parameters"], Mapping) or not spec["parameters"]:
                raise SweepConfigError(f"{here}: nested parameters are {{'parameters': {{...}}}} and nothing beside")
            yield from _leaves(f"{here}.parameters", (*path, name), spec["parameters"])
        else:
            yield (*path, name), parse(here, dict(spec))


def _metric(given: Any) -> Metric | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str) or not given["name"]:
        raise SweepConfigError("metric.name: is missing")
    for field in given:
        if field not in ("name", "goal", "target"):
            raise SweepConfigError(f"metric.{field}: is no field of a metric; there are name, goal and target")
    goal = given.get("goal", "minimize")
    if goal not in ("minimize", "maximize"):
        raise SweepConfigError(f"metric.goal: is minimize or maximize, not {goal!r}")
    target = given.get("target")
    if target is not None and (isinstance(target, bool) or not isinstance(target, (int, float))):
        raise SweepConfigError(f"metric.target: is a number, not {target!r}")
    return Metric(given["name"], goal == "maximize", target)


def _hyperband(given: Any, metric: Metric | None) -> Hyperband | None:
    if given is None:
        return None
    field = "early_terminate"
    if not isinstance(given, Mapping) or given.get("type") != "hyperband":
        raise SweepConfigError(f"{field}.type: is hyperband")
    for name in given:
        if name not in ("type", "min_iter", "max_iter", "s", "eta", "strict"):
            raise SweepConfigError(f"{field}.{name}: is no field of hyperband")
    if metric is None:
        raise SweepConfigError("metric: is needed for early_terminate")
    eta = given.get("eta", 3)
    if isinstance(eta, bool) or not isinstance(eta, (int, float)) or eta <= 1:
        raise SweepConfigError(f"{field}.eta: is a number above 1, not {eta!r}")
    whole = {name: given[name] for name in ("min_iter", "max_iter", "s") if name in given}
    for name, value in whole.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SweepConfigError(f"{field}.{name}: is a whole number above 0, not {value!r}")
    strict = given.get("strict", False)
    if not isinstance(strict, bool):
        raise SweepConfigError(f"{field}.strict: is true or false, not {strict!r}")
    if set(whole) == {"min_iter"}:
        bands = [int(whole["min_iter"] * eta**k) for k in range(64)]
    elif set(whole) == {"max_iter", "s"}:
        bands = [int(whole["max_iter"] / eta**k) for k in range(1, whole["s"] + 1)]
    else:
        raise SweepConfigError(f"{field}: give min_iter, or max_iter and s")
    return Hyperband(tuple(sorted({band for band in bands if band >= 1})), float(eta), strict)


def _check_grid(space: Space) -> None:
    for path, distribution in space.parameters.items():
        if distribution.choices is None:
            field = "parameters." + ".parameters.".join(path)
            raise SweepConfigError(f"{field}: a grid needs values, value or int_uniform; or use method 'random'")
    if space.size > _MAX_GRID:
        raise SweepConfigError(f"parameters: the grid has {space.size:,} combinations, more than {_MAX_GRID:,}")
