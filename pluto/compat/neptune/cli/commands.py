"""The commands sync, status and clear."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import click

from pluto.compat.neptune.cli.delivery import sync_all, sync_selected
from pluto.compat.neptune.cli.objects import Unsent, collect, mention_strangers
from pluto.compat.neptune.cli.path_option import path_option
from pluto.compat.neptune.envs import PROJECT_ENV_NAME

__all__ = ["clear", "status", "sync"]

_LEFT = 3
"""Exit code where something is left, as of `pluto sync`."""
_ABOUT_OFFLINE = (
    "Runs of offline mode belong to no project yet, and are called by unique ids. Name the project they shall go to"
    f" with the --project flag of `pluto neptune sync`, or in the environment variable {PROJECT_ENV_NAME}."
)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[FILE]...", is_eager=True)
@path_option
@click.option(
    "--object",
    "object_names",
    multiple=True,
    metavar="<object-name>",
    help="only this object: workspace/project/ID, or offline/<unique id>; may be repeated",
)
@click.option("-p", "--project", "project_name", metavar="project-name", help="workspace/project for offline runs")
@click.option("--offline-only", is_flag=True, help="only runs of offline mode")
def sync(
    files: tuple[Path, ...], path: Path, object_names: tuple[str, ...], project_name: str | None, offline_only: bool
) -> None:
    """Deliver what the runs of a folder have left in its `.neptune`.

    Runs of offline mode become new runs of the project that is named; the others go on where they began. FILE is the
    run_operations.sqlite3 of a neptune_scale run. Exit code 3 where something is left.

    \b
    pluto neptune sync
    pluto neptune sync --path foo/bar --project workspace/project
    pluto neptune sync --object workspace/project/NPT-42
    pluto neptune sync --project workspace/project --object offline/a1561719-b425-4000-a65a-b5efb044d6bb
    pluto neptune sync --project workspace/project --offline-only
    """  # noqa: D301  click's mark for lines to be left as they are
    if offline_only and object_names:
        raise click.BadParameter("--object and --offline-only are mutually exclusive")
    if files:
        _sync_files(files)
        return
    mention_strangers(path)
    if object_names:
        done = sync_selected(path, project_name, object_names)
    else:
        done = sync_all(path, project_name, offline_only=offline_only)
    if not done:
        raise SystemExit(_LEFT)


@click.command()
@path_option
def status(path: Path) -> None:
    """List what the runs of a folder have left in its `.neptune`.

    \b
    pluto neptune status
    pluto neptune status --path foo/bar

    Exit code 1 where there is nothing.
    """  # noqa: D301
    mention_strangers(path)
    objects = list(collect(path))
    if not objects:
        click.echo(f"There are no Neptune objects in {path}")
        raise SystemExit(1)
    waiting = [one for one in objects if not one.delivered]
    _list_unsent([one for one in waiting if not one.offline])
    offline = [one for one in waiting if one.offline]
    _list_offline(offline)
    if offline:
        click.echo(f"\n{textwrap.fill(_ABOUT_OFFLINE, width=90)}")
    if all(one.offline for one in waiting):
        click.echo(f"\nThere are no unsynchronized objects in {path}")
    if not any(one.delivered for one in objects):
        click.echo(f"\nThere are no synchronized objects in {path}")
    click.echo("\nPlease run with the `pluto neptune sync --help` to see example commands.")


@click.command()
@path_option
def clear(path: Path) -> None:
    """Clear `.neptune` of what is delivered; list the rest, and delete it for good where that is wished.

    \b
    pluto neptune clear
    pluto neptune clear --path foo/bar

    What the neptune package has left stays.
    """  # noqa: D301
    mention_strangers(path)
    objects = list(collect(path))
    for one in objects:
        if one.delivered:
            one.delete()
    unsent = [one for one in objects if not one.delivered and not one.offline]
    offline = [one for one in objects if not one.delivered and one.offline]
    if not unsent and not offline:
        return
    for listing, listed in ((_list_unsent, unsent), (_list_offline, offline)):
        if listed:
            click.echo()
            listing(listed)
    if click.confirm("\nDo you want to delete the listed metadata?"):
        for one in offline + unsent:
            if not one.delete():
                click.echo(f"{one.name} stays: a process is writing or delivering it")


def _sync_files(files: Sequence[Path]) -> None:
    from pluto.compat.neptune_scale.cli.commands import sync as sync_of_scale

    left = 0
    for file in files:
        try:
            sync_of_scale.main([str(file)], prog_name="pluto neptune sync", standalone_mode=False)
        except SystemExit as error:
            left = int(error.code or 0)
    if left:
        raise SystemExit(left)


def _list_unsent(objects: Sequence[Unsent]) -> None:
    if objects:
        click.echo("Unsynchronized objects:")
        for one in objects:
            click.echo(f"- {one.name}")


def _list_offline(objects: Sequence[Unsent]) -> None:
    if objects:
        click.echo("Unsynchronized offline objects:")
        for one in objects:
            click.echo(f"- {one.name}")
