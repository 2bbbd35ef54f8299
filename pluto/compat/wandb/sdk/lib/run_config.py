"""The config a run starts with, from everywhere it may come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.wandb_config import is_artifact
from pluto.compat.wandb.sdk.wandb_helper import parse_config

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_settings import Settings
    from pluto.compat.wandb.sdk.wandb_setup import _WandbSetup


@dataclass
class RunConfig:
    """The values by name, less artifacts, which a run can only use once it is open."""

    given: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, Any] = field(default_factory=dict)
    """What a sweep has chosen, and nobody may change."""
    artifacts: dict[str, Any] = field(default_factory=dict)

    def add(self, values: dict[str, Any], into: dict[str, Any]) -> None:
        """Takes values over, unless they are there."""
        for name, value in values.items():
            (self.artifacts if is_artifact(value) else into).setdefault(name, value)


def gather(
    session: _WandbSetup,
    settings: Settings,
    config: Any,
    include: list[str] | None,
    exclude: list[str] | None,
) -> RunConfig:
    """What files, `init` and the sweep say. Raises `ConfigError`, `TypeError`, and `UsageError` for both filters."""
    for name, keys in (("exclude", exclude), ("include", include)):
        if keys:
            termwarn(
                f"config_{name}_keys is deprecated. Use"
                f" `config=wandb.helper.parse_config(config_object, {name}=('key',))` instead.",
                repeat=False,
            )
    given = parse_config({} if config is None else config, include=include, exclude=exclude)
    found = RunConfig()
    found.add(session.config, found.given)
    found.add(given, found.given)
    if session._sweep_config:
        found.add(session._sweep_config, found.sweep)
    own: dict[str, Any] = {}
    if settings.save_code and settings.program_relpath:
        own["code_path"] = f"code/{settings.program_relpath}"
    moment = settings.fork_from or settings.resume_from
    if moment is not None:
        own["branch_point"] = {"run_id": moment.run, "step": moment.value}
    found.given["_wandb"] = own
    return found
