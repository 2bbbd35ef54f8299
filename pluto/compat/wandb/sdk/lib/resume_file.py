"""Which run `resume="auto"` goes on with: the file `wandb-resume.json` names the one that was open last."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.runid import generate_id

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_settings import Settings


def resume_id(settings: Settings) -> str:
    """The id of a run none was named for: of the one to go on with, or a new one."""
    before = _read(settings) if settings.resume == "auto" else None
    if before is not None:
        return before
    return settings.resume_from.run if settings.resume_from is not None else generate_id()


def note(settings: Settings) -> None:
    """Writes down which run is open, where it is to be gone on with; else forgets the one that was."""
    path = Path(settings.resume_fname)
    if settings.resume is None:
        clear(settings)
    elif settings.resume == "auto":
        before = _read(settings)
        if before is not None and before != settings.run_id:
            termwarn(f"Ignoring ID {before} of resume='auto' because the run ID is set to {settings.run_id}.")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"run_id": settings.run_id}), encoding="utf-8")


def clear(settings: Settings) -> None:
    """Forgets the run: it finished, or another one has begun."""
    with contextlib.suppress(OSError):
        os.unlink(settings.resume_fname)


def _read(settings: Settings) -> str | None:
    try:
        found = json.loads(Path(settings.resume_fname).read_bytes())
        return str(found["run_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
