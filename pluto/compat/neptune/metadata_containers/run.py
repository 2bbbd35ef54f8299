"""A run."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.attributes.constants import (
    SYSTEM_DESCRIPTION_ATTRIBUTE_PATH,
    SYSTEM_FAILED_ATTRIBUTE_PATH,
    SYSTEM_HOSTNAME_ATTRIBUTE_PATH,
    SYSTEM_NAME_ATTRIBUTE_PATH,
    SYSTEM_TAGS_ATTRIBUTE_PATH,
)
from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.envs import CONNECTION_MODE, CUSTOM_RUN_ID_ENV_NAME, MONITORING_NAMESPACE
from pluto.compat.neptune.exceptions import (
    InactiveRunException,
    NeedExistingRunForReadOnlyMode,
    NeptunePossibleLegacyUsageException,
    NeptuneRunResumeAndCustomIdCollision,
    RunNotFound,
)
from pluto.compat.neptune.internal import source_code
from pluto.compat.neptune.internal.backends.opening import Opening, open_backend
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.init.parameters import (
    ASYNC_LAG_THRESHOLD,
    ASYNC_NO_PROGRESS_THRESHOLD,
    DEFAULT_FLUSH_PERIOD,
    DEFAULT_NAME,
    OFFLINE_PROJECT_QUALIFIED_NAME,
)
from pluto.compat.neptune.internal.state import ContainerState
from pluto.compat.neptune.internal.uncaught_exceptions import uncaught
from pluto.compat.neptune.internal.utils import verify_collection_type, verify_type
from pluto.compat.neptune.internal.utils.hashing import generate_hash
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.internal.utils.runningmode import in_interactive, in_notebook
from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
from pluto.compat.neptune.types.atoms.git_ref import GitRef, GitRefDisabled
from pluto.compat.neptune.types.mode import Mode

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import Backend
    from pluto.compat.neptune.internal.monitoring import Monitoring
    from pluto.compat.neptune.metadata_containers.abstract import NeptuneObjectCallback

__all__ = ["Run"]

_CUSTOM_ID_CHARS = 36


class Run(MetadataContainer):
    """A run: a new one, or one that is there.

    Args:
        with_id: Short id of a run that is there, as `CLS-12`; `sys/id` has it. Raises `RunNotFound`.
        project: The project, as `workspace/name`; else `NEPTUNE_PROJECT`; else Pluto's default project.
        api_token: Accepted and not used: where runs go is up to Pluto's settings.
        custom_run_id: A text of up to 36 characters; who names the same one writes the same run. Else
            `NEPTUNE_CUSTOM_RUN_ID`.
        mode: `async`, `sync`, `offline`, `read-only` or `debug`; else `NEPTUNE_MODE`; else `async`.
        name: Name of the run; one is made up.
        description: A text about it.
        tags: A tag or several, added.
        source_files: Files of the code to keep, as paths and patterns; None: the main script, []: none.
        capture_stdout: Record what is printed; None: not at a prompt or in a notebook.
        capture_stderr: The same of stderr.
        capture_hardware_metrics: Record how busy the machine is; None likewise.
        fail_on_exception: Mark the run as failed when an exception ends the program or its `with` block.
        monitoring_namespace: Where the above is found; else `NEPTUNE_MONITORING_NAMESPACE`; else a path made of host,
            process and thread.
        flush_period: Accepted: everything is on disk when the call returns.
        proxies: Proxies by scheme, for a server.
        capture_traceback: Record the traceback of such an exception.
        git_ref: The repository of the code: None and True find it, False records none.
        dependencies: `infer`, or a file that lists the packages needed.
        async_lag_callback: Called with the run when something has waited `async_lag_threshold` seconds for delivery.
        async_lag_threshold: Those seconds.
        async_no_progress_callback: Called with the run when nothing was delivered for `async_no_progress_threshold`
            seconds though something waits.
        async_no_progress_threshold: Those seconds.

    Raises `TypeError` and `ValueError` for parameters that make no sense.
    """

    container_type = ContainerType.RUN

    LEGACY_METHODS = (
        "create_experiment",
        "send_metric",
        "log_metric",
        "send_text",
        "log_text",
        "send_image",
        "log_image",
        "send_artifact",
        "log_artifact",
        "delete_artifacts",
        "download_artifact",
        "download_sources",
        "download_artifacts",
        "reset_log",
        "get_parameters",
        "get_properties",
        "set_property",
        "remove_property",
        "get_hardware_utilization",
        "get_numeric_channels_values",
    )

    def __init__(
        self,
        with_id: str | None = None,
        *,
        project: str | None = None,
        api_token: str | None = None,
        custom_run_id: str | None = None,
        mode: Literal["async", "sync", "offline", "read-only", "debug"] | None = None,
        name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | str | None = None,
        source_files: Iterable[str] | str | None = None,
        capture_stdout: bool | None = None,
        capture_stderr: bool | None = None,
        capture_hardware_metrics: bool | None = None,
        fail_on_exception: bool = True,
        monitoring_namespace: str | None = None,
        flush_period: float = DEFAULT_FLUSH_PERIOD,
        proxies: dict[str, str] | None = None,
        capture_traceback: bool = True,
        git_ref: GitRef | GitRefDisabled | bool | None = None,
        dependencies: str | os.PathLike[str] | None = None,
        async_lag_callback: NeptuneObjectCallback | None = None,
        async_lag_threshold: float = ASYNC_LAG_THRESHOLD,
        async_no_progress_callback: NeptuneObjectCallback | None = None,
        async_no_progress_threshold: float = ASYNC_NO_PROGRESS_THRESHOLD,
        **kwargs: Any,
    ) -> None:
        from platform import node

        _verify_known(kwargs)
        for parameter, value in {
            "with_id": with_id, "project": project, "custom_run_id": custom_run_id, "mode": mode, "name": name,
            "description": description, "monitoring_namespace": monitoring_namespace,
        }.items():  # fmt: skip
            verify_type(parameter, value, (str, type(None)))
        for parameter, flag in {
            "capture_stdout": capture_stdout, "capture_stderr": capture_stderr,
            "capture_hardware_metrics": capture_hardware_metrics,
        }.items():  # fmt: skip
            verify_type(parameter, flag, (bool, type(None)))
        verify_type("fail_on_exception", fail_on_exception, bool)
        verify_type("capture_traceback", capture_traceback, bool)
        verify_type("git_ref", git_ref, (GitRef, str, bool, type(None)))
        verify_type("dependencies", dependencies, (str, os.PathLike, type(None)))
        chosen = Mode(mode or os.environ.get(CONNECTION_MODE) or Mode.ASYNC.value)
        self._with_id = with_id
        self._custom_run_id = _custom_id(custom_run_id)
        self._name = name
        self._description = description
        self._tags = _texts("tags", tags)
        self._source_files = _texts("source_files", source_files)
        self._fail_on_exception = fail_on_exception
        self._capture_traceback = capture_traceback
        self._git_ref = _repository(git_ref)
        self._dependencies = dependencies
        self._hostname, self._pid, self._tid = node(), os.getpid(), threading.get_ident()
        self._monitoring_namespace = (
            monitoring_namespace
            or os.environ.get(MONITORING_NAMESPACE)
            or f"monitoring/{generate_hash(self._hostname, self._pid, self._tid, length=8)}"
        )
        given = (capture_stdout, capture_stderr, capture_hardware_metrics)
        usual = None not in given or _not_at_a_prompt(chosen)
        self._capture_stdout, self._capture_stderr, self._capture_hardware_metrics = (
            usual if flag is None else flag for flag in given
        )
        self._monitoring: Monitoring | None = None
        if with_id and custom_run_id:
            raise NeptuneRunResumeAndCustomIdCollision
        super().__init__(
            project=project,
            api_token=api_token,
            mode=chosen,
            flush_period=flush_period,
            proxies=proxies,
            async_lag_callback=async_lag_callback,
            async_lag_threshold=async_lag_threshold,
            async_no_progress_callback=async_no_progress_callback,
            async_no_progress_threshold=async_no_progress_threshold,
        )

    def _open(self, project: str | None, proxies: dict[str, str] | None) -> Backend:
        if self._mode is Mode.DEBUG and self._with_id:
            raise RunNotFound(f"{OFFLINE_PROJECT_QUALIFIED_NAME}/{self._with_id}")
        if self._mode is Mode.READ_ONLY and not self._with_id:
            raise NeedExistingRunForReadOnlyMode
        return open_backend(
            Opening(
                mode=self._mode,
                type=self.container_type,
                project=project,
                display_id=self._with_id,
                external_id=None if self._with_id else self._custom_run_id,
                name=self._name,
                notes=self._description,
                tags=self._tags or (),
                namespace=self._monitoring_namespace,
                stdout=self._capture_stdout,
                stderr=self._capture_stderr,
                hardware=self._capture_hardware_metrics,
                proxies=proxies,
            )
        )

    def _write_initial_attributes(self) -> None:
        new = self._backend.new
        if self._mode is Mode.DEBUG:
            self[SYSTEM_NAME_ATTRIBUTE_PATH] = DEFAULT_NAME if self._name is None else self._name
            self[SYSTEM_DESCRIPTION_ATTRIBUTE_PATH] = self._description or ""
            self[SYSTEM_TAGS_ATTRIBUTE_PATH].add(self._tags or [])
        if any((self._capture_stdout, self._capture_stderr, self._capture_traceback, self._capture_hardware_metrics)):
            self._write_place(new)
        for captured, stream in ((self._capture_stdout, "stdout"), (self._capture_stderr, "stderr")):
            if captured:
                self._write_empty(f"{self._monitoring_namespace}/{stream}", AttributeKind.STRING_SERIES)
        if new or self._source_files is not None:
            source_code.record_source_files(self, self._source_files)
        source_code.record_dependencies(self, self._dependencies)
        self._observe()
        if self._git_ref is not None:
            source_code.record_repository(self, self._git_ref, new=new and self._mode is not Mode.DEBUG)

    def _write_place(self, new: bool) -> None:
        namespace = self._monitoring_namespace
        if self._hostname:
            self[f"{namespace}/hostname"] = self._hostname
            if new:
                self[SYSTEM_HOSTNAME_ATTRIBUTE_PATH] = self._hostname
        self[f"{namespace}/pid"] = str(self._pid)
        self[f"{namespace}/tid"] = str(self._tid)

    def _write_empty(self, path: str, kind: AttributeKind) -> None:
        """Makes a series without points, unless it is there."""
        if not self.exists(path):
            self._define_of(path, kind)
            self._backend.perform(lambda fields: fields.declare(path, kind))

    def _observe(self) -> None:
        """Begins what the engine does not do by itself."""
        if self._capture_traceback:
            uncaught.register(id(self), self._record_traceback)
        if self._mode is Mode.DEBUG:
            from pluto.compat.neptune.internal.monitoring import Monitoring

            self._monitoring = Monitoring(
                self,
                self._backend,
                stdout=self._capture_stdout,
                stderr=self._capture_stderr,
                hardware=self._capture_hardware_metrics,
            )

    def _record_traceback(self, lines: list[str]) -> None:
        self[f"{self._monitoring_namespace}/traceback"].log(lines)
        if self._fail_on_exception:
            self[SYSTEM_FAILED_ATTRIBUTE_PATH] = True

    def _stop_watching(self) -> None:
        super()._stop_watching()
        uncaught.unregister(id(self))
        if self._monitoring is not None:
            self._monitoring.stop()

    def forked(self) -> None:
        """In a forked child: nothing of the parent's is watched."""
        super().forked()
        if self._monitoring is not None:
            self._monitoring.forget()

    @property
    def monitoring_namespace(self) -> str:
        """The path under which console, hardware and traceback are found."""
        return self._monitoring_namespace

    def _raise_if_stopped(self) -> None:
        if self._state is ContainerState.STOPPED:
            raise InactiveRunException(self._backend.label)

    def get_url(self) -> str:
        """Where to look at the run."""
        return self._backend.url()


def _verify_known(unknown: dict[str, Any]) -> None:
    if "project_qualified_name" in unknown or "backend" in unknown:
        raise NeptunePossibleLegacyUsageException
    for name in unknown:
        raise TypeError(f"Run() got an unexpected keyword argument '{name}'")


def _texts(name: str, given: Iterable[str] | str | None) -> list[str] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return [given]
    verify_collection_type(name, given, str)
    return list(given)


def _custom_id(given: str | None) -> str | None:
    found = given or os.environ.get(CUSTOM_RUN_ID_ENV_NAME) or None
    if found is not None and len(found) > _CUSTOM_ID_CHARS:
        get_logger().warning("custom_run_id has more than %d characters, and is ignored", _CUSTOM_ID_CHARS)
        return None
    return found


def _repository(given: GitRef | GitRefDisabled | bool | None) -> GitRef | None:
    """The repository to record, or None. A text that is not `GitRef.DISABLED` is a path."""
    if given is False or given == GitRef.DISABLED:
        return None
    if isinstance(given, GitRef):
        return given
    return GitRef(Path(given)) if isinstance(given, str) and given else GitRef()


def _not_at_a_prompt(mode: Mode) -> bool:
    if not (in_interactive() or in_notebook()):
        return True
    if mode in (Mode.OFFLINE, Mode.SYNC, Mode.ASYNC):
        warn_once(
            "at a prompt and in notebooks console, hardware and traceback are not recorded unless capture_stdout,"
            " capture_stderr, capture_hardware_metrics and capture_traceback ask for it",
            exception=NeptuneWarning,
        )
    return False
