"""`pluto wandb sync`: deliver runs that were kept offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

_REFUSED: Final = {
    "id": "a run keeps its own id", "project": "a run keeps its own project", "entity": "a run keeps its own entity",
    "job_type": "a run keeps its own job type", "replace_tags": "change the run's tags with wandb.Api()",
    "clean": "what is delivered is removed by itself", "clean_force": "what is delivered is removed by itself",
    "clean_old_hours": "what is delivered is removed by itself", "skip_console": "everything of a run is delivered",
    "sync_tensorboard": "open a run with sync_tensorboard=True instead", "mark_synced": "what is delivered is known",
    "include_globs": "name the folders of the runs", "exclude_globs": "name the folders of the runs",
    "n": "name the folders of the runs",
}  # fmt: skip
_HIDDEN: Final[dict[str, Any]] = {"hidden": True, "help": "There for scripts that give it."}


def _refuse(ctx: click.Context, param: click.Parameter, value: Any) -> None:  # noqa: ARG001
    if value not in (None, False):
        raise click.UsageError(f"{param.opts[0]} has no meaning here: {_REFUSED[str(param.name)]}")


def _refused(command: Any) -> Any:
    for names, flag in (
        (("--id",), False), (("-p", "--project"), False), (("-e", "--entity"), False), (("--job-type",), False),
        (("--replace-tags",), False), (("--clean",), True), (("--clean-force",), True), (("--clean-old-hours",), False),
        (("--skip-console",), True), (("--sync-tensorboard",), True), (("--mark-synced",), True),
        (("--include-globs",), False), (("--exclude-globs",), False), (("-n",), False),
    ):  # fmt: skip
        command = click.option(*names, is_flag=flag, expose_value=False, callback=_refuse, **_HIDDEN)(command)
    return command


@click.command("sync")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would be delivered.")
@click.option("--sync-all", is_flag=True, help="All runs that were left on this machine, as without PATHS.")
@click.option("--yes", is_flag=True, help="There is no question to answer.")
@click.option("-v", "--verbose", is_flag=True, help="There is no more to be said.")
@click.option("--include-offline/--no-include-offline", default=True, **_HIDDEN)
@click.option("--include-online/--no-include-online", default=True, **_HIDDEN)
@click.option("--include-synced/--no-include-synced", default=False, **_HIDDEN)
@click.option("--no-skip-online", is_flag=True, **_HIDDEN)
@click.option("--no-skip-synced", is_flag=True, **_HIDDEN)
@click.option("--legacy", is_flag=True, **_HIDDEN)
@_refused
@click.pass_context
def sync(ctx: click.Context, /, paths: tuple[Path, ...], dry_run: bool, sync_all: bool, **_: Any) -> None:
    """Deliver runs that were kept offline, or left behind: those of PATHS, folders as `wandb/offline-run-…`, or all.

    What was delivered is never delivered twice. Exit code 3 where something is left.
    """
    from pluto.cli.sync import command

    folders = () if sync_all else tuple(folder for path in paths for folder in _of(path))
    if paths and not folders and not sync_all:
        click.echo("Nothing of these runs waits.")
        return
    ctx.invoke(command, paths=folders, folders=(), host=None, dry_run=dry_run, patience=10.0, as_json=False)


def _of(path: Path) -> list[Path]:
    """Where the runs that a run's folder, a file in it or a folder of such folders is of lie."""
    from pluto.core.leftovers import leftovers, roots

    path = path.resolve()
    path = path.parent if path.is_file() else path
    folders = [path, *path.glob("*run-*")]
    ids = {file.stem.removeprefix("run-") for folder in folders for file in folder.glob("run-*.wandb")}
    return [Path(one.folder) for root in roots() for one in leftovers(root) if one.run_id in ids and one.waiting]
