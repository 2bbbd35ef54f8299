"""Sweeps that are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.paginator import SizedPaginator
from pluto.compat.wandb.apis.public.query_generator import QueryGenerator
from pluto.compat.wandb.apis.reading import sweeps as stored
from pluto.compat.wandb.errors.errors import UnsupportedError
from pluto.compat.wandb.errors.term import termlog, termwarn

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api
    from pluto.compat.wandb.apis.public.runs import AgentRuns, Run


class Sweeps(SizedPaginator["Sweep"]):
    """The sweeps of a project, the newest first."""

    last_response: Any = None

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        per_page: int = 50,
        filters: dict[str, Any] | None = None,
    ) -> None:
        if filters:
            raise UnsupportedError("Sweeps can't be filtered: choose from the list of them")
        self.entity = entity
        self.project = project
        super().__init__(service_api, {"entity": entity, "project": project}, per_page)

    def _source(self) -> Iterator[Sweep]:
        for attrs in stored.sweeps_of(self._service_api, self.entity, self.project):
            yield Sweep(self._service_api, self.entity, self.project, attrs["name"], attrs)

    def __repr__(self) -> str:
        return f"<Sweeps {self.entity}/{self.project}>"


def find_sweep(client: Any, entity: str, project: str, id: str, order: str | None = None) -> Sweep | None:
    """The sweep of an id; None where there is none."""
    attrs = stored.find_sweep(client, entity, project, id)
    return None if attrs is None else Sweep(client, entity, project, id, attrs, order=order)


class Sweep(Attrs):
    """A sweep: `id`, `config`, `state`, `runs`, `best_run()`."""

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        sweep_id: str,
        attrs: Mapping[str, Any] | None = None,
        *,
        order: str | None = None,
    ) -> None:
        """Raises `ValueError` where there is no such sweep."""
        from pluto.compat.wandb.apis.public.runs import Runs

        super().__init__(dict(attrs or {}))
        self._service_api = service_api
        self._entity = entity or ""
        self.project = project
        self.id = sweep_id
        self.load(force=not attrs)
        self.runs = Runs(service_api, entity, project, {"$and": [{"sweep": sweep_id}]}, order or "+created_at", 10)

    @property
    def entity(self) -> str:
        """Whose project it is in, or an empty text."""
        return self._entity

    @property
    def username(self) -> str:
        """`entity` by its older name."""
        termwarn("Sweep.username is deprecated. please use Sweep.entity instead.", repeat=False)
        return self._entity

    @property
    def config(self) -> dict[str, Any]:
        """What it was made from."""
        found: dict[str, Any] = self._attrs["config"]
        return found

    def load(self, force: bool = False) -> dict[str, Any]:
        """What is known of it; with `force` read again. Raises `ValueError` where there is no such sweep."""
        if force:
            found = stored.find_sweep(self._service_api, self._entity, self.project, self.id)
            if found is None:
                raise ValueError(f"Could not find sweep {self!r}")
            self._attrs = found
        return self._attrs

    @property
    def order(self) -> str | None:
        """How `best_run` orders the runs: by the metric of the config."""
        metric = self.config.get("metric")
        if not metric:
            return None
        sign = "+" if metric.get("goal", "minimize") == "minimize" else "-"
        return QueryGenerator.format_order_key(sign + metric["name"])

    def best_run(self, order: str | None = None) -> Run | None:
        """The first run by an order, or else by the metric of the config; None where there is no run."""
        from pluto.compat.wandb.apis.public.runs import Runs

        chosen = self.order if order is None else QueryGenerator.format_order_key(order)
        if chosen is None:
            termwarn("No order specified and couldn't find metric in sweep config, returning most recent run")
        else:
            termlog(f"Sorting runs by {chosen}")
        filters = {"$and": [{"sweep": self.id}]}
        found = Runs(self._service_api, self._entity, self.project, filters, chosen or "-created_at", 1)[:1]
        return found[0] if found else None

    @property
    def expected_run_count(self) -> int | None:
        """How many runs there will be; None where that is open."""
        found: int | None = self._attrs.get("runCountExpected")
        return found

    @property
    def path(self) -> list[str]:
        """Entity, project and id, as in addresses."""
        return [quote_plus(part) for part in (self._entity, self.project, self.id)]

    @property
    def url(self) -> str | None:
        """The address of its project's page; None in the local store, which has none."""
        from pluto.compat.wandb.apis.public.projects import Project

        return Project(self._service_api, self._entity, self.project, {}).url

    @property
    def name(self) -> str:
        """Its name, or else its id."""
        return str(self._attrs.get("displayName") or self.config.get("name") or self.id)

    @classmethod
    def get(
        cls,
        api: Api,
        entity: str | None = None,
        project: str | None = None,
        sid: str | None = None,
        order: str | None = None,
        query: str | None = None,
        **kwargs: Any,
    ) -> Sweep | None:
        """The sweep of an id; None where there is none. Queries in GraphQL raise `UnsupportedError`."""
        if query is not None or kwargs:
            raise UnsupportedError("There is no GraphQL here: leave query= and its variables out")
        return find_sweep(api._service_api, entity or "", project or "", sid or "", order)

    def agent(self, agent_id: str) -> Agent:
        """The agent of an id. Raises `ValueError` where there is none."""
        for found in self.agents():
            if found._agent_key == agent_id:
                return found
        raise ValueError(f"Sweep {self.id} has no agent {agent_id!r}")

    def agents(self) -> list[Agent]:
        """The agents that have runs in it."""
        counts: dict[str, int] = {}
        for run in self.runs:
            key = (run.rawconfig.get("_wandb") or {}).get("agent")
            if key:
                counts[key] = counts.get(key, 0) + 1
        return [
            Agent(self._service_api, {"id": key, "name": key, "totalRuns": count}, self._entity, self.project, self.id)
            for key, count in counts.items()
        ]

    def enqueue_run(self, config: dict[str, Any], display_name: str | None = None) -> str:
        """Raises `UnsupportedError`: agents choose what to try."""
        raise UnsupportedError("Runs of a sweep can't be queued: agents choose them; wandb.init(config=…) runs one")

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """HTML that shows the page of its project in a frame, or says where the sweep is."""
        from pluto.compat.wandb.apis.reading.pages import framed

        return framed(self.url, "sweep", "/".join(self.path), height, hidden)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Sweep {'/'.join(self.path)} ({self._attrs.get('state', 'Unknown State')})>"


class Agent(Attrs):
    """What runs the runs of a sweep."""

    def __init__(self, service_api: Any, attrs: Mapping[str, Any], entity: str, project: str, sweep_id: str) -> None:
        """Raises `ValueError` where it does not say whose agent it is."""
        super().__init__(attrs)
        key = self._attrs.get("name") or self._attrs.get("id")
        if not key:
            raise ValueError("Agent is missing a usable name or id.")
        self._agent_key = str(key)
        self._place = (service_api, entity, project, sweep_id)

    def runs(self, per_page: int = 50) -> AgentRuns:
        """Its runs."""
        from pluto.compat.wandb.apis.public.runs import AgentRuns

        count = int(self._attrs.get("totalRuns") or 0)
        return AgentRuns(*self._place, self._agent_key, total_runs=count, per_page=per_page)

    def __repr__(self) -> str:
        return f"<Agent {self._attrs.get('id', 'Unknown')} ({self._attrs.get('state', 'Unknown State')})>"
