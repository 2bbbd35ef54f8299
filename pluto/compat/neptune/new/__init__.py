"""The former name of everything: what is below `neptune.new` is what is below `neptune`. Importing it warns once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final, NoReturn

from pluto.compat.neptune import (
    ANONYMOUS_API_TOKEN,
    Run,
    __version__,
    init_model,
    init_model_version,
    init_project,
    init_run,
)
from pluto.compat.neptune.common.warnings import warn_once
from pluto.compat.neptune.exceptions import NeptunePossibleLegacyUsageException
from pluto.compat.neptune.new._compatibility import CompatibilityImporter

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
]

if not any(isinstance(finder, CompatibilityImporter) for finder in sys.meta_path):
    sys.meta_path.insert(0, CompatibilityImporter())

_OPEN: Final = (
    "utils types runs_table run project metadata_containers logging handler exceptions envs constants cli attributes"
).split()
"""The modules whose names are names of this one, too; a name of several is that of the first."""


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        if name in (*_OPEN, "integrations", "version"):
            return import_module(f"{__name__}.{name}")
        for module in _OPEN:
            found = import_module(f"{__name__}.{module}")
            if name in found.__all__:
                return getattr(found, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _raise_legacy_client_expected(*args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG001  whatever it was called with
    raise NeptunePossibleLegacyUsageException


append_tag = append_tags = create_experiment = delete_artifacts = get_experiment = _raise_legacy_client_expected
log_artifact = log_image = log_metric = log_text = remove_property = remove_tag = _raise_legacy_client_expected
send_artifact = send_image = send_metric = send_text = set_property = stop = _raise_legacy_client_expected

warn_once("neptune.new is the former name of neptune: import from neptune itself")
