"""`wandb.sweep` makes a sweep, `wandb.controller` what chooses its trials here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.errors import UnsupportedError, UsageError
from pluto.compat.wandb.sdk.lib.opening import full_project
from pluto.compat.wandb.sdk.wandb_setup import singleton
from pluto.core.settings import resolve
from pluto.sweeps import config as schema
from pluto.sweeps.registry import Registry

if TYPE_CHECKING:
    from pluto.compat.wandb.wandb_controller import _WandbController

UNCATEGORIZED = "uncategorized"


class InvalidSweepConfigError(UsageError, ValueError):
    """A sweep's config that can't be used; the text begins with the field."""


def sweep(
    sweep: dict[str, Any] | Callable[[], dict[str, Any]],
    entity: str | None = None,
    project: str | None = None,
    prior_runs: list[str] | None = None,
) -> str:
    """The id of a new sweep, for `agent`. It lies under Pluto's root, where agents of this machine share it.

    Args:
        sweep: The config: `method`, `parameters`, `metric`, `early_terminate`, `run_cap`, `program`, `command`; or a
            function that gives it.
        entity: Whose project its runs go to.
        project: The project; without one the config's, the session's, or `uncategorized`.
        prior_runs: Not supported: trials that a sweep has not made itself.

    Raises:
        UsageError: a config that can't be used; its text begins with the field. It is a `ValueError`, too.
        TypeError: a config that is no dict.
        UnsupportedError: `prior_runs`.
    """
    given = sweep() if callable(sweep) else sweep
    if prior_runs:
        raise UnsupportedError(
            "prior_runs: a sweep counts only the trials of its own agents; leave prior_runs away, and give the best"
            " values of earlier runs as `values` of the parameters"
        )
    registry = create(given, entity, project)
    print("Create sweep with ID:", registry.sweep)  # noqa: T201  as scripts that read it expect
    return registry.sweep


def create(given: Any, entity: str | None, project: str | None) -> Registry:
    """A new sweep. What is named here holds for later calls of this process, too."""
    checked = check(given)
    project = project or checked.project
    entity = entity or checked.declared.get("entity")
    if entity:
        env.set_entity(entity)
    if project:
        env.set_project(project)
    settings = singleton().settings
    where = full_project(entity or settings.entity, project or settings.project or UNCATEGORIZED)
    return Registry.create(resolve().root, checked.declared, where)


def check(given: Any) -> schema.SweepConfig:
    """The config in a form to work with. Raises `UsageError`, and `TypeError` for what is no dict."""
    try:
        if isinstance(given, Mapping) and "method" not in given:
            raise schema.SweepConfigError(f"method: is missing; it is one of {', '.join(schema.METHODS)}")
        return schema.check(given)
    except schema.SweepConfigError as error:
        raise InvalidSweepConfigError(f"Invalid sweep config: {error}") from error


def find(sweep_id: str, entity: str | None = None, project: str | None = None) -> tuple[Registry, str | None]:
    """A sweep by `id`, `project/id` or `entity/project/id`, and where its runs are to go, if that is said.

    Raises `UsageError` where there is none.
    """
    parts = str(sweep_id).split("/")
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise UsageError(
            f"Expected sweep_id in form of sweep, project/sweep, or entity/project/sweep, not {sweep_id!r}"
        )
    project = parts[-2] if len(parts) > 1 else project
    entity = parts[0] if len(parts) == 3 else entity
    try:
        registry = Registry(resolve().root, parts[-1])
    except ValueError as error:
        raise UsageError(str(error)) from None
    own_entity, _, own_project = (registry.project or "").rpartition("/")
    if not project and not entity:
        return registry, None
    return registry, full_project(entity or own_entity or None, project or own_project or UNCATEGORIZED)


def controller(
    sweep_id_or_config: str | dict[str, Any] | None = None, entity: str | None = None, project: str | None = None
) -> _WandbController:
    """What chooses the trials of a sweep whose config has `controller: {"type": "local"}`.

    `sweep_id_or_config` is a sweep's id, or a config, of which a sweep is made; without one, use its `configure_…`
    methods and `create()`.
    """
    from pluto.compat.wandb.wandb_controller import _WandbController

    return _WandbController(sweep_id_or_config, entity, project)
