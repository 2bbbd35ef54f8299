"""What keeps fields for good: a run of Pluto's, in the local store or on a server.

`async` writes to the journal and tells what went wrong in the log; `sync` waits for each write and raises; `offline`
writes to a journal of its own, and can't read.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlencode

from pluto.compat.attributes.kinds import AttributeKind, GitCommit, TrackedFiles
from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.envs import NEPTUNE_SYNC_AFTER_STOP_TIMEOUT
from pluto.compat.neptune.exceptions import (
    FileUploadError,
    MetadataInconsistency,
    NeptuneException,
    NeptuneOfflineModeFetchException,
    NeptuneSynchronizationAlreadyStoppedException,
)
from pluto.compat.neptune.internal import data_directory
from pluto.compat.neptune.internal.backends.backend import Backend, Operation, Point
from pluto.compat.neptune.internal.backends.stored import StoredFields
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.disk_usage import DiskLimit
from pluto.compat.neptune.internal.file_sets import matched
from pluto.compat.neptune.internal.init.parameters import DEFAULT_STOP_TIMEOUT
from pluto.compat.neptune.internal.types.file_types import FileType
from pluto.compat.neptune.internal.utils.logger import get_disabled_logger, get_logger

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeWriter
    from pluto.compat.attributes.values import StoredFile
    from pluto.compat.neptune.types import File
    from pluto.core.op import Op

__all__ = ["OfflineBackend", "PlutoBackend", "SyncBackend"]

_TAGS: Final = {"sys/tags": False, "sys/group_tags": True}
"""Sets of texts that are kept, and whether they are tags of a group."""
_GIVEN: Final = frozenset(
    f"sys/{name}"
    for name in "id state owner creation_time modification_time ping_time running_time monitoring_time size trashed"
    " visibility model_id".split()
)
"""Fields that the store sets."""
