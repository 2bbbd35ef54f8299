"""Where settings come from beside arguments: files, `WANDB_*` variables, the machine."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.term import termerror, termlog, termwarn
from pluto.compat.wandb.sdk.lib.settings_file import SettingsFiles
from pluto.compat.wandb.sdk.lib.settings_table import FIELDS

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_settings import Settings

_RENAMED: Final = {
    env.APP_URL: "app_url_override",
    env.DIR: "root_dir",
    env.FILE_PUSHER_TIMEOUT: "x_file_transfer_timeout_seconds",
    env.HTTP_TIMEOUT: "x_graphql_timeout_seconds",
    env.JOB_TYPE: "run_job_type",
    env.NAME: "run_name",
    env.NOTES: "run_notes",
    env.TAGS: "run_tags",
    env.USER_EMAIL: "email",
    "WANDB_SERVICE_TRANSPORT": "x_service_transport",
}
_LISTS: Final = frozenset({"config_paths", "ignore_globs", "run_tags"})
"""Settings whose text is split at commas."""
_NOT_IN_FILES: Final = frozenset({"root_dir", "settings_system"})


def files(settings: Settings) -> SettingsFiles:
    """The settings files that these settings mean."""
    user = Path(settings.settings_system) if settings.settings_system else None
    return SettingsFiles(global_settings=user, local_settings=Path(settings.settings_workspace))


def from_files(settings: Settings) -> None:
    """Takes over what the files say, all of it or, where something can't be, nothing."""
    found = files(settings)
    if not found.sources:
        return
    where = ", ".join(map(str, found.sources))
    if not (settings.quiet or settings.silent or env.is_silent()):
        termlog(f"Loading settings from {where}")
    values: dict[str, Any] = {}
    for name, text in found.all().items():
        if name in _NOT_IN_FILES:
            termwarn(f"Ignoring setting {name!r}, which is not allowed in a settings file")
        elif name != "anonymous":
            values[name] = _split(name, text)
    try:
        settings.update_from_settings(type(settings)(**values))
    except Exception as error:  # noqa: BLE001  a file on disk does not stop a training
        termerror(f"Failed to load settings from {where}\n{error}")


def from_environment(settings: Settings, environ: Mapping[str, Any]) -> None:
    """Takes over what `WANDB_*` say: `WANDB_<NAME>` is the setting of that name, `WANDB__<NAME>` is `x_<name>`."""
    for variable, value in environ.items():
        if not variable.startswith("WANDB_") or value is None:
            continue
        rest = variable.removeprefix("WANDB_")
        name = _RENAMED.get(variable) or ("x" + rest.lower() if rest.startswith("_") else rest.lower())
        if name in FIELDS:
            setattr(settings, name, _split(name, value))


def from_machine(settings: Settings) -> None:
    """Fills in host, program and code paths, and what the variables about code and git say."""
    if settings.save_code is not False and (env.SAVE_CODE in os.environ or env.DISABLE_CODE in os.environ):
        settings.save_code = env.should_save_code()
    if env.DISABLE_GIT in os.environ:
        settings.disable_git = env.disable_git()
    if settings.host is None:
        settings.host = platform.node()
    settings.x_executable = settings.x_executable or os.environ.get(env._EXECUTABLE) or sys.executable or "python3"
    if settings.docker is None:
        settings.docker = env.get_docker()
    program = settings.program or _program(settings)
    settings.program = program or "<python with no main file>"
    if program is None:
        return
    root = (None if settings.disable_git else git_root(Path.cwd())) or str(Path.cwd())
    settings.program_relpath = settings.program_relpath or relative_program(program, root)
    path = os.path.abspath(program)
    if os.path.exists(path):
        settings.program_abspath = path


def find_git_root(settings: Settings) -> None:
    """Sets `git_root` to the repository around the root folder, unless one is named or git is not to be asked."""
    if settings.git_root is None and not settings.disable_git:
        settings.git_root = git_root(Path(settings.root_dir))


def git_root(folder: Path) -> str | None:
    """The top of the git repository around a folder."""
    for place in (folder, *folder.parents):
        try:
            if (place / ".git").exists():
                return str(place)
        except OSError:
            return None
    return None


def auto_project_name(program: str | None) -> str:
    """What a run's project is called that none was named for: after the repository and the program's folder in it."""
    root = git_root(Path.cwd())
    if root is None:
        return "uncategorized"
    name = Path(root).name
    folder = Path(os.path.abspath(program or ".")).parent if program else Path(root)
    if folder.is_relative_to(root) and folder != Path(root):
        name += "-" + str(folder.relative_to(root))
    return name.replace(os.sep, "_")


def relative_program(program: str, root: str) -> str | None:
    """The program's path below `root`; None where it is not there."""
    path = os.path.abspath(program)
    if not os.path.exists(path) or not Path(path).is_relative_to(os.path.abspath(root)):
        return None
    return os.path.relpath(path, root)


def _program(settings: Settings) -> str | None:
    """What was started: a notebook, what WANDB_PROGRAM says, a script, or `-m module`."""
    if settings._jupyter:
        return str(settings.notebook_name or settings.x_jupyter_path or "") or None
    named = os.environ.get(env.PROGRAM)
    if named is not None:
        return named
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return f"-m {spec.name}"
    path = getattr(main, "__file__", None)
    return None if path is None else str(path)


def _split(name: str, value: Any) -> Any:
    return value.split(",") if name in _LISTS and isinstance(value, str) else value
