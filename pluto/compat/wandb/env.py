"""The `WANDB_*` variables by name, and what they say. Pluto's own server is named by `PLUTO_*`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

Environment = MutableMapping[str, Any]

AGENT_DISABLE_FLAPPING = "WANDB_AGENT_DISABLE_FLAPPING"
AGENT_KILL_DELAY = "WANDB_AGENT_KILL_DELAY"
AGENT_MAX_INITIAL_FAILURES = "WANDB_AGENT_MAX_INITIAL_FAILURES"
AGENT_REPORT_INTERVAL = "WANDB_AGENT_REPORT_INTERVAL"
ANONYMOUS = "WANDB_ANONYMOUS"
API_KEY = "WANDB_API_KEY"
APP_URL = "WANDB_APP_URL"
ARGS = "WANDB_ARGS"
ARTIFACT_DIR = "WANDB_ARTIFACT_DIR"
ARTIFACT_FETCH_FILE_URL_BATCH_SIZE = "WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE"
BASE_URL = "WANDB_BASE_URL"
CACHE_DIR = "WANDB_CACHE_DIR"
CONFIG_DIR = "WANDB_CONFIG_DIR"
CONFIG_PATHS = "WANDB_CONFIG_PATHS"
CORE_DEBUG = "WANDB_CORE_DEBUG"
CRASH_NOSYNC_TIME = "WANDB_CRASH_NOSYNC_TIME"
CREDENTIALS_FILE = "WANDB_CREDENTIALS_FILE"
DATA_DIR = "WANDB_DATA_DIR"
DEBUG = "WANDB_DEBUG"
DESCRIPTION = "WANDB_DESCRIPTION"
DIR = "WANDB_DIR"
DISABLE_CODE = "WANDB_DISABLE_CODE"
DISABLE_GIT = "WANDB_DISABLE_GIT"
DISABLE_SSL = "WANDB_INSECURE_DISABLE_SSL"
DOCKER = "WANDB_DOCKER"
ENABLE_DCGM_PROFILING = "WANDB_ENABLE_DCGM_PROFILING"
ENTITY = "WANDB_ENTITY"
ERROR_REPORTING = "WANDB_ERROR_REPORTING"
FILE_PUSHER_TIMEOUT = "WANDB_FILE_PUSHER_TIMEOUT"
GIT_COMMIT = "WANDB_GIT_COMMIT"
GIT_REMOTE_URL = "WANDB_GIT_REMOTE_URL"
GIT_ROOT = "WANDB_GIT_ROOT"
HOST = "WANDB_HOST"
HTTP_TIMEOUT = "WANDB_HTTP_TIMEOUT"
IDENTITY_TOKEN_FILE = "WANDB_IDENTITY_TOKEN_FILE"  # noqa: S105  (a variable's name)
IGNORE = "WANDB_IGNORE_GLOBS"
INITED = "WANDB_INITED"
INIT_TIMEOUT = "WANDB_INIT_TIMEOUT"
JOB_TYPE = "WANDB_JOB_TYPE"
JUPYTER = "WANDB_JUPYTER"
LAUNCH_QUEUE_ENTITY = "WANDB_LAUNCH_QUEUE_ENTITY"
LAUNCH_QUEUE_NAME = "WANDB_LAUNCH_QUEUE_NAME"
LAUNCH_TRACE_ID = "WANDB_LAUNCH_TRACE_ID"
MAGIC = "WANDB_MAGIC"
MODE = "WANDB_MODE"
NAME = "WANDB_NAME"
NOTEBOOK_NAME = "WANDB_NOTEBOOK_NAME"
NOTES = "WANDB_NOTES"
ORGANIZATION = "WANDB_ORGANIZATION"
PROGRAM = "WANDB_PROGRAM"
PROJECT = "WANDB_PROJECT"
QUIET = "WANDB_QUIET"
RESUME = "WANDB_RESUME"
RUN_DIR = "WANDB_RUN_DIR"
RUN_GROUP = "WANDB_RUN_GROUP"
RUN_ID = "WANDB_RUN_ID"
RUN_STORAGE_ID = "WANDB_RUN_STORAGE_ID"
SAVE_CODE = "WANDB_SAVE_CODE"
SERVICE = "WANDB_SERVICE"
SHOW_RUN = "WANDB_SHOW_RUN"
SILENT = "WANDB_SILENT"
SWEEP_ID = "WANDB_SWEEP_ID"
SWEEP_PARAM_PATH = "WANDB_SWEEP_PARAM_PATH"
TAGS = "WANDB_TAGS"
USERNAME = "WANDB_USERNAME"
USER_EMAIL = "WANDB_USER_EMAIL"
USE_V1_ARTIFACTS = "_WANDB_USE_V1_ARTIFACTS"
_EXECUTABLE = "WANDB_X_EXECUTABLE"


def strtobool(val: str) -> bool:
    """What a word says: y, yes, t, true, on, 1, or n, no, f, false, off, 0. Raises `ValueError` for others."""
    word = val.lower()
    if word in ("y", "yes", "t", "true", "on", "1"):
        return True
    if word in ("n", "no", "f", "false", "off", "0"):
        return False
    raise ValueError(f"invalid truth value {val!r}")


def immutable_keys() -> list[str]:
    """Variables that a process keeps as it found them."""
    return [
        DIR, ENTITY, PROJECT, API_KEY, IGNORE, DISABLE_CODE, DISABLE_GIT, DOCKER, MODE, BASE_URL, ERROR_REPORTING,
        CRASH_NOSYNC_TIME, MAGIC, USERNAME, USER_EMAIL, SILENT, CONFIG_PATHS, ANONYMOUS, RUN_GROUP, JOB_TYPE, TAGS,
        RESUME, AGENT_REPORT_INTERVAL, HTTP_TIMEOUT, HOST, DATA_DIR, ARTIFACT_DIR, ARTIFACT_FETCH_FILE_URL_BATCH_SIZE,
        CACHE_DIR, USE_V1_ARTIFACTS, DISABLE_SSL, IDENTITY_TOKEN_FILE, CREDENTIALS_FILE,
    ]  # fmt: skip


def is_debug(default: str | None = None, env: Environment | None = None) -> bool:
    """Whether WANDB_DEBUG asks for more in the debug logs."""
    return _says(DEBUG, default, env)


def is_offline(env: Environment | None = None) -> bool:
    """Whether WANDB_MODE is `offline`."""
    return _of(env).get(MODE) == "offline"


def is_quiet() -> bool:
    """Whether WANDB_QUIET asks for fewer lines."""
    return _says(QUIET)


def is_silent() -> bool:
    """Whether WANDB_SILENT asks for none."""
    return _says(SILENT)


def ssl_disabled() -> bool:
    """Whether certificates are not to be checked."""
    return _says(DISABLE_SSL)


def error_reporting_enabled() -> bool:
    """Always False: Pluto reports nothing to anybody."""
    return False


def core_debug(default: str | None = None) -> bool:
    """Whether WANDB_CORE_DEBUG or WANDB_DEBUG asks for more in the debug logs."""
    return _says(CORE_DEBUG, default) or is_debug()


def dcgm_profiling_enabled() -> bool:
    """Always False: there is no such profiling here."""
    return False


def should_save_code() -> bool:
    """Whether WANDB_SAVE_CODE asks for the code, and WANDB_DISABLE_CODE does not forbid it."""
    return _says(SAVE_CODE) and not _says(DISABLE_CODE)


def disable_git(env: Environment | None = None) -> bool:
    """Whether git is not to be asked: WANDB_DISABLE_GIT with any text but `false`."""
    return str(_of(env).get(DISABLE_GIT, "false")).lower() != "false"


def get_error_reporting(default: bool | str = True, env: Environment | None = None) -> bool | str:
    """What WANDB_ERROR_REPORTING says."""
    found: bool | str = _of(env).get(ERROR_REPORTING, default)
    return found


def get_run(default: str | None = None, env: Environment | None = None) -> str | None:
    """The run id of WANDB_RUN_ID."""
    return _text(RUN_ID, default, env)


def get_args(default: list[str] | None = None, env: Environment | None = None) -> list[str] | None:
    """The arguments of WANDB_ARGS, a JSON list; else those of the program."""
    text = _of(env).get(ARGS)
    if not text:
        return default or sys.argv[1:]
    try:
        found: list[str] = json.loads(text)
    except ValueError:
        return None
    return found


def get_docker(default: str | None = None, env: Environment | None = None) -> str | None:
    """The image of WANDB_DOCKER."""
    return _text(DOCKER, default, env)


def get_http_timeout(default: int = 20, env: Environment | None = None) -> int:
    """Seconds of WANDB_HTTP_TIMEOUT."""
    return int(_of(env).get(HTTP_TIMEOUT, default))


def get_file_pusher_timeout(default: int | None = None, env: Environment | None = None) -> int | None:
    """Seconds of WANDB_FILE_PUSHER_TIMEOUT."""
    found = _of(env).get(FILE_PUSHER_TIMEOUT, default)
    return int(found) if found else None


def get_ignore(default: list[str] | None = None, env: Environment | None = None) -> list[str] | None:
    """The patterns of WANDB_IGNORE_GLOBS."""
    found = _of(env).get(IGNORE)
    return default if found is None else found.split(",")


def get_project(default: str | None = None, env: Environment | None = None) -> str | None:
    """The project of WANDB_PROJECT."""
    return _text(PROJECT, default, env)


def get_username(default: str | None = None, env: Environment | None = None) -> str | None:
    """The name of WANDB_USERNAME."""
    return _text(USERNAME, default, env)


def get_user_email(default: str | None = None, env: Environment | None = None) -> str | None:
    """The address of WANDB_USER_EMAIL."""
    return _text(USER_EMAIL, default, env)


def get_entity(default: str | None = None, env: Environment | None = None) -> str | None:
    """The entity of WANDB_ENTITY."""
    return _text(ENTITY, default, env)


def get_organization(default: str | None = None, env: Environment | None = None) -> str | None:
    """The organisation of WANDB_ORGANIZATION."""
    return _text(ORGANIZATION, default, env)


def get_base_url(default: str | None = None, env: Environment | None = None) -> str | None:
    """The address of WANDB_BASE_URL, which Pluto never calls."""
    return _text(BASE_URL, default, env)


def get_app_url(default: str | None = None, env: Environment | None = None) -> str | None:
    """The address of WANDB_APP_URL, which Pluto never calls."""
    return _text(APP_URL, default, env)


def get_show_run(default: str | None = None, env: Environment | None = None) -> bool:
    """Whether WANDB_SHOW_RUN says something."""
    return bool(_of(env).get(SHOW_RUN, default))


def get_description(default: str | None = None, env: Environment | None = None) -> str | None:
    """The text of WANDB_DESCRIPTION."""
    return _text(DESCRIPTION, default, env)


def get_tags(default: str = "", env: Environment | None = None) -> list[str]:
    """The tags of WANDB_TAGS."""
    return [tag for tag in _of(env).get(TAGS, default).split(",") if tag]


def get_dir(default: str | None = None, env: Environment | None = None) -> str | None:
    """The folder of WANDB_DIR."""
    return _text(DIR, default, env)


def get_config_paths(default: str | None = None, env: Environment | None = None) -> str | None:
    """The paths of WANDB_CONFIG_PATHS, as one text."""
    return _text(CONFIG_PATHS, default, env)


def get_agent_report_interval(default: str | None = None, env: Environment | None = None) -> int | None:
    """Seconds of WANDB_AGENT_REPORT_INTERVAL."""
    return _number(AGENT_REPORT_INTERVAL, default, env)


def get_agent_kill_delay(default: str | None = None, env: Environment | None = None) -> int | None:
    """Seconds of WANDB_AGENT_KILL_DELAY."""
    return _number(AGENT_KILL_DELAY, default, env)


def get_agent_max_initial_failures(default: int | None = None, env: Environment | None = None) -> int | None:
    """How many trials may fail at first, by WANDB_AGENT_MAX_INITIAL_FAILURES."""
    found = _number(AGENT_MAX_INITIAL_FAILURES, default, env)
    return default if found is None else found


def get_crash_nosync_time(default: str | None = None, env: Environment | None = None) -> int | None:
    """Seconds of WANDB_CRASH_NOSYNC_TIME."""
    return _number(CRASH_NOSYNC_TIME, default, env)


def get_magic(default: str | None = None, env: Environment | None = None) -> str | None:
    """The text of WANDB_MAGIC."""
    return _text(MAGIC, default, env)


def get_data_dir(env: Environment | None = None) -> str:
    """The folder for data in use: WANDB_DATA_DIR, or one below Pluto's root."""
    return str(_of(env).get(DATA_DIR) or _below_root("staging"))


def get_artifact_dir(env: Environment | None = None) -> str:
    """The folder artifacts are downloaded to: WANDB_ARTIFACT_DIR, or `artifacts` in the working directory."""
    return os.path.abspath(str(_of(env).get(ARTIFACT_DIR, os.path.join(".", "artifacts"))))


def get_artifact_fetch_file_url_batch_size(env: Environment | None = None) -> int:
    """How many files are asked for at once, by WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE."""
    return int(_of(env).get(ARTIFACT_FETCH_FILE_URL_BATCH_SIZE, 5000))


def get_cache_dir(env: Environment | None = None) -> Path:
    """The folder of the cache: WANDB_CACHE_DIR, or one below Pluto's root."""
    return Path(_of(env).get(CACHE_DIR) or _below_root("cache"))


def get_use_v1_artifacts(env: Environment | None = None) -> bool:
    """Whether _WANDB_USE_V1_ARTIFACTS says something."""
    return bool(_of(env).get(USE_V1_ARTIFACTS))


def get_launch_queue_name(env: Environment | None = None) -> str | None:
    """The text of WANDB_LAUNCH_QUEUE_NAME."""
    return _text(LAUNCH_QUEUE_NAME, None, env)


def get_launch_queue_entity(env: Environment | None = None) -> str | None:
    """The text of WANDB_LAUNCH_QUEUE_ENTITY."""
    return _text(LAUNCH_QUEUE_ENTITY, None, env)


def get_launch_trace_id(env: Environment | None = None) -> str | None:
    """The text of WANDB_LAUNCH_TRACE_ID."""
    return _text(LAUNCH_TRACE_ID, None, env)


def get_credentials_file(default: str, env: Environment | None = None) -> Path:
    """The path of WANDB_CREDENTIALS_FILE, which Pluto never reads."""
    return Path(_of(env).get(CREDENTIALS_FILE, default))


def set_entity(value: str, env: Environment | None = None) -> None:
    """Sets WANDB_ENTITY."""
    _of(env)[ENTITY] = value


def set_project(value: str, env: Environment | None = None) -> None:
    """Sets WANDB_PROJECT."""
    _of(env)[PROJECT] = value or "uncategorized"


def _text(variable: str, default: str | None, env: Environment | None) -> str | None:
    found: str | None = _of(env).get(variable, default)
    return found


def _of(env: Environment | None) -> Environment:
    return os.environ if env is None else env


def _says(variable: str, default: str | None = None, env: Environment | None = None) -> bool:
    text = _of(env).get(variable, default)
    try:
        return isinstance(text, str) and strtobool(text)
    except ValueError:
        return False


def _number(variable: str, default: Any, env: Environment | None) -> int | None:
    try:
        return int(_of(env).get(variable, default))
    except (TypeError, ValueError):
        return None


def _below_root(name: str) -> Path:
    """A folder of Pluto's root for this door."""
    from pluto.core.settings import resolve

    return resolve().root / "cache" / "wandb" / name
