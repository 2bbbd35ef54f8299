"""Constants of the API."""

from typing import Final

__all__ = [
    "ANONYMOUS_API_TOKEN",
    "ASYNC_DIRECTORY",
    "MAX_32_BIT_INT",
    "MIN_32_BIT_INT",
    "NEPTUNE_DATA_DIRECTORY",
    "OFFLINE_DIRECTORY",
    "OFFLINE_NAME_PREFIX",
    "SYNC_DIRECTORY",
]

ANONYMOUS_API_TOKEN: Final = "ANONYMOUS"  # noqa: S105  not a secret: it stands for "no account"
NEPTUNE_DATA_DIRECTORY: Final = ".neptune"
OFFLINE_DIRECTORY: Final = "offline"
ASYNC_DIRECTORY: Final = "async"
SYNC_DIRECTORY: Final = "sync"
OFFLINE_NAME_PREFIX: Final = "offline/"
MAX_32_BIT_INT: Final = 2**31 - 1
MIN_32_BIT_INT: Final = -(2**31)
