"""`wandb.controller`: chooses the trials of a sweep here, so that a script may watch, or decide itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pluto.compat.wandb.sdk import wandb_sweep
from pluto.compat.wandb.sdk.lib.config_util import load_yaml
from pluto.sweeps import search
from pluto.sweeps.config import CUSTOM, SweepConfig
from pluto.sweeps.joining import values_of
from pluto.sweeps.registry import CANCELLED, COMPLETED, FAILED, LOST, PAUSED, RUNNING, STOPPED, Point, Registry

_EVERY_S: Final = 1.0
_STATES: Final = {RUNNING: "running", COMPLETED: "finished", STOPPED: "killed", FAILED: "failed", LOST: "crashed"}


class ControllerError(Exception):
    """A controller that can't do what it was told."""


@dataclass
class SweepRun:
    """A trial as functions that search and stop see it. To propose one, give `config`: `{name: {"value": …}}`."""

    name: str | None = None
    state: str = "pending"
    config: dict[str, Any] = field(default_factory=dict)
    summary_metrics: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False
    should_stop: bool = False
    number: int = 0
    point: Point = field(default_factory=list)


class _WandbController:
    """Chooses the trials of one sweep. Agents, here or in other processes of this machine, run them."""

    def __init__(
        self,
        sweep_id_or_config: str | dict[str, Any] | None = None,
        entity: str | None = None,
        project: str | None = None,
    ) -> None:
        self._entity, self._project = entity, project
        self._create: dict[str, Any] = {}
        self._custom_search: Callable[[Any, Any], Any] | None = None
        self._custom_stopping: Callable[[Any, Any], Any] | None = None
        self._registry: Registry | None = None
        self._checked: SweepConfig | None = None
        self._started = False
        self._done_scheduling = False
        self._since = time.time()
        self._last_status = ""
        self._actions: list[tuple[str, str]] = []
        self._debug: list[str] = []
        if isinstance(sweep_id_or_config, str):
            self._registry, _ = wandb_sweep.find(sweep_id_or_config, entity, project)
            self._checked = wandb_sweep.check(self._registry.config)
        elif isinstance(sweep_id_or_config, dict):
            self._create = dict(sweep_id_or_config)
            if callable(self._create.get("method")):
                self.configure_search(self._create["method"])
            if callable(self._create.get("early_terminate")):
                self._custom_stopping = self._create["early_terminate"]
                self._create["early_terminate"] = {"type": CUSTOM}
            self.create()
        elif sweep_id_or_config is not None:
            raise ControllerError("Unhandled sweep controller type")

    # how it is set up

    def configure_search(self, search: str | Callable[[Any, Any], Any]) -> None:
        """The method, or a function of config and runs that gives the next `SweepRun`, None where there is none."""
        self._configurable()
        if callable(search):
            self._create["method"], self._custom_search = CUSTOM, search
        elif isinstance(search, str):
            self._create["method"] = search
        else:
            raise ControllerError("Unhandled search type.")

    def configure_stopping(self, stopping: str | Callable[[dict[str, Any]], Any], **kwargs: Any) -> None:
        """`hyperband` with its fields, or a function that, given them, makes one of config and runs: those to stop."""
        self._configurable()
        if callable(stopping):
            self._custom_stopping = stopping(kwargs)
            self._create["early_terminate"] = {"type": CUSTOM}
        elif isinstance(stopping, str):
            self._create["early_terminate"] = {**self._create.get("early_terminate", {}), "type": stopping, **kwargs}
        else:
            raise ControllerError("Unhandled stopping type.")

    def configure_metric(self, metric: str, goal: str | None = None) -> None:
        """What to make small or big."""
        self._configurable()
        self._create["metric"] = {**self._create.get("metric", {}), "name": metric, **({"goal": goal} if goal else {})}

    def configure_program(self, program: str) -> None:
        """The program that agents start."""
        self._configurable()
        if callable(program):
            raise ControllerError("Program functions are not supported: give the function to wandb.agent()")
        if not isinstance(program, str):
            raise ControllerError("Unhandled sweep program type")
        self._create["program"] = program

    def configure_name(self, name: str) -> None:
        """What the sweep is called."""
        self._configurable()
        self._create["name"] = name

    def configure_description(self, description: str) -> None:
        """A text about it."""
        self._configurable()
        self._create["description"] = description

    def configure_parameter(
        self,
        name: str,
        values: Sequence[Any] | None = None,
        value: Any = None,
        distribution: str | None = None,
        min: float | None = None,
        max: float | None = None,
        mu: float | None = None,
        sigma: float | None = None,
        q: float | None = None,
        a: float | None = None,
        b: float | None = None,
    ) -> None:
        """One parameter; what is said of it in several calls adds up."""
        self._configurable()
        spec = self._create.setdefault("parameters", {}).setdefault(name, {})
        given = {
            "values": None if values is None else list(values), "value": value, "distribution": distribution,
            "min": min, "max": max, "mu": mu, "sigma": sigma, "q": q, "a": a, "b": b,
        }  # fmt: skip
        spec.update({field: said for field, said in given.items() if said is not None})
        if not spec:
            spec["value"] = None

    def configure_controller(self, type: str) -> None:
        """`local`: this controller chooses the trials."""
        self._configurable()
        self._create.setdefault("controller", {}).setdefault("type", type)

    def configure(self, sweep_dict_or_config: dict[str, Any] | str) -> None:
        """The whole config, as a dict or YAML text."""
        self._configurable()
        if self._create:
            raise ControllerError("Already configured.")
        if isinstance(sweep_dict_or_config, str):
            sweep_dict_or_config = load_yaml(sweep_dict_or_config, "the sweep's config")
        if not isinstance(sweep_dict_or_config, dict):
            raise ControllerError("Unhandled sweep controller type")
        self._create = dict(sweep_dict_or_config)

    def create(self, from_dict: bool = False) -> str:  # noqa: ARG002  the original's own signature
        """Makes the sweep, and gives its id. Raises `UsageError` for a config that can't be used."""
        self._configurable()
        if self._registry is not None:
            raise ControllerError("Can not use create on already created sweep.")
        if not self._create:
            raise ControllerError("Must configure sweep before create.")
        if self._create.get("method") == CUSTOM or self._custom_stopping is not None:
            self._create.setdefault("controller", {"type": "local"})
        self._registry = wandb_sweep.create(self._create, self._entity, self._project)
        self._checked = wandb_sweep.check(self._registry.config)
        print("Create sweep with ID:", self._registry.sweep)  # noqa: T201  as scripts that read it expect
        return self._registry.sweep

    @property
    def sweep_config(self) -> dict[str, Any] | None:
        """The sweep's config; None before there is one."""
        return None if self._registry is None else self._registry.config

    @property
    def sweep_id(self) -> str | None:
        """The sweep's id; None before there is one."""
        return None if self._registry is None else self._registry.sweep

    # how it runs

    def run(
        self, verbose: bool = False, print_status: bool = True, print_actions: bool = False, print_debug: bool = False
    ) -> None:
        """Chooses trials until the sweep is through, which takes agents that run them."""
        while not self.done():
            if print_status or verbose:
                self.print_status()
            self.step()
            if print_actions or verbose:
                self.print_actions()
            if print_debug or verbose:
                self.print_debug()
            if not self.done():
                time.sleep(_EVERY_S)

    def step(self) -> None:
        """Chooses the next trial, if none waits for an agent, and says which are to stop."""
        registry, _ = self._start()
        if not self._done_scheduling and not registry.queued():
            self.schedule(self.search())
        stop = self.stopping()
        if stop:
            self.stop_runs(stop)

    def done(self) -> bool:
        """Whether nothing is left to choose and nothing runs, or somebody has ended the sweep."""
        registry, _ = self._start()
        if registry.state not in (RUNNING, PAUSED):
            return True
        running = any(one.state == RUNNING for one in registry.trials())
        return self._done_scheduling and not registry.queued() and not running

    def search(self) -> Any:
        """The trial to make next, not yet scheduled; None where there is none."""
        registry, checked = self._start()
        runs = self._runs()
        if self._custom_search is not None:
            return self._custom_search(registry.config, runs)
        if checked.method == CUSTOM:
            raise ControllerError("The sweep's method is custom: give the function with configure_search()")
        tried = registry.trials()
        point = search.next_point(checked, registry.sweep, tried, len(tried) + 1, self._since)
        if point is None:
            return None
        return SweepRun(config={k: {"value": v} for k, v in checked.space.config(point).items()}, point=point)

    def schedule(self, run: Any) -> None:
        """Puts a trial where the next agent finds it; None says that there are no more."""
        registry, _ = self._start()
        if run is None:
            self._done_scheduling = True
            registry.enqueue(None)
            return
        config = run["config"] if isinstance(run, dict) else run.config
        values = {name: one["value"] for name, one in config.items()}
        registry.enqueue(values, list(getattr(run, "point", [])))
        self._actions.append(("schedule", ",".join(f"{name}={values[name]}" for name in sorted(values))))

    def stopping(self) -> list[Any]:
        """The trials to end now. Those that hyperband ends are ended by their own processes."""
        registry, _ = self._start()
        if self._custom_stopping is None:
            return []
        return list(self._custom_stopping(registry.config, self._runs()))

    def stop_runs(self, runs: Sequence[Any]) -> None:
        """Has trials ended, by name."""
        registry, _ = self._start()
        names = {run.name for run in runs}
        registry.ask_to_stop([one.number for one in registry.trials() if one.run in names])
        self._actions.append(("stop", ",".join(sorted(map(str, names)))))

    # what it tells

    def print_status(self) -> None:
        """Prints a line about the sweep, where it has changed."""
        registry, checked = self._start()
        runs = self._runs()
        counts = {state: sum(run.state == state for run in runs) for state in _STATES.values()}
        shown = ", ".join(f"{state.capitalize()}: {count}" for state, count in counts.items() if count)
        early = registry.config.get("early_terminate")
        about = checked.method + (f",{early.get('type')}" if early else "")
        status = f"Sweep: {registry.sweep} ({about}) | Runs: {len(runs)}" + (f" ({shown})" if shown else "")
        if status != self._last_status:
            print(status)  # noqa: T201
        self._last_status = status

    def print_actions(self) -> None:
        """Prints what was scheduled and stopped since."""
        for action, what in self._actions:
            print(f"INFO: {action.capitalize()} ({what})")  # noqa: T201
        self._actions = []

    def print_debug(self) -> None:
        """Prints the trials and their objectives."""
        for run in self._runs():
            print(f"DEBUG: {run.name} {run.state} {run.summary_metrics}")  # noqa: T201

    def print_space(self) -> None:
        """Prints the parameters."""
        registry, _ = self._start()
        for name, spec in registry.config["parameters"].items():
            print(f"{name}: {spec}")  # noqa: T201

    def print_summary(self) -> None:
        """Prints the best trial."""
        _, checked = self._start()
        metric = checked.metric
        found = [run for run in self._runs() if metric is not None and metric.name in run.summary_metrics]
        if metric is None or not found:
            print("no trial has an objective yet")  # noqa: T201
            return
        choose = max if metric.maximize else min
        best = choose(found, key=lambda run: run.summary_metrics[metric.name])
        print(f"best: {best.name} {best.summary_metrics} {best.config}")  # noqa: T201

    def _configurable(self) -> None:
        if self._started:
            raise ControllerError("Can not configure after sweep has been started.")

    def _start(self) -> tuple[Registry, SweepConfig]:
        if self._registry is None or self._checked is None:
            raise ControllerError("Must specify or create a sweep before running controller.")
        if not self._checked.controlled:
            raise ControllerError("Only sweeps with a local controller are currently supported.")
        self._started = True
        return self._registry, self._checked

    def _runs(self) -> list[SweepRun]:
        registry, checked = self._start()
        metric = checked.metric
        cancelled = registry.state == CANCELLED
        return [
            SweepRun(
                name=one.run,
                state=_STATES[one.state],
                config={k: {"value": v} for k, v in values_of(checked, one.point, one.config).items()},
                summary_metrics={} if metric is None or one.objective is None else {metric.name: one.objective},
                stopped=one.state == STOPPED,
                should_stop=one.stop or cancelled,
                number=one.number,
                point=one.point,
            )
            for one in registry.trials()
        ]
