"""A version of a model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from pluto.compat.neptune.attributes.constants import SYSTEM_NAME_ATTRIBUTE_PATH, SYSTEM_STAGE_ATTRIBUTE_PATH
from pluto.compat.neptune.envs import CONNECTION_MODE
from pluto.compat.neptune.exceptions import (
    InactiveModelVersionException,
    ModelVersionNotFound,
    NeedExistingModelVersionForReadOnlyMode,
    NeptuneException,
    NeptuneMissingRequiredInitParameter,
)
from pluto.compat.neptune.internal.backends.opening import Opening, open_backend
from pluto.compat.neptune.internal.backends.registry import open_new_version
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
from pluto.compat.neptune.types.model_version_stage import ModelVersionStage

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import Backend
    from pluto.compat.neptune.metadata_containers.abstract import NeptuneObjectCallback

__all__ = ["ModelVersion"]


class ModelVersion(MetadataContainer):
    """A version of a model. Deprecated: runs can hold the same.

    A new one needs the id of its `model`, and gets the next number: `CLS-KEY-1`. `with_id` finds one that is there:
    `ModelVersionNotFound`. The other parameters are those of `Run`. It can't be made in offline mode:
    `NeptuneException`.
    """

    container_type = ContainerType.MODEL_VERSION

    @model_registry
    def __init__(
        self,
        with_id: str | None = None,
        *,
        name: str | None = None,
        model: str | None = None,
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
        given = {"with_id": with_id, "name": name, "model": model, "project": project, "mode": mode}
        for parameter, value in given.items():
            verify_type(parameter, value, (str, type(None)))
        chosen = Mode(mode or os.environ.get(CONNECTION_MODE) or Mode.ASYNC.value)
        if chosen is Mode.OFFLINE:
            raise NeptuneException("ModelVersion can't be initialized in OFFLINE mode")
        self._with_id = with_id
        self._model = model
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
        if self._with_id is not None and self._mode is Mode.DEBUG:
            raise ModelVersionNotFound(f"{OFFLINE_PROJECT_QUALIFIED_NAME}/{self._with_id}")
        opening = Opening(
            mode=self._mode,
            type=self.container_type,
            project=project,
            external_id=self._with_id,
            exists=True,
            name=self._name,
            model=self._model,
            proxies=proxies,
        )
        if self._with_id is not None:
            return open_backend(opening)
        if self._model is None:
            raise NeptuneMissingRequiredInitParameter("init_model_version", "model")
        if self._mode is Mode.READ_ONLY:
            raise NeedExistingModelVersionForReadOnlyMode
        return open_new_version(opening)

    def _write_initial_attributes(self) -> None:
        if self._name is not None:
            self[SYSTEM_NAME_ATTRIBUTE_PATH] = self._name

    def _raise_if_stopped(self) -> None:
        if self._state is ContainerState.STOPPED:
            raise InactiveModelVersionException(self._backend.label)

    def get_url(self) -> str:
        """Where to look at the model version."""
        return self._backend.url()

    def change_stage(self, stage: str) -> None:
        """Sets the stage: `none`, `staging`, `production` or `archived`; it is in the store when this returns.

        Raises `ValueError` for another one.
        """
        wanted = ModelVersionStage(stage).value
        self.wait()
        with self.lock():
            self.get_attribute(SYSTEM_STAGE_ATTRIBUTE_PATH).process_assignment(wanted, wait=True)
