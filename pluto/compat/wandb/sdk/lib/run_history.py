"""What a run logs: rows, the summary, lines of text. The part of `Run` about values over time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.definitions import Path, kinds
from pluto.compat.wandb.sdk.lib.older import older
from pluto.compat.wandb.sdk.lib.row_values import summary_value
from pluto.compat.wandb.sdk.lib.run_about import RunAbout, while_open
from pluto.compat.wandb.sdk.wandb_alerts import AlertLevel
from pluto.compat.wandb.sdk.wandb_metric import Metric
from pluto.compat.wandb.sdk.wandb_summary import Summary
from pluto.core.fork import sqlite_lock
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.rows import Rows

_ALERT_LEVELS = {"INFO": "INFO", "WARN": "WARNING", "ERROR": "ERROR"}
_ALERT_S = 60.0


class RunHistory(RunAbout):
    """Rows, summary, definitions, alerts."""

    _rows: Rows
    _alerts: dict[str, float]
    _is_attached: bool
    """When an alert of each title was last sent."""
    summary: Summary
    _trial: Any = None
    """The trial of a sweep that the run belongs to: hears what is logged, and may end it."""

    @property
    def step(self) -> int:
        """The number of the row that is open, or comes next."""
        return self._rows.number

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        *,
        sync: bool | None = None,
    ) -> None:
        """Adds values to a row; on disk when it returns.

        Without `step` the row is finished, unless `commit` is False, and the next one gets the next number. With a
        `step` the row of that number is the open one from now on, and stays open, unless `commit` is True; one that is
        over takes nothing more: a warning says so. Dicts in it are taken apart, with dots between their names.

        Raises `TypeError` for what is no mapping, has names that are no texts, or holds what has no JSON form: nothing
        of it is logged then. Raises `UsageError` once the run is finished. `sync` is of older releases.
        """
        if sync is not None:
            older("log(sync=…)", "leave it away: what is logged is on disk when log() returns")
        if self._is_finished:
            self._refuse_if_finished("log")
        if step is not None and (self._settings.mode == "shared" or self._is_attached):
            step = self._doubtful(step)
        self._rows.log(data, step, commit)
        if self._trial is not None:
            self._trial.heard_row(data)

    def _doubtful(self, step: int) -> int | None:
        """A step named where several processes write the run; None where it can't count."""
        if self._settings.mode == "shared":
            termwarn(
                "In shared mode, the use of `wandb.log` with the step argument is not supported and will be ignored."
                " Use define_metric to log your step as a metric.",
                repeat=False,
            )
            return None
        termwarn(
            "Note that setting step in multiprocessing can result in data loss. Use define_metric to log your step"
            " values.",
            repeat=False,
        )
        self._rows.relative = False
        return step

    @while_open
    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        overwrite: bool | None = None,
        *,
        goal: str | None = None,
    ) -> Metric:
        """Says what counts a metric's steps, and what the summary has of it.

        `name` is a metric, or a beginning and `*`. `summary` is of `min`, `max`, `mean`, `last`, `first`, `none`,
        separated by commas. With `step_sync`, which is on where there is a `step_metric`, rows that lack the step
        metric get its last value. What was said before stays, unless `overwrite`. `goal` ("minimize" or "maximize") is
        of older releases: what `summary="best"` looks for.

        Raises `Error` for what makes no sense.
        """
        if not name:
            raise Error("define_metric() requires non-empty name argument")
        if isinstance(step_metric, Metric):
            step_metric = step_metric.name
        for said, value, kind in (
            ("name", name, str), ("step_metric", step_metric, str), ("step_sync", step_sync, bool),
            ("hidden", hidden, bool), ("summary", summary, str), ("overwrite", overwrite, bool), ("goal", goal, str),
        ):  # fmt: skip
            if value is not None and not isinstance(value, kind):
                raise Error(f"Unhandled define_metric() arg: {said} type: {type(value).__name__}")
        if "*" in name.removesuffix("*"):
            raise Error(f"Unhandled define_metric() arg: name (glob suffixes only): {name}")
        if goal is not None and goal[:3].lower() not in ("min", "max"):
            raise Error(f"Unhandled define_metric() arg: goal: {goal}")
        asked = kinds(summary) if summary else None
        if asked and ("best" in asked or "copy" in asked):
            termwarn("define_metric: summary='best' and 'copy' are of older releases; use 'min' or 'max'", repeat=False)
        metric = Metric(name, step_metric, step_sync, hidden, asked, overwrite)
        if goal is not None:
            metric._goal = "maximize" if goal[:3].lower() == "max" else "minimize"
        metric._set_callback(self._define)
        metric._commit()
        return metric

    def _define(self, metric: Metric) -> None:
        definition = self._rows.define(metric)
        self._set_config_wandb(("m", metric.name), definition.as_config())

    @while_open
    def watch(
        self,
        models: Any,
        criterion: Any = None,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> Any:
        """Logs gradients and parameters of torch modules as histograms, every `log_freq` batches, and their graph.

        Raises `ValueError` for another `log`, `TypeError` for what is no torch module.
        """
        from pluto.compat.wandb.sdk.wandb_watch import _watch

        return _watch(self, models, criterion, log, log_freq, idx, log_graph)

    def unwatch(self, models: Any = None) -> None:
        """Takes the hooks out of these modules, or of all."""
        from pluto.compat.wandb.sdk.wandb_watch import _unwatch

        _unwatch(self, models)

    @while_open
    def alert(
        self,
        title: str,
        text: str,
        level: str | AlertLevel | None = None,
        wait_duration: int | float | timedelta | None = None,
    ) -> None:
        """Sends a message to people. `level` is INFO, WARN or ERROR.

        One of the same title is dropped where `wait_duration` (a minute; seconds, or a timedelta) has not passed yet.
        Raises `ValueError` for another level and `TypeError` for another duration.
        """
        word = level.value if isinstance(level, AlertLevel) else level or "INFO"
        if word not in _ALERT_LEVELS:
            raise ValueError("level must be one of 'INFO', 'WARN', or 'ERROR'")
        wait: Any = wait_duration or _ALERT_S
        if isinstance(wait, timedelta) or callable(getattr(wait, "total_seconds", None)):
            wait = wait.total_seconds()
        if not isinstance(wait, (int, float)):
            raise TypeError("wait_duration must be an int, float, or datetime.timedelta")
        now = time.monotonic()
        if title in self._alerts and now - self._alerts[title] < wait:
            return
        self._alerts[title] = now
        self._op.write(records.Alert(time.time_ns() // 1000, _ALERT_LEVELS[word], str(title), str(text)))

    def write_logs(self, text: str) -> None:
        """Adds lines to what the process has printed, on its page. Does nothing once the run is finished."""
        if not self._is_finished:
            self._op.print("INFO", text.removesuffix("\n").split("\n"), time.time_ns() // 1000)

    # the summary

    def _current_summary(self) -> dict[str, Any]:
        """The summary as it is now."""
        if self._is_finished:
            termwarn("Summary data not available in finished run")
            return {}
        with sqlite_lock():
            return self._rows.tally.tree()

    def _change_summary(self, values: dict[Path, Any], gone: list[Path]) -> None:
        self._refuse_if_finished("_summary_update_callback")
        named = {tuple(map(str, path)): value for path, value in values.items()}
        ready = {path: summary_value(".".join(path), value, self) for path, value in named.items()}
        with sqlite_lock():
            for path, value in ready.items():
                self._rows.tally.assign(path, value)
            for path in gone:
                self._rows.tally.delete(path)
            self._keep_summary(ready, gone, self._rows.number)
