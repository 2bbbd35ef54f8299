"""`pluto wandb pull`."""

from __future__ import annotations

import click

from pluto.cli.wandb.workspace import settings


@click.command("pull")
@click.argument("run")
@click.option("-p", "--project", help="The run's project.")
@click.option("-e", "--entity", help="Whose project it is.")
def pull(run: str, project: str | None, entity: str | None) -> None:
    """Download the files of RUN, `[[entity/]project/]id`, into this folder. Those that are there already stay."""
    import pluto.compat.wandb as wandb

    known = settings()
    *place, run_id = run.split("/")
    project = place[-1] if place else project or known.project
    entity = place[0] if len(place) == 2 else entity or known.entity
    if not project:
        raise click.UsageError("the run's project: give -p, or RUN as project/id")
    found = wandb.Api().run("/".join(part for part in (entity, project, run_id) if part))
    for file in found.files():
        click.echo(f"File {file.name}")
        file.download(exist_ok=True)
