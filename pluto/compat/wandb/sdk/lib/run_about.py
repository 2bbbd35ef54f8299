"""What a run is: names, places, settings. The part of `Run` that has nothing to do with values over time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pluto.compat.wandb.errors.errors import UsageError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.definitions import Path, written
from pluto.compat.wandb.sdk.lib.older import older
from pluto.compat.wandb.sdk.wandb_config import Config, ConfigStatic
from pluto.core.jsonable import to_json
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.engine import RunOp
    from pluto.compat.wandb.sdk.wandb_settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def while_open(method: F) -> F:
    """A method that raises `UsageError` once the run is finished."""

    @wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._refuse_if_finished(method.__name__)
        return method(self, *args, **kwargs)

    return cast(F, guarded)


class RunAbout:
    """Names, places and settings of a run. What only the server knows is waited for, and else None."""

    _op: RunOp
    _settings: Settings
    _config: Config
    _start_time: float
    _starting_step: int
    _is_finished: bool
    _own_config: dict[str, Any]
    """What the config's key `_wandb` holds."""

    @property
    def settings(self) -> Settings:
        """A copy of the run's settings."""
        return self._settings.model_copy(deep=True)

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self._settings.run_id)

    @property
    def name(self) -> str | None:
        """What the run is called; can be set."""
        return self._settings.run_name

    @name.setter
    def name(self, name: str) -> None:
        self._refuse_if_finished("name")
        self._settings.run_name = name
        self._op.write(records.Name(_now(), name))

    @property
    def notes(self) -> str | None:
        """A text about the run; can be set."""
        return self._settings.run_notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._refuse_if_finished("notes")
        self._settings.run_notes = notes
        self._op.write(records.Notes(_now(), notes))

    @property
    def tags(self) -> tuple[str, ...] | None:
        """The run's tags; can be set. One that can't be is told, and none is changed then."""
        return self._settings.run_tags or ()

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._refuse_if_finished("tags")
        before = self.tags or ()
        try:
            self._settings.run_tags = tuple(tags)
        except ValueError as error:
            termwarn(f"Invalid tag detected: {str(error).splitlines()[-1].strip()}. Tags not updated.")
            return
        now = self.tags or ()
        gone = [tag for tag in before if tag not in now]
        new = [tag for tag in now if tag not in before]
        if gone or new:
            self._op.write(records.Tags(_now(), add=new, remove=gone))

    @property
    def group(self) -> str:
        """The group of runs it belongs to, or an empty text."""
        return self._settings.run_group or ""

    @property
    def job_type(self) -> str:
        """What kind of job it is, or an empty text."""
        return self._settings.run_job_type or ""

    @property
    def project(self) -> str:
        """The project."""
        return str(self._settings.project)

    @property
    def entity(self) -> str:
        """Whose project it is, or an empty text where nobody was named."""
        return self._settings.entity or ""

    @property
    def path(self) -> str:
        """`entity/project/id`, less what is not known."""
        return self._get_path()

    @property
    def sweep_id(self) -> str | None:
        """The sweep it is a trial of."""
        return self._settings.sweep_id

    @property
    def dir(self) -> str:
        """The folder of the run's files."""
        return self._settings.files_dir

    @property
    def sync_dir(self) -> str:
        """The run's folder."""
        return self._settings.sync_dir

    @property
    def config(self) -> Config:
        """The config."""
        return self._config

    @property
    def config_static(self) -> ConfigStatic:
        """The config as it is now, to be read only."""
        return ConfigStatic(self._config)

    @property
    def start_time(self) -> float:
        """When it started, in seconds since the epoch."""
        return self._start_time

    @property
    def starting_step(self) -> int:
        """The first step of this process's part of the run."""
        return self._starting_step

    @property
    def resumed(self) -> bool:
        """Whether the run was there before."""
        return bool(self._settings.resumed)

    @property
    def offline(self) -> bool:
        """Whether the run is kept here until `pluto sync`."""
        return self._settings._offline

    @property
    def disabled(self) -> bool:
        """Whether nothing is kept."""
        return self._settings._noop

    @property
    def url(self) -> str | None:
        """The run's page; None where there is none: offline, in the local store, or while no server answers."""
        if self._settings._offline:
            termwarn("URL not available in offline run")
            return None
        return self._page() or None

    @property
    def project_url(self) -> str | None:
        """The project's page; None where there is none."""
        if self._settings._offline:
            termwarn("URL not available in offline run")
            return None
        self._page()
        return self._settings.project_url or None

    @property
    def sweep_url(self) -> str | None:
        """The sweep's page: there is none, so always None."""
        if self._settings._offline:
            termwarn("URL not available in offline run")
        return None

    def get_url(self) -> str | None:
        """`url` by its older name."""
        older("run.get_url()", "use run.url")
        return self.url

    def get_project_url(self) -> str | None:
        """`project_url` by its older name."""
        older("run.get_project_url()", "use run.project_url")
        return self.project_url

    def get_sweep_url(self) -> str | None:
        """`sweep_url` by its older name."""
        older("run.get_sweep_url()", "use run.sweep_url")
        return self.sweep_url

    def project_name(self) -> str:
        """`project` by its older name."""
        older("run.project_name()", "use run.project")
        return self.project

    # within

    def _get_path(self) -> str:
        parts = (self._settings.entity, self._settings.project, self._settings.run_id)
        return "/".join(part for part in parts if part)

    def _refuse_if_finished(self, call: str) -> None:
        if self._is_finished:
            raise UsageError(
                f"Run ({self.id}) is finished. The call to `{call}` will be ignored."
                " Please make sure that you are using an active run."
            )

    def _page(self) -> str:
        """The address of the run's page, once the server has told."""
        if not self._settings.run_url and self._op.online:
            from pluto.core.errors import RunError

            try:
                self._settings.__dict__["_run_url"] = self._op.url or ""
            except RunError:
                return ""
        return self._settings.run_url

    def _config_callback(
        self, key: tuple[str, ...] | str | None = None, val: Any = None, data: dict[str, Any] | None = None
    ) -> None:
        """Keeps values of the config: one by its name or path, or several."""
        self._refuse_if_finished("_config_callback")
        if data is None:
            path = (key,) if isinstance(key, str) else tuple(key or ())
            data = val
            for part in reversed(path):
                data = {part: data}
        self._op.write(records.Config(_now(), to_json(data)))

    def _set_config_wandb(self, key: Path | str, val: Any) -> None:
        """Keeps something of the door's own, under a name or path in the config's key `_wandb`."""
        path = (key,) if isinstance(key, str) else tuple(key)
        change = val
        for part in reversed(path):
            change = {part: change}
        _merge(self._own_config, change)
        self._op.write(records.Config(_now(), to_json({"_wandb": change})))

    def _keep_summary(self, values: dict[Path, Any], gone: list[Path], row: int) -> None:
        """Keeps what was set in the summary, and what was deleted, with the row that comes next."""
        kept = {written(path): [row, value] for path, value in values.items()}
        kept.update({written(path): [row] for path in gone})
        self._set_config_wandb("summary", kept)


def _merge(into: dict[str, Any], change: dict[str, Any]) -> None:
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _now() -> int:
    return time.time_ns() // 1000
