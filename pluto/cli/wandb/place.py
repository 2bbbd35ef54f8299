"""`pluto wandb login`, `init`, `status`: where runs go."""

from __future__ import annotations

import json

import click

from pluto.cli.wandb.workspace import changed, settings


@click.command("login")
@click.argument("key", nargs=-1)
@click.option("--host", "--base-url", metavar="SERVER", help="The Pluto server.")
@click.option("--cloud", is_flag=True, hidden=True, help="There is none.")
@click.option("--anonymously", is_flag=True, hidden=True, help="There is no cloud.")
@click.option("--relogin", is_flag=True, help="Ask for the key, even if one is kept.")
@click.option("--verify/--no-verify", default=True, help="Try the key; a Pluto key is always tried.")
@click.pass_context
def login(
    ctx: click.Context,
    key: tuple[str, ...],
    host: str | None,
    cloud: bool,
    anonymously: bool,
    relogin: bool,  # noqa: ARG001  the key is asked for in any case
    verify: bool,  # noqa: ARG001
) -> None:
    """Keep the key of a Pluto server, as `pluto login` does. Keys of W&B mean nothing here."""
    from pluto.cli.login import command

    if cloud or anonymously:
        raise click.UsageError("there is no cloud to log in to: --host names your Pluto server")
    if len(key) > 1:
        raise click.UsageError("there is one key")
    ctx.invoke(command, key=key[0] if key else None, from_stdin=False, host=host, folder=None, as_json=False)


@click.command("init")
@click.option("-p", "--project", help="The project of runs that start in this folder.")
@click.option("-e", "--entity", help="Whose project it is.")
@click.option("--reset", is_flag=True, help="Forget what was set for this folder.")
@click.option("-m", "--mode", type=click.Choice(["online", "offline", "disabled"]), help="The mode of its runs.")
def init(project: str | None, entity: str | None, reset: bool, mode: str | None) -> None:
    """Set project, entity and mode of W&B scripts that are run in this folder."""
    if not (project or entity or reset or mode):
        project = click.prompt("Project", default=settings().project or "uncategorized")
    with changed() as files:
        if reset:
            for name in ("entity", "project", "mode", "base_url"):
                files.clear(name)
        for name, value in (("project", project), ("entity", entity), ("mode", mode)):
            if value:
                files.set(name, value)
    click.echo("This directory is configured." if not reset else "This directory is no longer configured.")


@click.command("status")
@click.option("--settings/--no-settings", "shown", default=True, help="Show the settings.")
def status(shown: bool) -> None:
    """Show the settings of W&B scripts that are run in this folder, and where their runs go."""
    from pluto.core.settings import resolve

    if shown:
        found = settings()
        names = ("project", "entity", "mode", "run_group", "run_job_type", "root_dir", "console", "settings_workspace")
        click.echo("Current Settings")
        click.echo(json.dumps({name: getattr(found, name) for name in names}, indent=2, default=str))
    target = resolve().target()
    click.echo(f"Runs go to {getattr(target, 'app', None) or getattr(target, 'store', target)}")
