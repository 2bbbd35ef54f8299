"""Runs that are read."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb import env
from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.apis.paginator import SizedPaginator
from pluto.compat.wandb.apis.reading.places import find_project, find_run
from pluto.compat.wandb.apis.reading.records import Record
from pluto.compat.wandb.apis.reading.selection import Selection
from pluto.compat.wandb.apis.run.content import RunContent
from pluto.compat.wandb.apis.run.editing import RunEditing
from pluto.compat.wandb.apis.run.history import RunHistory
from pluto.compat.wandb.errors.errors import CommError
from pluto.compat.wandb.errors.term import termwarn

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api
    from pluto.compat.wandb.apis.public.sweeps import Sweep

RUN_FRAGMENT = LIGHTWEIGHT_RUN_FRAGMENT = GET_AGENT_RUNS_GQL = ""
RUN_FRAGMENT_NAME = "RunFragment"
LIGHTWEIGHT_RUN_FRAGMENT_NAME = "LightweightRunFragment"


class RunNotFoundError(CommError, ValueError):
    """There is no such run."""

    def __init__(self, msg: str, exc: Exception | None = None) -> None:
        super().__init__(msg, exc)


class Runs(SizedPaginator["Run"]):
    """The runs of a project that fit a filter, in an order, read page by page. See `Api.runs`."""

    last_response: Any = None

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
        api_key: str | None = None,
    ) -> None:
        self.QUERY = ""
        self.entity = entity
        self.project = project
        self.filters = filters or {}
        self.order = order or "+created_at"
        self._selection = Selection(self.filters, self.order)
        self._include_sweeps = include_sweeps
        self._lazy = lazy
        variables = {"project": project, "entity": entity, "order": self.order, "filters": self.filters}
        super().__init__(service_api, variables, per_page)

    def _source(self) -> Iterator[Run]:
        place = find_project(self._service_api, self.entity, self.project)
        if place is None:
            raise ValueError(f"Could not find project {self.project}")
        for record in self._selection.records(self._service_api, place):
            yield Run._of(record, self.entity, self.project, self._include_sweeps, self._lazy)

    @normalize_exceptions
    def histories(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        format: Literal["default", "pandas", "polars"] = "default",
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """Rows of all the runs, as `Run.history` chooses them, with `run_id`: dicts, or a pandas or polars frame."""
        if format not in ("default", "pandas", "polars"):
            raise ValueError(f"Invalid format: {format}. Must be one of 'default', 'pandas', 'polars'")
        rows: list[dict[str, Any]] = []
        for run in self:
            for row in run.history(samples=samples, keys=keys, x_axis=x_axis, pandas=False, stream=stream):
                row["run_id"] = run.id
                rows.append(row)
        if format == "default":
            return rows
        try:
            frames = importlib.import_module(format)
        except ImportError as error:
            raise ImportError(f"format={format!r} needs {format}: pip install {format}") from error
        columns = sorted({name for row in rows for name in row})
        if format == "pandas":
            return frames.DataFrame.from_records(rows, columns=columns) if rows else frames.DataFrame()
        return frames.DataFrame(rows, infer_schema_length=None).select(columns) if rows else frames.DataFrame()

    def upgrade_to_full(self) -> None:
        """Fetches all about the runs that are here, and of those that follow."""
        self._lazy = False
        for run in self.objects:
            run.load_full_data()

    def __repr__(self) -> str:
        return f"<Runs {self.entity}/{self.project}>"


class AgentRuns(SizedPaginator["Run"]):
    """The runs of one agent of a sweep."""

    last_response: Any = None

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        sweep_id: str,
        agent_key: str,
        *,
        total_runs: int,
        order: str = "+created_at",
        per_page: int = 50,
    ) -> None:
        self.QUERY = ""
        self.entity = entity
        self.project = project
        self.order = order
        self._total_runs = total_runs
        self._sweep_id = sweep_id
        self._agent_key = agent_key
        super().__init__(service_api, {"project": project, "entity": entity, "order": order}, per_page)

    def _source(self) -> Iterator[Run]:
        runs = Runs(self._service_api, self.entity, self.project, {"sweep": self._sweep_id}, self.order)
        return (run for run in runs if (run.rawconfig.get("_wandb") or {}).get("agent") == self._agent_key)

    @property
    def _length(self) -> int:
        return self._total_runs

    def __repr__(self) -> str:
        return f"<AgentRuns {self.entity}/{self.project} agent={self._agent_key!r}>"


class Run(RunHistory, RunContent, RunEditing, Attrs):
    """A run that is read.

    `id`, `name`, `state`, `tags`, `group`, `job_type`, `notes`, `config`, `summary`, `created_at`, … are what is stored
    of it; names, notes, tags and config that are set are kept by `update`. Runs that other doors of Pluto have made are
    read all the same.
    """

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        run_id: str,
        attrs: Mapping[str, Any] | None = None,
        include_sweeps: bool = False,
        lazy: bool = True,
        api_key: str | None = None,
    ) -> None:
        """Raises `RunNotFoundError` where there is no such run."""
        super().__init__(dict(attrs or {}))
        self._service_api = service_api
        self._entity = entity or ""
        self.project = project
        self.id = run_id
        self._lazy = lazy
        self._sweep: Sweep | None = None
        self._summary = None
        self._metadata: dict[str, Any] | None = None
        self._state = str(self._attrs.get("state", "not found"))
        self.dir = os.path.join(env.get_dir(tempfile.gettempdir()) or "", *(part for part in self.path if part))
        if not attrs:
            self._find()
        if include_sweeps:
            self._load_sweep()

    @classmethod
    def _of(cls, record: Record, entity: str, project: str, include_sweeps: bool, lazy: bool) -> Run:
        run = cls(record.client, entity, project, record.attrs["name"], {**record.attrs}, False, lazy)
        run._record = record
        if not lazy:
            run.load_full_data()
        if include_sweeps:
            run._load_sweep()
        return run

    @classmethod
    def create(
        cls,
        api: Api,
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
        state: Literal["running", "pending"] = "running",
    ) -> Run:
        """A new run that nobody logs to yet; `wandb.init(id=…, resume="must")` goes on with it."""
        return api._create_run(run_id=run_id, project=project, entity=entity, state=state)

    def _find(self) -> None:
        found = find_run(self._service_api, self._entity, self.project, self.id)
        if found is None:
            raise RunNotFoundError(f"Could not find run {self!r}")
        self._record = Record(self._service_api, found["projectName"], found)
        self._take(self._record)

    def _take(self, record: Record) -> None:
        self._attrs = {**record.attrs}
        self._state = self._attrs["state"]
        self._summary = None

    def load(self, force: bool = False) -> dict[str, Any]:
        """What is known of the run; with `force` fetched again."""
        if force:
            self._record.reload()
            self._take(self._record)
        return self._attrs

    def load_full_data(self, force: bool = False) -> dict[str, Any]:
        """The same, with summary and machine."""
        self.load(force)
        self._attrs["summaryMetrics"] = self.summary_metrics
        self._attrs["systemMetrics"] = self.system_metrics
        return self._attrs

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self._attrs["name"])

    @id.setter
    def id(self, new_id: str) -> None:
        self._attrs["name"] = new_id

    @property
    def name(self) -> str | None:
        """The name that people see."""
        found: str | None = self._attrs.get("displayName")
        return found

    @name.setter
    def name(self, new_name: str) -> None:
        self._attrs["displayName"] = new_name

    @property
    def storage_id(self) -> str:
        """The store's own id."""
        return str(self._attrs["id"])

    @property
    def state(self) -> str:
        """`running`, `finished`, `failed`, `crashed` where nobody has ended it, `killed`, or `preempted`."""
        return self._state

    @property
    def entity(self) -> str:
        """Whose project it is, or an empty text."""
        return self._entity

    @property
    def username(self) -> str:
        """`entity` by its older name."""
        termwarn("Run.username is deprecated. Please use Run.entity instead.", repeat=False)
        return self._entity

    @property
    def user(self) -> Any:
        """Who made the run."""
        from pluto.compat.wandb.apis.public.users import User

        found = self.metadata or {}
        return User(self._service_api, {"username": found.get("username"), "name": found.get("username")})

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self._entity, self.project, self.id]

    @property
    def url(self) -> str | None:
        """The address of its page; None in the local store, which has none."""
        found: str | None = self._record.client.run_url(self._record.place, self._record.number)
        return found

    @property
    def system_metrics(self) -> dict[str, Any]:
        """The last values that the machine was measured by."""
        if "systemMetrics" not in self._attrs:
            from pluto.compat.wandb.apis.reading.machine import last_values

            self._attrs["systemMetrics"] = last_values(self._record)
        found: dict[str, Any] = self._attrs["systemMetrics"]
        return found

    @property
    def sweep_name(self) -> str | None:
        """The id of the sweep it belongs to."""
        found: str | None = self._attrs.get("sweepName")
        return found

    @property
    def sweep(self) -> Sweep | None:
        """The sweep it belongs to."""
        if self._sweep is None:
            self._load_sweep()
        return self._sweep

    def _load_sweep(self) -> None:
        from pluto.compat.wandb.apis.public.sweeps import find_sweep

        if self.sweep_name:
            self._sweep = find_sweep(self._service_api, self._entity, self.project, self.sweep_name)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """HTML that shows the run's page in a frame, or says where the run is if it has none."""
        from pluto.compat.wandb.apis.reading.pages import framed

        return framed(self.url, "run", "/".join(self.path), height, hidden)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self._state})>"
