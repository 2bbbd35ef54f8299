"""The former name of everything: what is below `neptune.new` is what is below `neptune`. Importing it warns once."""

import sys
from typing import Any, NoReturn

from pluto.compat.neptune.new._compatibility import CompatibilityImporter

if not any(isinstance(finder, CompatibilityImporter) for finder in sys.meta_path):
    sys.meta_path.insert(0, CompatibilityImporter())

from pluto.compat.neptune import (
    ANONYMOUS_API_TOKEN,
    Run,
    __version__,
    init_model,
    init_model_version,
    init_project,
    init_run,
)
from pluto.compat.neptune.attributes import *
from pluto.compat.neptune.cli import *
from pluto.compat.neptune.common.warnings import warn_once
from pluto.compat.neptune.constants import *
from pluto.compat.neptune.envs import *
from pluto.compat.neptune.exceptions import *
from pluto.compat.neptune.exceptions import NeptunePossibleLegacyUsageException
from pluto.compat.neptune.logging import *
from pluto.compat.neptune.metadata_containers import *
from pluto.compat.neptune.new.project import *
from pluto.compat.neptune.new.run import *
from pluto.compat.neptune.new.runs_table import *
from pluto.compat.neptune.types import *
from pluto.compat.neptune.utils import stringify_unsupported

__all__ = [
    "ANONYMOUS_API_TOKEN",
    "NeptunePossibleLegacyUsageException",
    "Run",
    "__version__",
    "append_tag",
    "append_tags",
    "create_experiment",
    "delete_artifacts",
    "get_experiment",
    "init_model",
    "init_model_version",
    "init_project",
    "init_run",
    "log_artifact",
    "log_image",
    "log_metric",
    "log_text",
    "remove_property",
    "remove_tag",
    "send_artifact",
    "send_image",
    "send_metric",
    "send_text",
    "set_property",
    "stop",
    "stringify_unsupported",
]


def _raise_legacy_client_expected(*args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG001  whatever it was called with
    raise NeptunePossibleLegacyUsageException


append_tag = append_tags = create_experiment = delete_artifacts = get_experiment = _raise_legacy_client_expected
log_artifact = log_image = log_metric = log_text = remove_property = remove_tag = _raise_legacy_client_expected
send_artifact = send_image = send_metric = send_text = set_property = stop = _raise_legacy_client_expected

warn_once("neptune.new is the former name of neptune: import from neptune itself")
