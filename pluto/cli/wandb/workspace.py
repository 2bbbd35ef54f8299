"""The settings of W&B scripts that are run in this folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.settings_file import SettingsFiles


def settings() -> Any:
    """What a run started here would have."""
    from pluto.compat.wandb.sdk.wandb_setup import singleton

    return singleton().settings


@contextlib.contextmanager
def changed() -> Iterator[SettingsFiles]:
    """The settings files, written at the end of the block. Raises `wandb.Error` where they can't be."""
    from pluto.compat.wandb.sdk.lib.settings_file import SettingsFiles

    found = settings()
    system = Path(found.settings_system).expanduser() if found.settings_system else None
    files = SettingsFiles(global_settings=system, local_settings=Path(found.settings_workspace))
    yield files
    files.save()
