"""Names of environment variables that go back to the first API."""

from typing import Final

API_TOKEN_ENV_NAME: Final = "NEPTUNE_API_TOKEN"  # noqa: S105  the name of the variable, no token
NEPTUNE_RETRIES_TIMEOUT_ENV: Final = "NEPTUNE_RETRIES_TIMEOUT"
PROJECT_ENV_NAME: Final = "NEPTUNE_PROJECT"
NOTEBOOK_ID_ENV_NAME: Final = "NEPTUNE_NOTEBOOK_ID"
NOTEBOOK_PATH_ENV_NAME: Final = "NEPTUNE_NOTEBOOK_PATH"
BACKEND: Final = "NEPTUNE_BACKEND"
