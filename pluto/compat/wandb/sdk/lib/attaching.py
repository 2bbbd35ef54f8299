"""Writing to a run that another process has open."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pluto.compat.wandb.errors.errors import UsageError
from pluto.compat.wandb.sdk.lib import module
from pluto.compat.wandb.sdk.lib.engine import RunOp
from pluto.compat.wandb.sdk.lib.settings_table import FIELDS
from pluto.core import shutdown
from pluto.core.distributed import Ranks
from pluto.core.identity import Identity
from pluto.core.recorder import Opening
from pluto.core.settings import resolve

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run

_SETTINGS = (
    "entity", "mode", "project", "resumed", "root_dir", "run_group", "run_id", "run_job_type", "run_name", "run_notes",
    "run_tags", "sweep_id", "use_dot_wandb", "x_files_dir", "x_start_time", "x_sync_dir_suffix",
)  # fmt: skip


def facts(run: Run) -> dict[str, Any]:
    """What another process has to know to write to a run."""
    settings = {name: getattr(run._settings, name) for name in _SETTINGS if name in FIELDS}
    config = json.loads(msgspec.json.encode(run._config._items, enc_hook=str))
    engine = run.__dict__.get("_op")
    place = {} if engine is None else {"dir": str(engine.settings.root), "host": engine.settings.host}
    return {"settings": settings, "config": config, "place": place}


def announce(run: Run) -> None:
    """Lets processes of this machine find the run by its id, as long as it is open."""
    path = _file(run.id)
    with contextlib.suppress(OSError):
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(facts(run)))


def withdraw(run: Run) -> None:
    """The run is over: nobody finds it any more."""
    with contextlib.suppress(OSError):
        _file(run.id).unlink()


def find(run_id: str) -> dict[str, Any]:
    """What a process has told of a run it has open. Raises `UsageError` where none has."""
    try:
        found: dict[str, Any] = msgspec.json.decode(_file(run_id).read_bytes())
    except (OSError, msgspec.DecodeError):
        raise UsageError(f"Unable to attach to run {run_id}: no process of this machine has it open") from None
    return found


def attached(run_id: str) -> Run:
    """A run that another process has open, for this process; the module's names follow it."""
    from pluto.compat.wandb.sdk.wandb_run import Run

    run = Run.__new__(Run)
    attach(run, find(run_id))
    return run


def attach(run: Run, told: dict[str, Any]) -> None:
    """Makes a run object write to the run that another process has told of."""
    from pluto.compat.wandb.sdk.lib.opening import full_project
    from pluto.compat.wandb.sdk.wandb_settings import Settings
    from pluto.compat.wandb.sdk.wandb_setup import singleton

    finished = bool(run.__dict__.get("_is_finished"))
    run.__dict__.pop("_attach_facts", None)
    settings = Settings(**{name: value for name, value in told["settings"].items() if value is not None})
    type(run).__init__(run, settings)
    run._config._items.update(told["config"])
    run._own_config.update(run._config._items.get("_wandb") or {})
    run._config._items["_wandb"] = run._own_config
    run._is_attached, run._is_finished = True, finished
    place = told["place"]
    engine = resolve(
        None, dir=place.get("dir"), host=place.get("host"), mode="offline" if settings._offline else "online",
        disable_console=True, disable_system_metrics=True,
    )  # fmt: skip
    opening = Opening(
        settings=engine,
        identity=Identity(settings.run_id),
        project=full_project(settings.entity, settings.project),
        name=settings.run_name or "",
        config={},
        tags=[],
        notes=None,
        ranks=Ranks(rank=1, world_size=2),
        first_step=0,
    )
    run._begin(RunOp(opening, shutdown.wandb(), leave_status=True))
    run._rows.joined()
    run._op.start()
    module.set_global(run)
    singleton().add_active_run(run)
    run._ready()


def _file(run_id: str) -> Path:
    return resolve().root / "cache" / "wandb" / "open" / f"{os.path.basename(run_id)}.json"
