"""A run of the logging client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.neptune_scale.api import opening
from pluto.compat.neptune_scale.api.validation import verify_step, verify_type, verify_value_between
from pluto.compat.neptune_scale.sync.parameters import MAX_STEP_VALUE
from pluto.compat.neptune_scale.util.generate_run_id import generate_run_id

if TYPE_CHECKING:
    from pluto.compat.neptune_scale.sync.opened import OpenRun
    from pluto.compat.neptune_scale.types import File, Histogram

__all__ = ["Run", "SourceTrackingConfig"]

Config = float | bool | int | str | datetime | list[Any] | set[Any] | tuple[Any, ...]
Tags = list[str] | set[str] | tuple[str, ...]
Callback = Callable[[BaseException, float | None], None]


@dataclass
class SourceTrackingConfig:
    """What is logged about the code of a run that lies in a git repository: always the commit, branch and remotes.

    Args:
        namespace: Path under which it is logged.
        repository: Folder of the repository, or one in it; the current folder when not given.
        upload_run_command: The command line, without what looks like a secret.
        upload_entry_point: The file of the main script.
        upload_diff_head: What has changed since the commit.
        upload_diff_upstream: What has changed since the branch that is tracked.
    """

    namespace: str = "source_code"
    repository: Path | None = None
    upload_run_command: bool = True
    upload_entry_point: bool = False
    upload_diff_head: bool = False
    upload_diff_upstream: bool = False


class Run(AbstractContextManager["Run"]):
    """A run: what is logged to it is on disk when the call returns, and delivered in the background.

    After `close`, and in `mode="disabled"`, calls do nothing. Nothing raises for a network or disk that fails; what is
    wrong with a single value is a warning, or `NeptuneUnableToLogData` where `NEPTUNE_LOG_FAILURE_ACTION=raise`.
    """

    def __init__(
        self,
        *,
        run_id: str | None = None,
        project: str | None = None,
        api_token: str | None = None,
        mode: Literal["async", "offline", "disabled"] | None = None,
        experiment_name: str | None = None,
        creation_time: datetime | None = None,
        fork_run_id: str | None = None,
        fork_step: int | float | None = None,
        log_directory: str | Path | None = None,
        max_queue_size: int | None = None,
        async_lag_threshold: float | None = None,
        on_async_lag_callback: Callable[[], None] | None = None,
        on_queue_full_callback: Callback | None = None,
        on_network_error_callback: Callback | None = None,
        on_error_callback: Callback | None = None,
        on_warning_callback: Callback | None = None,
        enable_console_log_capture: bool = True,
        runtime_namespace: str | None = None,
        source_tracking_config: SourceTrackingConfig | None = SourceTrackingConfig(),  # noqa: B008  never changed
        inherit_configs: bool = True,
        **kwargs: Any,
    ) -> None:
        """Opens a run: a new one, or one of this `run_id`, which goes on.

        Args:
            run_id: Identity of the run within the project, up to 730 bytes, without a slash; several processes that
                name the same one write one run. Its first point waits a second at most to know whether the run was
                there before. Made up when not given.
            project: `workspace/project`, else the variable `NEPTUNE_PROJECT`, else Pluto's default project.
            api_token: Accepted, and selects nothing: Pluto's settings say where runs go (`pluto login`, `PLUTO_HOST`,
                …), and with nothing configured they stay in the local store.
            mode: "async" delivers while the run goes on, "offline" keeps it until `pluto neptune sync`, "disabled"
                checks arguments and keeps nothing. Else the variable `NEPTUNE_MODE`, else async.
            experiment_name: Makes the run the head of this experiment.
            creation_time: When it began, if not now; local time where it names no time zone.
            fork_run_id: Id of the run it starts from.
            fork_step: The step it starts from; its own points come behind.
            log_directory: Folder of the folders that tell where a run is kept, else the variable
                `NEPTUNE_LOG_DIRECTORY`, else `.neptune`. Offline runs are kept in it.
            max_queue_size: Has no effect any more.
            async_lag_threshold: Seconds that delivery may be behind.
            on_async_lag_callback: Called once when it is further behind, and again after it had caught up.
            on_queue_full_callback: Never called: there is no queue that can be full.
            on_network_error_callback: Called when delivery is not getting on, with the error and when it came last.
            on_error_callback: The same for values that were not kept, and other errors.
            on_warning_callback: The same for what is only worth a warning. Without a callback it is logged.
            enable_console_log_capture: Record what the process prints.
            runtime_namespace: Where that is read, instead of `runtime`.
            source_tracking_config: What to log about the code; None: nothing.
            inherit_configs: Whether a fork starts with its parent's configs.
            **kwargs: `system_namespace` is an old name of `runtime_namespace`, `resume` has no effect any more.

        Raises `TypeError` and `ValueError` for arguments that make no sense.
        """
        given = opening.Arguments(
            run_id=generate_run_id() if run_id is None else run_id,
            project=project,
            api_token=api_token,
            mode=mode,
            experiment_name=experiment_name,
            creation_time=creation_time,
            fork_run_id=fork_run_id,
            fork_step=fork_step,
            log_directory=log_directory,
            async_lag_threshold=async_lag_threshold,
            on_async_lag_callback=on_async_lag_callback,
            on_queue_full_callback=on_queue_full_callback,
            on_network_error_callback=on_network_error_callback,
            on_error_callback=on_error_callback,
            on_warning_callback=on_warning_callback,
            enable_console_log_capture=enable_console_log_capture,
            runtime_namespace=runtime_namespace,
            shared=run_id is not None,
        )
        given.check()
        given.heed_old_words(max_queue_size, kwargs)
        given.complete()
        self._run_id = given.run_id
        self._fork_step = fork_step
        self._experiment_name = experiment_name
        self._opened: OpenRun | None = opening.opened(given, source_tracking_config, inherit_configs)

    # the end

    def close(self, timeout: float | None = None) -> None:
        """Ends the run and waits until everything is delivered: `timeout` seconds, or as long as delivery gets on.

        What is left then is delivered in the background, also after the process has ended. Harmless when repeated.
        """
        if self._opened is not None:
            self._opened.close(timeout)

    def terminate(self) -> None:
        """Ends the run without waiting. For callbacks: whatever is wrong, the training goes on undisturbed."""
        if self._opened is not None:
            self._opened.close(0)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            self._opened.close(None, opening.status_of(exc_value))

    def wait_for_submission(self, timeout: float | None = None, verbose: bool = True) -> bool:
        """The same as `wait_for_processing`: a Pluto server has processed what it has taken."""
        return self.wait_for_processing(timeout, verbose)

    def wait_for_processing(self, timeout: float | None = None, verbose: bool = True) -> bool:
        """Waits until everything logged so far is stored: `timeout` seconds, or as long as delivery gets on.

        False when it is not, at once for a run that is offline, and on Ctrl-C. With `verbose`, messages say so.
        """
        return self._opened is None or self._opened.wait(timeout, verbose)

    def get_run_url(self) -> str:
        """Where the run can be looked at: its page; of a run in the local store, the store's folder as `file://`."""
        return opening.address(self._opened, self._run_id)

    def get_experiment_url(self) -> str:
        """Where the head of the experiment can be looked at, as `get_run_url`.

        Raises `ValueError` for a run that has no `experiment_name`.
        """
        if self._experiment_name is None:
            raise ValueError("the run has no experiment: pass experiment_name")
        return self.get_run_url()

    # what is logged

    def log_metrics(
        self,
        data: dict[str, float | int],
        step: float | int,
        *,
        timestamp: datetime | None = None,
        preview: bool = False,
        preview_completion: float | None = None,
    ) -> None:
        """Logs numbers as points of series, all at one step.

        Args:
            data: Paths and numbers; what `float` takes is a number.
            step: At least 0, below 1e12, kept to six decimals, and above the last one of each series. A point at or
                below it is told to `on_error_callback` and left out; the same point again only warns.
            timestamp: When; now, when not given. Local time where it names no time zone.
            preview: The values may yet change: a later preview, or the value itself, takes their place.
            preview_completion: How complete they are, 0 to 1.

        Raises `TypeError` and `ValueError` for arguments of the wrong kind, never for single values.
        """
        if (
            timestamp is None
            and preview is False
            and preview_completion is None
            and type(data) is dict
            and (type(step) is int or type(step) is float)
            and 0 <= step < MAX_STEP_VALUE
        ):
            if self._opened is not None and data:
                self._opened.recording.log_floats(data, step)
            return
        verify_type("metrics", data, dict)
        self._log({"metrics": data}, step, timestamp, _completion(preview, preview_completion))

    def log_configs(
        self,
        data: Mapping[str, Config] | Any | None,
        flatten: bool = False,
        cast_unsupported: bool = False,
    ) -> None:
        """Logs single values, such as hyperparameters; they take the place of those that were there.

        Args:
            data: Paths and values, or an instance of a dataclass. Values are float, bool, int, str, datetime, or a
                list, set or tuple of str, which becomes a set. None does nothing.
            flatten: Join the keys of nested mappings and dataclasses with `/`.
            cast_unsupported: Log other values as text, None as an empty one.

        Raises `TypeError` for `data` that is no mapping.
        """
        if data is None:
            return
        if is_dataclass(data):
            data = dataclasses.asdict(data)  # type: ignore[arg-type]
        elif not isinstance(data, Mapping):
            raise TypeError(f"configs are a mapping or a dataclass, not {type(data).__name__}")
        if flatten:
            data = _flattened(data)
        if cast_unsupported:
            data = {key: _cast(value) for key, value in data.items()}
        self._log({"configs": data})

    def log_string_series(self, data: dict[str, str], step: float | int, *, timestamp: datetime | None = None) -> None:
        """Logs texts of up to 1 MiB as points of series, all at one step; the rest as in `log_metrics`."""
        if data is not None:
            verify_step("step", step)
        self._log({"string_series": data}, step, timestamp)

    def log_histograms(
        self, histograms: dict[str, Histogram], step: float | int, *, timestamp: datetime | None = None
    ) -> None:
        """Logs `types.Histogram` as points of series, all at one step, as in `log_metrics`."""
        if histograms is not None:
            verify_step("step", step)
        self._log({"histograms": histograms}, step, timestamp)

    def add_tags(self, tags: Tags, group_tags: bool = False) -> None:
        """Adds tags, or group tags."""
        self._log({"tags_add": {"sys/group_tags" if group_tags else "sys/tags": tags}})

    def remove_tags(self, tags: Tags, group_tags: bool = False) -> None:
        """Removes tags, or group tags; those the run has not are no error."""
        self._log({"tags_remove": {"sys/group_tags" if group_tags else "sys/tags": tags}})

    def assign_files(self, files: dict[str, str | Path | bytes | File]) -> None:
        """Keeps files, each in the place of the one that was there.

        A value is a path, the content as bytes, or a `types.File`. A file is taken as it is now, however it changes
        later; one that can't be read is left out with a warning.
        """
        self._log({"files": files})

    def log_files(
        self,
        files: dict[str, str | Path | bytes | File],
        step: float | int,
        *,
        timestamp: datetime | None = None,
    ) -> None:
        """Logs files as points of series, all at one step: values as in `assign_files`, else as in `log_metrics`."""
        if files is not None:
            verify_step("step", step)
        self._log({"file_series": files}, step, timestamp)

    def log(
        self,
        step: float | int | None = None,
        timestamp: datetime | None = None,
        configs: dict[str, Config] | None = None,
        metrics: dict[str, float | int] | None = None,
        tags_add: dict[str, Tags] | None = None,
        tags_remove: dict[str, Tags] | None = None,
    ) -> None:
        """Several kinds in one call, the older form. Metrics without a `step` go on behind the last one of each."""
        self._log(
            {"configs": configs, "metrics": metrics, "tags_add": tags_add, "tags_remove": tags_remove}, step, timestamp
        )

    def _log(
        self,
        given: dict[str, Any],
        step: float | int | None = None,
        timestamp: datetime | None = None,
        preview: float | None = None,
    ) -> None:
        verify_type("timestamp", timestamp, (datetime, type(None)))
        for what, data in given.items():
            verify_type(what, data, (dict, type(None)))
        if given.get("metrics") is not None:
            verify_step("step", step, optional=True)
        if self._opened is not None:
            self._opened.recording.log(given, step, timestamp, preview)


def _completion(preview: bool, completion: float | None) -> float | None:
    """How complete a preview is; None for what is none."""
    verify_type("preview", preview, bool)
    verify_type("preview_completion", completion, (float, type(None)))
    if not preview:
        if completion not in (None, 1.0):
            raise ValueError("preview_completion is for previews: pass preview=True with it")
        return None
    if completion is None:
        return 0.0
    verify_value_between("preview_completion", completion, 0.0, 1.0)
    return completion


def _flattened(data: Any, prefix: str = "") -> dict[str, Any]:
    found = {}
    for key, value in data.items():
        name = f"{prefix}{key}"
        inner = dataclasses.asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        if isinstance(inner, Mapping):
            found.update(_flattened(inner, f"{name}/"))
        else:
            found[name] = value
    return found


def _cast(value: Any) -> Any:
    if isinstance(value, (float, bool, int, str, datetime)):
        return value
    if isinstance(value, (list, set, tuple)) and all(isinstance(item, str) for item in value):
        return value
    return "" if value is None else str(value)
