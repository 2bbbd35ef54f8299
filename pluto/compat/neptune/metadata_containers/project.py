"""A project."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from pluto.compat.neptune.envs import CONNECTION_MODE
from pluto.compat.neptune.exceptions import InactiveProjectException, NeptuneException
from pluto.compat.neptune.internal.backends.opening import Opening, open_backend
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.deprecation import model_registry
from pluto.compat.neptune.internal.init.parameters import (
    ASYNC_LAG_THRESHOLD,
    ASYNC_NO_PROGRESS_THRESHOLD,
    DEFAULT_FLUSH_PERIOD,
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

__all__ = ["Project"]


class Project(MetadataContainer):
    """A project: fields of its own, and tables of its runs and models.

    `project` is `workspace/name`; else `NEPTUNE_PROJECT`; else Pluto's default project. The other parameters are those
    of `Run`. It can't be made in offline mode: `NeptuneException`.
    """

    container_type = ContainerType.PROJECT

    def __init__(
        self,
        project: str | None = None,
        *,
        api_token: str | None = None,
        mode: Literal["async", "sync", "read-only", "debug"] | None = None,
        flush_period: float = DEFAULT_FLUSH_PERIOD,
        proxies: dict[str, str] | None = None,
        async_lag_callback: NeptuneObjectCallback | None = None,
        async_lag_threshold: float = ASYNC_LAG_THRESHOLD,
        async_no_progress_callback: NeptuneObjectCallback | None = None,
        async_no_progress_threshold: float = ASYNC_NO_PROGRESS_THRESHOLD,
    ) -> None:
        verify_type("mode", mode, (str, type(None)))
        chosen = Mode(mode or os.environ.get(CONNECTION_MODE) or Mode.ASYNC.value)
        if chosen is Mode.OFFLINE:
            raise NeptuneException("Project can't be initialized in OFFLINE mode")
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
        return open_backend(Opening(mode=self._mode, type=self.container_type, project=project, proxies=proxies))

    def _raise_if_stopped(self) -> None:
        if self._state is ContainerState.STOPPED:
            raise InactiveProjectException(self._backend.project)

    def get_url(self) -> str:
        """Where to look at the project."""
        return self._backend.url()

    def fetch_runs_table(
        self,
        *,
        query: str | None = None,
        id: str | Iterable[str] | None = None,
        state: str | Iterable[str] | None = None,
        owner: str | Iterable[str] | None = None,
        tag: str | Iterable[str] | None = None,
        columns: Iterable[str] | None = None,
        trashed: bool | None = False,
        limit: int | None = None,
        sort_by: str = "sys/creation_time",
        ascending: bool = False,
        progress_bar: ProgressBarType | None = None,
    ) -> Table:
        """The runs that meet all conditions, as a table: `to_pandas()`, `to_rows()`, or iterate.

        Args:
            query: Conditions in Neptune's query language, as `(params/lr: float > 0.1) AND (sys/tags: stringSet
                CONTAINS "a")`; not together with the next four.
            id: A short id, or several of which one has to be the run's.
            state: `active` or `inactive`, or both.
            owner: A user, or several.
            tag: A tag, or several which the run has to have all.
            columns: Fields that become columns, with `sys/id` and `sort_by`; None: all.
            trashed: Runs in the trash (True), those that are not (False), or both (None).
            limit: At most so many.
            sort_by: A field of a simple type.
            ascending: The least first.
            progress_bar: False for none; a class for one of your own.
        """
        from pluto.compat.neptune.metadata_containers.tables import fetch_runs_table

        return fetch_runs_table(
            self._backend.open_reader(), self._backend.project, query=query, id=id, state=state, owner=owner, tag=tag,
            columns=columns, trashed=trashed, limit=limit, sort_by=sort_by, ascending=ascending,
            progress_bar=progress_bar,
        )  # fmt: skip

    @model_registry
    def fetch_models_table(
        self,
        *,
        query: str | None = None,
        columns: Iterable[str] | None = None,
        trashed: bool | None = False,
        limit: int | None = None,
        sort_by: str = "sys/creation_time",
        ascending: bool = False,
        progress_bar: ProgressBarType | None = None,
    ) -> Table:
        """The models of the project, as `fetch_runs_table` gives its runs."""
        from pluto.compat.neptune.metadata_containers.tables import fetch_models_table

        return fetch_models_table(
            self._backend.open_reader(), self._backend.project, query=query, columns=columns, trashed=trashed,
            limit=limit, sort_by=sort_by, ascending=ascending, progress_bar=progress_bar,
        )  # fmt: skip
