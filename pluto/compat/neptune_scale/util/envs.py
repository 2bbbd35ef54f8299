"""Environment variables of the client, and how their values are read."""

from __future__ import annotations

import os
from collections.abc import Sequence

PROJECT_ENV_NAME = "NEPTUNE_PROJECT"
API_TOKEN_ENV_NAME = "NEPTUNE_API_TOKEN"  # noqa: S105  the variable's name
MODE_ENV_NAME = "NEPTUNE_MODE"
LOG_DIRECTORY = "NEPTUNE_LOG_DIRECTORY"
LOG_FAILURE_ACTION = "NEPTUNE_LOG_FAILURE_ACTION"
"""What becomes of a value that can't be logged: `drop` (with a warning) or `raise`."""
LOGGER_LEVEL = "NEPTUNE_LOGGER_LEVEL"
"""`debug`, `info`, `warning`, `error`, `critical` or `none`."""
DEBUG_MODE = "NEPTUNE_DEBUG_MODE"
"""Old way to say `NEPTUNE_LOGGER_LEVEL=debug`."""
DISABLE_COLORS = "NEPTUNE_DISABLE_COLORS"

# Names that stay importable. They tuned what Pluto's own settings tune now (docs/settings.md): nothing reads them.
LOG_TIMING_THRESHOLD_MS = "NEPTUNE_LOG_TIMING_THRESHOLD_MS"
SUBPROCESS_KILL_TIMEOUT = "NEPTUNE_SUBPROCESS_KILL_TIMEOUT"
ALLOW_SELF_SIGNED_CERTIFICATE = "NEPTUNE_ALLOW_SELF_SIGNED_CERTIFICATE"
VERIFY_SSL = "NEPTUNE_VERIFY_SSL"
LOG_MAX_BLOCKING_TIME_SECONDS = "NEPTUNE_LOG_MAX_BLOCKING_TIME_SECONDS"
MAX_CONCURRENT_FILE_UPLOADS = "NEPTUNE_MAX_CONCURRENT_FILE_UPLOADS"
OPERATION_REPOSITORY_TIMEOUT_MS = "NEPTUNE_OPERATION_REPOSITORY_TIMEOUT_MS"


def get_bool(name: str, default_missing: bool, default_invalid: bool) -> bool:
    """The flag in a variable: true, 1, false or 0; a default where it is not set, another where it is neither."""
    value = os.environ.get(name)
    if value is None:
        return default_missing
    return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), default_invalid)


def get_positive_int(name: str, default: int) -> int:
    """The whole number above 0 in a variable. Raises `ValueError` for anything else."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number <= 0:
        raise ValueError(f"{name} takes a whole number above 0, not {value!r}")
    return number


def get_option(name: str, choices: Sequence[str], default: str) -> str:
    """The choice in a variable, in lower case. Raises `ValueError` for what is none of them."""
    value = os.environ.get(name, default).lower()
    if value not in choices:
        raise ValueError(f"{name} takes one of {', '.join(choices)}, not {value!r}")
    return value
