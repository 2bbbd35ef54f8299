"""The command sync."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pluto.compat.neptune_scale.cli.sync import sync_all
from pluto.compat.neptune_scale.util.envs import API_TOKEN_ENV_NAME

__all__ = ["sync"]

_LEFT = 3
"""Exit code where something is left, as of `pluto sync`."""


@click.group()
def main() -> None:
    """Deliver what runs have left behind."""


@main.command()
@click.argument(
    "run_log_file", type=click.Path(exists=True, dir_okay=False, resolve_path=True), metavar="<run-log-file>"
)
@click.option(
    "--api-token",
    "api_token",
    default=os.environ.get(API_TOKEN_ENV_NAME),
    metavar="<api-token>",
    help="Accepted, and selects nothing: runs go where Pluto's settings say.",
)
@click.option("--timeout", type=float, default=None, help="Seconds to try at most.  [default: while it gets on]")
def sync(run_log_file: str, api_token: str | None, timeout: float | None) -> None:  # noqa: ARG001
    """Deliver a run, offline ones included.

    <run-log-file> is the run_operations.sqlite3 in the folder of the run under .neptune. Exit code 3 where something is
    left.
    """
    try:
        delivered = sync_all(Path(run_log_file), timeout=timeout)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if not delivered:
        raise SystemExit(_LEFT)


if __name__ == "__main__":
    main()
