"""`pluto.sweep` makes a sweep, `pluto.agent` runs trials of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from pluto.core.settings import resolve
from pluto.sweeps import config as schema
from pluto.sweeps import search
from pluto.sweeps.joining import make_trial
from pluto.sweeps.registry import CANCELLED, COMPLETED, FAILED, PAUSED, RUNNING, STOPPED, Point, Registry, Tried
from pluto.sweeps.trial import Trial, TrialStopped, running

logger = logging.getLogger("pluto")
tag = "sweep"

MAX_FAILURES_IN_A_ROW: Final = 5
_WAIT_S: Final = 0.5
_EXIT_CODES: Final = {COMPLETED: 0, FAILED: 1, STOPPED: 2}


class SweepError(RuntimeError):
    """An agent gave up: one trial after another failed. The last trial's exception is the cause."""


def sweep(config: dict[str, Any], project: str | None = None, entity: str | None = None) -> str:
    """The id of a new sweep, for `agent`.

    `config` has W&B's schema: `method` (`grid`, `random`, `bayes`), `parameters`, `metric`, `early_terminate`,
    `run_cap`. `project` comes before the config's. `entity` is there for W&B's sake and only
    warned about: the server's key says whose the runs are. Raises `SweepConfigError` (a ValueError).
    """
    if entity:
        logger.warning("%s: entity %r has no effect: the server's key says whose the runs are", tag, entity)
    checked = schema.check(config)
    if any(path[0] == "sweep" for path in checked.space.parameters):
        raise schema.SweepConfigError("parameters.sweep: the name is taken by the sweep's own declaration")
    registry = Registry.create(resolve().root, checked.declared, project or checked.project)
    logger.info("%s: %s is a %s over %d parameters", tag, registry.sweep, checked.method, len(checked.space.parameters))
    return registry.sweep


def agent(sweep_id: str, function: Callable[[], Any], count: int | None = None, project: str | None = None) -> None:
    """Calls `function` once for each trial; the first `pluto.init` inside gets the trial's values as config.

    A grid ends when every combination was tried, and `count` bounds this agent's trials. `random` and `bayes` need
    `count` (or the sweep's `run_cap`): how many trials the sweep shall have in all, those of earlier and other agents
    included. Several agents may work on one sweep. A trial that raises is failed, and the next one follows; after five
    in a row that failed the agent raises `SweepError`. Of a grid, an agent started later tries failed ones again.
    """
    if not callable(function):
        raise TypeError(f"function is called for each trial; {type(function).__name__} can't be")
    if count is not None and count < 0:
        raise ValueError(f"count is at least 0, not {count}")
    registry = Registry(resolve().root, sweep_id.rpartition("/")[2])
    checked = schema.check(registry.config)
    if checked.method != "grid" and count is None and checked.run_cap is None:
        raise ValueError(f"a {checked.method} sweep has no end of its own: give count=, or the sweep a run_cap")
    total = None if checked.method == "grid" else count
    done = sum(trial.state in (COMPLETED, STOPPED) for trial in registry.trials())
    limit = count if total is None else max(total - done, 0)
    drive(registry, checked, function, limit=limit, total=total, project=project)


def drive(
    registry: Registry,
    checked: schema.SweepConfig,
    function: Callable[[], Any],
    *,
    limit: int | None,
    total: int | None = None,
    project: str | None = None,
) -> int:
    """Runs trials until the sweep is through, and gives their number.

    At most `limit` of them, and none once the sweep has `total` that are done or running. Raises `SweepError`.
    """
    if checked.method == "bayes":
        search.require_optuna()
    trials = failures = 0
    for trial in chosen(registry, checked, limit=limit, total=total, project=project):
        trial.config["sweep"] = checked.declaration(registry.sweep)
        error = _run(registry, trial, function)
        trials += 1
        failures = failures + 1 if error else 0
        if error and failures >= MAX_FAILURES_IN_A_ROW:
            raise SweepError(f"sweep {registry.sweep}: {failures} trials in a row failed") from error
    logger.info("%s: %s: this agent ran %d trials", tag, registry.sweep, trials)
    return trials


def chosen(
    registry: Registry,
    checked: schema.SweepConfig,
    *,
    limit: int | None = None,
    total: int | None = None,
    project: str | None = None,
    run_id: Callable[[], str] | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[Trial]:
    """Trials nobody has tried, each claimed for this process: the caller runs it and notes its end in the registry.

    `run_id` makes the ids that their runs are to have. Waits, by `wait`, while the sweep is paused, or where a
    controller has nothing to try yet; ends when the sweep does.
    """
    since = time.time()
    trials = 0

    def choose(tried: Sequence[Tried], number: int) -> Point | None:
        if total is not None and sum(trial.state in (COMPLETED, STOPPED, RUNNING) for trial in tried) >= total:
            return None
        return search.next_point(checked, registry.sweep, tried, number, since)

    while limit is None or trials < limit:
        state = registry.state
        if state in (STOPPED, CANCELLED):
            return
        run = None if run_id is None else run_id()
        claimed: tuple[int, Any] | None = None
        if state == RUNNING:
            claimed = registry.claim_queued(run) if checked.controlled else registry.claim(choose, run)
        if claimed is None and (checked.controlled or state == PAUSED):
            wait(_WAIT_S)
            continue
        if claimed is None or claimed[1] is None:
            return
        number, found = claimed
        values = found if checked.controlled else checked.space.config(found)
        trial = make_trial(registry, checked, number, values, project)
        trial.run = run
        trials += 1
        yield trial


def _run(registry: Registry, trial: Trial, function: Callable[[], Any]) -> Exception | None:
    """Runs one trial; gives the exception that failed it. What is no Exception (Ctrl-C) ends the agent."""
    state = FAILED
    error: Exception | None = None
    try:
        with running(trial):
            function()
        state = STOPPED if trial.stopped else COMPLETED
    except TrialStopped:
        state = STOPPED
    except SystemExit as left:
        if left.code in (None, 0):
            state = COMPLETED
        else:
            error = RuntimeError(f"the function left with exit code {left.code!r}")
    except Exception as raised:  # noqa: BLE001  whatever a training function raises fails its trial and no other
        error = raised
    finally:
        for op in trial.runs:
            op.finish(_EXIT_CODES[state])
        registry.end(trial.number, state, trial.last)
    if error is not None:
        logger.error(
            "%s: %s: trial %d failed: %s: %s",
            tag,
            registry.sweep,
            trial.number,
            type(error).__name__,
            error,
            exc_info=error,
        )
    elif trial.metric is not None and trial.last is None:
        logger.warning("%s: %s: trial %d logged no %r", tag, registry.sweep, trial.number, trial.metric)
    return error
