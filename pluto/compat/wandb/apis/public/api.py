"""`wandb.Api`."""

from __future__ import annotations

import getpass
import weakref
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb import env
from pluto.compat.wandb.apis.access.artifacts import ArtifactAccess
from pluto.compat.wandb.apis.access.cloud import CloudAccess
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.errors.errors import Error, UnsupportedError
from pluto.compat.wandb.sdk.lib import runid

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.organizations import Organization
    from pluto.compat.wandb.apis.public.projects import Project, Projects
    from pluto.compat.wandb.apis.public.runs import Run, Runs
    from pluto.compat.wandb.apis.public.sweeps import Sweep
    from pluto.compat.wandb.apis.public.users import User


class Api(ArtifactAccess, CloudAccess):
    """Reads from the local store, or from the Pluto server that PLUTO_* settings name.

    Paths are `entity/project/run`, where entity and project may be left to the settings. What was read is kept until
    `flush`. Nothing of W&B's cloud is asked: `base_url` in `overrides` is the address of a Pluto server, and `api_key`
    its key; `timeout` is in seconds, for one request.
    """

    def __init__(
        self, overrides: dict[str, Any] | None = None, timeout: int | None = None, api_key: str | None = None
    ) -> None:
        from pluto.compat.wandb.sdk.wandb_setup import singleton
        from pluto.core.settings import Remote
        from pluto.query import Client

        known = singleton().settings
        self.settings: dict[str, Any] = {
            "base_url": env.get_base_url(known.base_url),
            "entity": env.get_entity(known.entity),
            "project": env.get_project(known.project),
            "organization": env.get_organization(known.organization),
        }
        self.settings.update(overrides or {})
        self.settings["base_url"] = str(self.settings["base_url"] or "").rstrip("/")
        self.api_key = api_key
        named = (overrides or {}).get("base_url")
        # A key without an address is one of W&B's, whose servers are not asked: it goes nowhere.
        place = {"host": self.settings["base_url"], "api_token": api_key} if named else {}
        seconds = timeout if timeout is not None else env.get_http_timeout(19)
        self._service_api = Client(timeout=seconds, **place)
        # What was read goes on reading when nobody has the Api any more, so that a client of a server closes itself.
        # The local store stays open: closing it may wait for the very thread that clears up.
        if isinstance(self._service_api._connection.target, Remote):
            weakref.finalize(self._service_api, self._service_api._connection.close)
        self._viewer: User | None = None
        self._runs: dict[str, Any] = {}
        self._sweeps: dict[str, Sweep] = {}
        self._projects: dict[str, Projects] = {}

    @property
    def user_agent(self) -> str:
        """What this says it is."""
        from pluto.compat.wandb import __version__

        return f"W&B Public Client {__version__}"

    @property
    def default_entity(self) -> str | None:
        """Whose projects are meant where nobody is named; an empty text if nobody is."""
        return self.settings["entity"] or ""

    @property
    def viewer(self) -> User:
        """Who reads."""
        from pluto.compat.wandb.apis.public.users import User

        if self._viewer is None:
            name = env.get_username() or _login_name()
            known = {"id": name, "username": name, "name": name, "email": env.get_user_email() or "", "admin": True}
            self._viewer = User(self._service_api, {**known, "entity": self.default_entity}, self.api_key)
        return self._viewer

    def flush(self) -> None:
        """Forgets what was read."""
        self._runs = {}
        self._sweeps = {}
        self._projects = {}

    def from_path(self, path: str) -> Project | Run | Sweep:
        """The project, run or sweep of a path: `project`, `entity/project`, `entity/project/runs/id`, ….

        Raises `Error` for a path that is none.
        """
        parts = path.strip("/ ").split("/")
        if len(parts) == 1:
            return self.project(parts[0])
        if len(parts) == 2:
            return self.project(parts[1], parts[0])
        if len(parts) == 3:
            return self.run(path)
        if len(parts) == 4:
            if parts[2].startswith("run"):
                return self.run(path)
            if parts[2].startswith("sweep"):
                return self.sweep(path)
            if parts[2].startswith("report"):
                self.reports("/".join(parts[:2]))
        raise Error("Invalid path, should be TEAM/PROJECT/TYPE/ID where TYPE is runs, sweeps, or reports")

    def projects(self, entity: str | None = None, per_page: int = 200) -> Projects:
        """The projects of an entity, the newest first."""
        from pluto.compat.wandb.apis.public.projects import Projects

        entity = (self.default_entity or "") if entity is None else entity
        if entity not in self._projects:
            self._projects[entity] = Projects(self._service_api, entity, per_page=per_page)
        return self._projects[entity]

    def project(self, name: str, entity: str | None = None) -> Project:
        """The project of a name."""
        from pluto.compat.wandb.apis.public.projects import Project

        return Project(self._service_api, (self.default_entity or "") if entity is None else entity, name, {})

    @normalize_exceptions
    def create_project(self, name: str, entity: str) -> None:
        """Makes a project, unless it is there."""
        from pluto.compat.wandb.apis.public.projects import make_project
        from pluto.compat.wandb.apis.reading.places import places

        make_project(self._service_api, places(entity, name)[0])

    def runs(
        self,
        path: str | None = None,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
    ) -> Runs:
        """The runs of a project, `[entity/]project`, as a sequence that is read as it is come to.

        `filters` are MongoDB's: `$and $or $nor $not`, and on fields `$eq $ne $gt $gte $lt $lte $in $nin $exists $regex
        $not`. Fields are `state`, `tags`, `display_name`, `name` (the id), `group`, `jobType`, `sweep`, `created_at`,
        `heartbeatAt`, `duration`, `host`, `config.<key>`, `summary_metrics.<name>`. `order`: one of them, or several
        with commas, with `+` or `-` before it; runs without it come last.

        Raises `ValueError` for filters or orders that are none, and when it is read where there is no such project.
        """
        from pluto.compat.wandb.apis.public.runs import Runs

        entity, project = self._parse_project_path(path)
        key = f"{path or ''}{filters or {}}{order}"
        if key not in self._runs:
            self._runs[key] = Runs(
                self._service_api,
                entity,
                project,
                filters=filters,
                order=order,
                per_page=per_page,
                include_sweeps=include_sweeps,
                lazy=lazy,
            )
        found: Runs = self._runs[key]
        if not lazy and found._lazy:
            found.upgrade_to_full()
        return found

    @normalize_exceptions
    def run(self, path: str = "") -> Run:
        """The run of a path, `[[entity/]project/]run`. Raises `RunNotFoundError` where there is none."""
        from pluto.compat.wandb.apis.public.runs import Run

        entity, project, id = self._parse_path(path)
        if path not in self._runs:
            self._runs[path] = Run(self._service_api, entity, project, id, lazy=False)
        found: Run = self._runs[path]
        return found

    @normalize_exceptions
    def create_run(self, *, run_id: str | None = None, project: str | None = None, entity: str | None = None) -> Run:
        """A new run that nobody logs to yet; `wandb.init(id=…, resume="must")` goes on with it."""
        return self._create_run(run_id=run_id, project=project, entity=entity)

    def _create_run(
        self,
        *,
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
        state: Literal["running", "pending"] = "running",
    ) -> Run:
        from pluto.compat.wandb.apis.public.runs import Run
        from pluto.compat.wandb.apis.reading.places import places

        if state != "running":
            raise UnsupportedError("Runs are never pending here: state is 'running'")
        id = run_id or runid.generate_id()
        project = project or self.settings.get("project") or "uncategorized"
        entity = (self.default_entity or "") if entity is None else entity
        own = {"door": "wandb", **({"entity": entity} if entity else {})}
        place = places(entity, project)[0]
        self._service_api.create_run(place, external_id=id, name=id, config={"_wandb": own})
        return Run(self._service_api, entity, project, id)

    @normalize_exceptions
    def sweep(self, path: str = "") -> Sweep:
        """The sweep of a path, `[[entity/]project/]sweep`. Raises `CommError` where there is none."""
        from pluto.compat.wandb.apis.public.sweeps import Sweep

        entity, project, id = self._parse_path(path)
        if path not in self._sweeps:
            self._sweeps[path] = Sweep(self._service_api, entity, project, id)
        return self._sweeps[path]

    def user(self, username_or_email: str) -> User | None:
        """Whoever reads, if that is their name or address; a store knows nobody else."""
        return next(iter(self.users(username_or_email)), None)

    def users(self, username_or_email: str) -> list[User]:
        """The same as a list, for the beginning or end of a name or address."""
        viewer = self.viewer
        names = [str(viewer.username), str(viewer.email)]
        wanted = username_or_email
        return [viewer] if any(name.startswith(wanted) or name.endswith(wanted) for name in names if name) else []

    def organization(self, name: str | None = None) -> Organization:
        """What the server is: one organization, by whatever name."""
        from types import SimpleNamespace

        from pluto.compat.wandb.apis.public.organizations import Organization

        chosen = name or self.settings.get("organization") or self.default_entity or "local"
        entity = SimpleNamespace(name=chosen)
        return Organization(self._service_api, id="local", name=str(chosen), orgEntity=entity)

    def sync_tensorboard(
        self, root_dir: str, run_id: str | None = None, project: str | None = None, entity: str | None = None
    ) -> Run:
        """Raises `UnsupportedError`, naming what reads TensorBoard's files."""
        raise UnsupportedError(
            f"{root_dir}: event files are taken over as they are written, wandb.init(sync_tensorboard=True), or by"
            " wandb.tensorboard.patch()"
        )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"
