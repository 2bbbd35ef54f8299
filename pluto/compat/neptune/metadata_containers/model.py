"""A model."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from pluto.compat.neptune.attributes.constants import SYSTEM_NAME_ATTRIBUTE_PATH
from pluto.compat.neptune.envs import CONNECTION_MODE
from pluto.compat.neptune.exceptions import (
    InactiveModelException,
    ModelNotFound,
    NeedExistingModelForReadOnlyMode,
    NeptuneException,
    NeptuneMissingRequiredInitParameter,
    NeptuneModelKeyAlreadyExistsError,
    NeptuneObjectCreationConflict,
)
from pluto.compat.neptune.internal.backends.opening import Opening, open_backend
from pluto.compat.neptune.internal.backends.registry import model_id
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.deprecation import model_registry
from pluto.compat.neptune.internal.init.parameters import (
    ASYNC_LAG_THRESHOLD,
    ASYNC_NO_PROGRESS_THRESHOLD,
    DEFAULT_FLUSH_PERIOD,
    DEFAULT_NAME,
    OFFLINE_PROJECT_QUALIFIED_NAME,
)
from pluto.compat.neptune.internal.state import ContainerState
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
from pluto.compat.neptune.types.mode import Mode

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import Backend
    from pluto.compat.neptune.metadata_containers.abstract import NeptuneObjectCallback
    from pluto.compat.neptune.table import Table
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["Model"]


class Model(MetadataContainer):
    """A model: what its versions have in common. Deprecated: runs can hold the same.

    A new one needs a `key`, which its id ends with (`CLS-KEY`) and no other model of the project may have:
    `NeptuneModelKeyAlreadyExistsError`. `with_id` finds one that is there: `ModelNotFound`. The other parameters are
    those of `Run`. It can't be made in offline mode: `NeptuneException`.
    """

    container_type = ContainerType.MODEL

    @model_registry
    def __init__(
        self,
        with_id: str | None = None,
        *,
        name: str | None = None,
        key: str | None = None,
        project: str | None = None,
        api_token: str | None = None,
        mode: Literal["async", "sync", "read-only", "debug"] | None = None,
        flush_period: float = DEFAULT_FLUSH_PERIOD,
        proxies: dict[str, str] | None = None,
        async_lag_callback: NeptuneObjectCallback | None = None,
        async_lag_threshold: float = ASYNC_LAG_THRESHOLD,
        async_no_progress_callback: NeptuneObjectCallback | None = None,
        async_no_progress_threshold: float = ASYNC_NO_PROGRESS_THRESHOLD,
    ) -> None:
        given = {"with_id": with_id, "name": name, "key": key, "project": project, "mode": mode}
        for parameter, value in given.items():
            verify_type(parameter, value, (str, type(None)))
        chosen = Mode(mode or os.environ.get(CONNECTION_MODE) or Mode.ASYNC.value)
        if chosen is Mode.OFFLINE:
            raise NeptuneException("Model can't be initialized in OFFLINE mode")
        self._with_id = with_id
        self._key = key
        self._name = DEFAULT_NAME if with_id is None and name is None else name
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
        if self._with_id is None and self._key is None:
            raise NeptuneMissingRequiredInitParameter("init_model", "key")
        if self._with_id is None and self._mode is Mode.READ_ONLY:
            raise NeedExistingModelForReadOnlyMode
        if self._with_id is not None and self._mode is Mode.DEBUG:
            raise ModelNotFound(f"{OFFLINE_PROJECT_QUALIFIED_NAME}/{self._with_id}")
        opening = Opening(
            mode=self._mode,
            type=self.container_type,
            project=project,
            external_id=self._with_id or model_id(self._mode, project, str(self._key), proxies),
            exists=self._with_id is not None,
            name=self._name,
            proxies=proxies,
        )
        try:
            return open_backend(opening)
        except NeptuneObjectCreationConflict as error:
            raise NeptuneModelKeyAlreadyExistsError(str(self._key), str(opening.project or "the project")) from error

    def _write_initial_attributes(self) -> None:
        if self._name is not None:
            self[SYSTEM_NAME_ATTRIBUTE_PATH] = self._name

    def _raise_if_stopped(self) -> None:
        if self._state is ContainerState.STOPPED:
            raise InactiveModelException(self._backend.label)

    def get_url(self) -> str:
        """Where to look at the model."""
        return self._backend.url()

    @model_registry
    def fetch_model_versions_table(
        self,
        *,
        query: str | None = None,
        columns: Iterable[str] | None = None,
        limit: int | None = None,
        sort_by: str = "sys/creation_time",
        ascending: bool = False,
        progress_bar: ProgressBarType | None = None,
    ) -> Table:
        """The versions of the model, as `Project.fetch_runs_table` gives runs."""
        from pluto.compat.neptune.metadata_containers.tables import fetch_model_versions_table

        return fetch_model_versions_table(
            self._backend.open_reader(), self._backend.project, self._sys_id, query=query, columns=columns, limit=limit,
            sort_by=sort_by, ascending=ascending, progress_bar=progress_bar,
        )  # fmt: skip
