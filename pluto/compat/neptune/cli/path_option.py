"""The option --path."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pluto.compat.neptune.constants import NEPTUNE_DATA_DIRECTORY
from pluto.compat.neptune.internal.data_directory import data_directory

__all__ = ["path_option"]


def get_neptune_path(ctx: click.Context, param: click.Parameter, path: str) -> Path:  # noqa: ARG001  click's signature
    """The data directory that is meant: in this folder, or the folder itself. Raises `click.BadParameter`.

    Where files are named, it is not looked for.
    """
    folder = Path(path)
    if ctx.params.get("files"):
        return folder
    configured = data_directory()
    if (folder / NEPTUNE_DATA_DIRECTORY).is_dir():
        return folder / NEPTUNE_DATA_DIRECTORY
    if folder.is_dir() and folder.name == NEPTUNE_DATA_DIRECTORY:
        return folder
    if configured.is_dir() and folder.resolve() in (configured.resolve(), Path.cwd().resolve()):
        return configured
    raise click.BadParameter(f"there is no folder {NEPTUNE_DATA_DIRECTORY} in {folder}")


path_option = click.option(
    "--path",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    default=os.getcwd,
    callback=get_neptune_path,
    metavar="<location>",
    help="folder that holds the folder .neptune  [default: the current one]",
)
