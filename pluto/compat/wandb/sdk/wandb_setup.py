"""The session: the settings that runs of this process start from, and the runs that are open."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb import env
from pluto.compat.wandb.errors import term
from pluto.compat.wandb.sdk.wandb_settings import Settings

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run


class _WandbSetup:
    """What `setup()` gives: the session of this process. It starts nothing."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._lock = threading.RLock()
        self._given: Settings | None = None
        self._settings: Settings | None = None
        self._variables: dict[str, str] = {}
        self._active: list[Run] = []
        self._sweep_config: dict[str, Any] | None = None

    @property
    def settings(self) -> Settings:
        """The settings runs start from. Variables that have changed since count, too."""
        with self._lock:
            if self._settings is None or self._variables != _variables():
                self._settings = self._load()
            return self._settings

    @property
    def settings_if_loaded(self) -> Settings | None:
        """The same, or None while nobody has asked for them."""
        return self._settings

    @property
    def config(self) -> dict[str, Any]:
        """What the files named by `config_paths` hold; reads the parameters of a sweep's trial on the way."""
        from pluto.compat.wandb.sdk.lib.config_util import dict_from_config_file

        settings = self.settings
        if settings.sweep_param_path:
            self._sweep_config = dict_from_config_file(settings.sweep_param_path, must_exist=True)
        found: dict[str, Any] = {}
        for path in settings.config_paths or ():
            found.update(dict_from_config_file(path) or {})
        return found

    def update(self, settings: Settings | None) -> None:
        """Lets settings win over those of files and variables, in this session."""
        if settings is None:
            return
        with self._lock:
            if self._given is None:
                self._given = Settings()
            self._given.update_from_settings(settings)
            self._settings = None

    def add_active_run(self, run: Run) -> None:
        """Lists a run as open."""
        with self._lock:
            if run not in self._active:
                self._active.append(run)

    def remove_active_run(self, run: Run) -> None:
        """Lists it no more."""
        with self._lock:
            if run in self._active:
                self._active.remove(run)

    @property
    def most_recent_active_run(self) -> Run | None:
        """The run opened last of those still open."""
        with self._lock:
            return self._active[-1] if self._active else None

    def finish_all_active_runs(self, exit_code: int | None = None) -> None:
        """Finishes what is open."""
        with self._lock:
            runs = list(self._active)
        for run in runs:
            run.finish(exit_code)

    def _get_logger(self) -> logging.Logger:
        return logging.getLogger("wandb")

    def _load(self) -> Settings:
        settings = Settings()
        given = self._given
        system = None if given is None else given.settings_system
        folder = os.environ.get(env.CONFIG_DIR)
        if system is None:
            system = str((Path(folder) if folder else Path("~/.config/wandb")) / "settings")
        settings.settings_system = system
        settings.update_from_system_settings()
        self._variables = _variables()
        settings.update_from_env_vars(self._variables)
        settings.update_from_system_environment()
        if given is not None:
            settings.update_from_settings(given)
        term.termsetup(settings, None)
        return settings


_singleton: _WandbSetup | None = None
_lock = threading.RLock()


def singleton() -> _WandbSetup:
    """The session of this process; a forked child has one of its own."""
    global _singleton
    with _lock:
        if _singleton is None or _singleton._pid != os.getpid():
            _singleton = _WandbSetup(os.getpid())
        return _singleton


def setup(settings: Settings | Mapping[str, Any] | None = None) -> _WandbSetup:
    """The session of this process, with `settings` in force for the runs to come. It starts nothing."""
    session = singleton()
    session.update(Settings(**settings) if isinstance(settings, Mapping) else settings)
    _ = session.settings
    return session


def teardown(exit_code: int | None = None) -> None:
    """Finishes the runs that are open, and forgets the session."""
    global _singleton
    with _lock:
        session = _singleton
        if session is None:
            return
    if session._pid == os.getpid():
        session.finish_all_active_runs(exit_code)
    with _lock:
        _singleton = None


_setup = setup
_teardown = teardown


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("WANDB_")}
