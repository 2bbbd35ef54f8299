"""Which point to try next."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final

from pluto.sweeps.config import SweepConfig
from pluto.sweeps.distributions import Distribution
from pluto.sweeps.registry import COMPLETED, FAILED, LOST, RUNNING, STOPPED, Point, Tried

_STARTING_TRIALS: Final = 10
"""Random ones before the sampler has something to learn from."""
_UNORDERED: Final = "categorical"


def next_point(config: SweepConfig, sweep: str, tried: Sequence[Tried], number: int, since: float) -> Point | None:
    """A point nobody has tried, or None where the sweep is through.

    A combination of a grid whose trial failed before `since` gets another chance.
    """
    metric = config.metric
    if metric and any(trial.objective is not None and metric.reached(trial.objective) for trial in tried):
        return None
    if config.run_cap is not None and sum(trial.state != LOST for trial in tried) >= config.run_cap:
        return None
    if config.method == "grid":
        done = {tuple(trial.point) for trial in tried if not _free(trial, since)}
        found = next((point for point in config.space.grid() if point not in done), None)
        return None if found is None else [*found]
    # Seeded by sweep and number, and never by the training script's own seed: no two agents draw the same.
    dice = random.Random(f"{sweep}:{number}")  # noqa: S311
    if config.method == "random":
        return [_drawn(distribution, dice) for distribution in config.space.parameters.values()]
    return _learned(config, tried, dice)


def _free(trial: Tried, since: float) -> bool:
    return trial.state == LOST or (trial.state == FAILED and trial.ended is not None and trial.ended < since)


def _drawn(distribution: Distribution, dice: random.Random) -> int | float:
    return 0 if distribution.constant else dice.random()


def _learned(config: SweepConfig, tried: Sequence[Tried], dice: random.Random) -> Point:
    """The point that optuna's TPE asks for, told all trials so far; running ones count as bad, to keep agents apart."""
    optuna = require_optuna()
    assert config.metric is not None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space: dict[str, Any] = {}
    for index, distribution in enumerate(config.space.parameters.values()):
        if not distribution.constant:
            choices = range(len(distribution.choices or ()))
            space[str(index)] = (
                optuna.distributions.CategoricalDistribution(list(choices))
                if distribution.name == _UNORDERED
                else optuna.distributions.FloatDistribution(0.0, 1.0)
            )
    sampler = optuna.samplers.TPESampler(
        n_startup_trials=_STARTING_TRIALS, constant_liar=True, seed=dice.getrandbits(32)
    )
    study = optuna.create_study(direction="maximize" if config.metric.maximize else "minimize", sampler=sampler)
    states = optuna.trial.TrialState
    for trial in tried:
        known = trial.state in (COMPLETED, STOPPED) and trial.objective is not None
        if not known and trial.state != RUNNING:
            continue
        study.add_trial(
            optuna.trial.create_trial(
                params={name: trial.point[int(name)] for name in space},
                distributions=space,
                value=trial.objective if known else None,
                state=states.COMPLETE if known else states.RUNNING,
            )
        )
    asked = study.ask(space).params
    return [asked.get(str(index), 0) for index in range(len(config.space.parameters))]


def require_optuna() -> Any:
    """The optuna module. Raises ImportError that says how to get it."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("a bayes sweep needs optuna: pip install 'pluto-ml[sweep]'") from error
    return optuna
