"""From the arguments of a `Run` to an open run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pluto.compat.neptune_scale.api.validation import (
    verify_max_length,
    verify_non_empty,
    verify_project_qualified_name,
    verify_run_id,
    verify_type,
)
from pluto.compat.neptune_scale.sync.parameters import MAX_EXPERIMENT_NAME_LENGTH
from pluto.compat.neptune_scale.util.envs import MODE_ENV_NAME, PROJECT_ENV_NAME
from pluto.compat.neptune_scale.util.logger import get_logger

if TYPE_CHECKING:
    from pluto.compat.neptune_scale.api.run import SourceTrackingConfig
    from pluto.compat.neptune_scale.sync.opened import OpenRun

_CALLBACKS: Final = ("on_network_error_callback", "on_error_callback", "on_warning_callback")
_OLD_WORDS: Final = {"system_namespace", "resume"}
_MODES: Final[dict[str, Literal["online", "offline", "disabled"]]] = {
    "async": "online", "offline": "offline", "disabled": "disabled",
}  # fmt: skip


@dataclass
class Arguments:
    """What a `Run` is made with."""

    run_id: str
    project: str | None
    api_token: str | None
    mode: str | None
    experiment_name: str | None
    creation_time: datetime | None
    fork_run_id: str | None
    fork_step: int | float | None
    log_directory: str | Path | None
    async_lag_threshold: float | None
    on_async_lag_callback: Callable[[], None] | None
    on_queue_full_callback: Any
    on_network_error_callback: Any
    on_error_callback: Any
    on_warning_callback: Any
    enable_console_log_capture: bool
    runtime_namespace: str | None
    shared: bool
    """Whether the script named the `run_id`, and others may name it, too."""

    def check(self) -> None:
        """Raises `TypeError` and `ValueError` for arguments that make no sense."""
        optional = type(None)
        verify_type("run_id", self.run_id, str)
        for name in ("project", "api_token", "experiment_name", "fork_run_id", "runtime_namespace"):
            verify_type(name, getattr(self, name), (str, optional))
        verify_type("creation_time", self.creation_time, (datetime, optional))
        verify_type("fork_step", self.fork_step, (int, float, optional))
        verify_type("log_directory", self.log_directory, (str, Path, optional))
        verify_type("async_lag_threshold", self.async_lag_threshold, (int, float, optional))
        for name in ("on_async_lag_callback", "on_queue_full_callback", *_CALLBACKS):
            verify_type(name, getattr(self, name), (Callable, optional))
        verify_type("enable_console_log_capture", self.enable_console_log_capture, bool)
        if (self.fork_run_id is None) != (self.fork_step is None):
            raise ValueError("fork_run_id and fork_step go together")
        if (self.on_async_lag_callback is None) != (self.async_lag_threshold is None):
            raise ValueError("on_async_lag_callback and async_lag_threshold go together")

    def heed_old_words(self, max_queue_size: Any, others: dict[str, Any]) -> None:
        """Says what has become of arguments of earlier versions."""
        old = others.get("system_namespace")
        if old is not None:
            get_logger().warning("`system_namespace` is deprecated: `runtime_namespace` says the same")
            verify_type("system_namespace", old, str)
            self.runtime_namespace = old if self.runtime_namespace is None else self.runtime_namespace
        if others.get("resume") is not None:
            get_logger().warning("`resume` is deprecated: a run of this `run_id` that exists goes on")
        if max_queue_size is not None:
            get_logger().warning("`max_queue_size` is deprecated: there is no queue that can be full")
        for unknown in others.keys() - _OLD_WORDS:
            get_logger().warning("`%s` is no argument of a Run, and has no effect", unknown)

    def complete(self) -> None:
        """Fills in what the environment says. Raises `ValueError` for names that can't be."""
        self.project = self.project or os.environ.get(PROJECT_ENV_NAME) or None
        if self.project is not None:
            verify_project_qualified_name("project", self.project)
        self.mode = self.mode or os.environ.get(MODE_ENV_NAME) or None
        if self.mode is not None and self.mode not in _MODES:
            get_logger().warning("mode is one of %s; %r keeps nothing", ", ".join(_MODES), self.mode)
            self.mode = "disabled"
        verify_run_id("run_id", self.run_id)
        if self.experiment_name is not None:
            verify_non_empty("experiment_name", self.experiment_name)
            verify_max_length("experiment_name", self.experiment_name, MAX_EXPERIMENT_NAME_LENGTH)
        if self.fork_run_id is not None:
            verify_run_id("fork_run_id", self.fork_run_id)


def opened(given: Arguments, tracking: SourceTrackingConfig | None, inherit_configs: bool) -> OpenRun | None:
    """The run, open; None for one that keeps nothing."""
    if given.mode == "disabled":
        return None
    from pluto.compat.attributes import Capture, open_run
    from pluto.compat.neptune_scale.sync.folder import base_of, offline_root
    from pluto.compat.neptune_scale.sync.lag_tracking import LagTracker
    from pluto.compat.neptune_scale.sync.opened import OpenRun
    from pluto.compat.neptune_scale.sync.values import micro
    from pluto.compat.neptune_scale.util import source_tracking

    base = base_of(given.log_directory)
    console = given.enable_console_log_capture
    namespace = (given.runtime_namespace or "").rstrip("/") or "runtime"
    fork_step = None if given.fork_step is None else micro(given.fork_step)
    experiment = given.experiment_name
    root = offline_root(base) if given.mode == "offline" else None
    op = open_run(
        given.project,
        external_id=given.run_id,
        name=experiment or given.run_id,
        named=experiment is not None,
        rename=experiment is not None,
        atoms=None if experiment is None else {"sys/experiment/name": experiment},
        created=given.creation_time,
        fork_of=given.fork_run_id,
        fork_step=fork_step,
        inherit_config=inherit_configs,
        capture=Capture(stdout=console, stderr=console, hardware=False, facts=False, namespace=namespace),
        mode=None if given.mode is None else _MODES[given.mode],
        flat=True,
        settings=None if root is None else {"dir": str(root)},
    )
    if op.settings.mode == "disabled":
        return None
    lag = None
    if given.async_lag_threshold is not None and given.on_async_lag_callback is not None:
        lag = LagTracker(given.async_lag_threshold, given.on_async_lag_callback)
    return OpenRun(
        op,
        given.run_id,
        base,
        shared=given.shared,
        fork_step=fork_step,
        callbacks={name: getattr(given, name) for name in _CALLBACKS},
        lag=lag,
        tracking=None if tracking is None else lambda: source_tracking.tracked(tracking),
    )


def status_of(error: BaseException | None) -> str:
    """What the run is when its `with` block ends so."""
    from pluto.core import shutdown

    return shutdown.COMPLETED if error is None else shutdown.of_exception(error).status


def address(run: OpenRun | None, run_id: str) -> str:
    """Where a run can be looked at."""
    from pluto.compat.neptune_scale.sync import history
    from pluto.core.settings import resolve

    if run is not None:
        return history.address(run.op, run_id)
    settings = resolve()
    return history.place(settings, settings.project, run_id)
