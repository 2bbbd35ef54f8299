"""Names of files that a run's folder has, and which files below a folder are meant."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

WANDB_DIRS = ("wandb", ".wandb")

CONDA_ENVIRONMENTS_FNAME = "conda-environment.yaml"
CONFIG_FNAME = "config.yaml"
DIFF_FNAME = "diff.patch"
EVENTS_FNAME = "wandb-events.jsonl"
HISTORY_FNAME = "wandb-history.jsonl"
METADATA_FNAME = "wandb-metadata.json"
OUTPUT_FNAME = "output.log"
REQUIREMENTS_FNAME = "requirements.txt"
SUMMARY_FNAME = "wandb-summary.json"

Choice = Callable[..., bool]
"""Takes a path, or a path and the folder looked through."""


def is_wandb_file(name: str) -> bool:
    """Whether a file of a run's folder is the run's own and not a user's."""
    own = (CONDA_ENVIRONMENTS_FNAME, CONFIG_FNAME, DIFF_FNAME, METADATA_FNAME, OUTPUT_FNAME, REQUIREMENTS_FNAME)
    return name in own or name.startswith("wandb")


def filtered_dir(root: str, include_fn: Choice, exclude_fn: Choice) -> Iterator[str]:
    """The files below a folder that are included and not excluded."""
    included, excluded = _of_two(include_fn), _of_two(exclude_fn)
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if included(path, root) and not excluded(path, root):
                yield path


def exclude_wandb_fn(path: str, root: str) -> bool:
    """Whether a file lies in the folder of runs."""
    return any(os.path.relpath(path, root).startswith(name + os.sep) for name in WANDB_DIRS)


def _of_two(choice: Any) -> Choice:
    if len(inspect.signature(choice).parameters) == 2:
        return choice  # type: ignore[no-any-return]
    return lambda path, _: choice(path)
