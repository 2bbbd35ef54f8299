"""`pluto wandb sweep`, `agent`, `controller`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("sweep")
@click.argument("config_yaml_or_sweep_id")
@click.option("-p", "--project", help="The project its runs go to.")
@click.option("-e", "--entity", help="Whose project it is.")
@click.option("--controller", is_flag=True, help="Choose its trials here, until it is through.")
@click.option("--verbose", is_flag=True, help="Say what the controller does.")
@click.option("--name", help="What the sweep is called.")
@click.option("--program", help="The program of its trials.")
@click.option("--settings", hidden=True, help="Of older releases.")
@click.option("--update", metavar="SWEEP", help="Give this sweep another config.")
@click.option("--stop", is_flag=True, help="No more trials; those under way go on.")
@click.option("--cancel", is_flag=True, help="No more trials; those under way are ended.")
@click.option("--pause", is_flag=True, help="No more trials for now.")
@click.option("--resume", is_flag=True, help="Go on with a paused one.")
@click.option("-R", "--prior_run", "prior_runs", multiple=True, help="Not supported.")
def sweep(
    config_yaml_or_sweep_id: str,
    project: str | None,
    entity: str | None,
    controller: bool,
    verbose: bool,
    name: str | None,
    program: str | None,
    settings: str | None,
    update: str | None,
    stop: bool,
    cancel: bool,
    pause: bool,
    resume: bool,
    prior_runs: tuple[str, ...],
) -> None:
    """Make a sweep of a YAML file, or say how one goes on."""
    from pluto.compat.wandb.sdk import wandb_sweep
    from pluto.sweeps.registry import CANCELLED, PAUSED, RUNNING, STOPPED

    if settings or prior_runs:
        raise click.UsageError("--settings and --prior_run are not supported")
    asked = [
        state for said, state in ((stop, STOPPED), (cancel, CANCELLED), (pause, PAUSED), (resume, RUNNING)) if said
    ]
    if len(asked) > 1:
        raise click.UsageError("--stop, --cancel, --pause and --resume exclude one another")
    if asked:
        registry, _ = wandb_sweep.find(config_yaml_or_sweep_id, entity, project)
        registry.state = asked[0]
        click.echo(f"Sweep {registry.sweep} is {asked[0]}.")
        return
    config = _read(Path(config_yaml_or_sweep_id))
    config.update({key: value for key, value in (("name", name), ("program", program)) if value is not None})
    if controller:
        config.setdefault("controller", {"type": "local"})
    if update is not None:
        registry, _ = wandb_sweep.find(update, entity, project)
        registry.change(wandb_sweep.check(config).declared)
        click.echo(f"Updated sweep with ID: {registry.sweep}")
    else:
        registry = wandb_sweep.create(config, entity, project)
        click.echo(f"Created sweep with ID: {registry.sweep}")
    click.echo(f"Run sweep agent with: pluto wandb agent {registry.project}/{registry.sweep}")
    if controller:
        wandb_sweep.controller(registry.sweep).run(verbose=verbose)


def _read(path: Path) -> dict[str, Any]:
    from pluto.compat.wandb.sdk.lib.config_util import load_yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} can't be read: {error}") from None
    found = load_yaml(text, path)
    if not isinstance(found, dict):
        raise click.ClickException(f"{path} holds no sweep's config")
    return found


@click.command("agent")
@click.argument("sweep_id")
@click.option("-p", "--project", help="The project, if not the sweep's own.")
@click.option("-e", "--entity", help="The entity, if not the sweep's own.")
@click.option("--count", type=click.IntRange(min=0), help="How many trials this agent makes.")
@click.option("-f", "--forward-signals", is_flag=True, help="Pass signals on to the trial's process.")
@click.option("-t", "--term-timeout", type=int, metavar="SECONDS", help="How long a trial has to end after Ctrl-C.")
@click.option("--max-consecutive-failed-runs", type=click.IntRange(min=1), help="End once so many in a row failed.")
def agent(
    sweep_id: str,
    project: str | None,
    entity: str | None,
    count: int | None,
    forward_signals: bool,
    term_timeout: int | None,
    max_consecutive_failed_runs: int | None,
) -> None:
    """Start the sweep's program for one trial after another, until the sweep is through."""
    from pluto.compat.wandb.wandb_agent import agent as run

    run(
        sweep_id,
        entity=entity,
        project=project,
        count=count,
        forward_signals=forward_signals,
        term_timeout=term_timeout,
        max_consecutive_failed_runs=max_consecutive_failed_runs,
    )


@click.command("controller")
@click.argument("sweep_id")
@click.option("--verbose", is_flag=True, help="Say what it does.")
def controller(sweep_id: str, verbose: bool) -> None:
    """Choose the trials of a sweep that was made with a local controller."""
    from pluto.compat.wandb.sdk.wandb_sweep import controller as make

    make(sweep_id).run(verbose=verbose)
