"""The names of the module that follow the run: bound to it while it is open, placeholders else."""

from __future__ import annotations

import sys
from typing import Any, Final

from pluto.compat.wandb.sdk.lib.preinit import PreInitCallable, PreInitObject

CALLS: Final = (
    "alert", "define_metric", "link_model", "log", "log_artifact", "log_model", "mark_preempting", "pin_config_keys",
    "save", "unwatch", "use_artifact", "use_model", "watch",
)  # fmt: skip
"""Methods of the run that are functions of the module, too."""


def placeholders() -> dict[str, Any]:
    """The names as they are while no run is open."""
    names: dict[str, Any] = {name: PreInitCallable(f"wandb.{name}") for name in CALLS}
    return {"run": None, "config": PreInitObject("wandb.config"), "summary": PreInitObject("wandb.summary"), **names}


def set_global(run: Any = None, **names: Any) -> None:
    """Binds the module's names to a run: its config, its summary and its methods. A name given stands instead."""
    if run is not None:
        bound = {name: getattr(run, name) for name in CALLS}
        names = {"run": run, "config": run.config, "summary": run.summary, **bound, **names}
    vars(_module()).update(names)


def unset_globals() -> None:
    """Puts the placeholders back."""
    vars(_module()).update(placeholders())


def _module() -> Any:
    return sys.modules["pluto.compat.wandb"]


def current() -> Any:
    """The run that the module's names follow, or None."""
    return vars(_module()).get("run")
