"""What integrations share."""

from __future__ import annotations

from typing import Union

from pluto.compat.neptune.exceptions import NeptuneLegacyIncompatibilityException
from pluto.compat.neptune.handler import Handler
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.internal.utils.paths import join_paths
from pluto.compat.neptune.metadata_containers.run import Run

__all__ = ["RunType", "expect_not_an_experiment", "join_paths", "verify_type"]

RunType = Union[Run, Handler]  # noqa: UP007  the original's object, which others compare with
"""What integrations take as a run."""


def expect_not_an_experiment(run: object) -> None:
    """Raises `NeptuneLegacyIncompatibilityException` for an experiment of the API before 1.0."""
    if type(run).__module__.startswith("neptune.legacy"):
        raise NeptuneLegacyIncompatibilityException()
