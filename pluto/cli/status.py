"""`pluto status`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pluto.cli import output

if TYPE_CHECKING:
    from pluto.core.leftovers import Leftover


@click.command("status")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Only this root.  [default: all in use]"
)
@output.as_json
def command(folder: Path | None, as_json: bool) -> None:
    """Show what has not been delivered: runs that are going on, offline, or were left behind.

    `pluto sync` delivers it. Exit code 3 where something waits that no process is working on.
    """
    from pluto.core.leftovers import leftovers, roots

    found = [leftover for root in ([folder.absolute()] if folder else roots()) for leftover in leftovers(root)]
    if as_json:
        output.print_json([dataclasses.asdict(leftover) for leftover in found])
    elif not found:
        click.echo("Everything is delivered.")
    else:
        columns = ["project", "run", "records", "files", "size", "to", "state"]
        rows = [
            [
                one.project,
                one.run_id or Path(one.folder).name,
                one.records,
                one.files,
                size(one.bytes),
                one.target,
                state,
            ]
            for one in found
            for state in [_state(one)]
        ]
        output.print_table(columns, rows)
        if any(one.waiting and not one.alive for one in found):
            click.echo("\n`pluto sync` delivers what waits.")
    if any(one.waiting and not one.alive for one in found):
        raise SystemExit(output.LEFT)


def _state(one: Leftover) -> str:
    parts = ["running" if one.alive else "left behind" if one.waiting else "delivered"]
    if one.mode == "offline":
        parts.append("offline")
    if one.poisoned:
        parts.append(f"{one.poisoned} refused, see {one.folder}")
    if one.problem:
        parts.append(one.problem)
    return ", ".join(parts)


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
