"""`pluto delete`."""

from __future__ import annotations

import click

from pluto.cli import output


@click.command("delete")
@click.argument("project")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@output.place
@output.as_json
def command(
    project: str, runs: tuple[str, ...], yes: bool, dry_run: bool, host: str | None, folder: str | None, as_json: bool
) -> None:
    """Delete RUNs of PROJECT with everything logged to them. There is no way back.

    RUN is a display id (DIG-1), the id the script gave, or the server's number.
    """
    from pluto.query import Client

    if as_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing: give --yes or --dry-run with it")
    with output.reading(), Client(settings=output.settings_of(host, folder)) as client:
        found = [client.get_run(project, run) for run in runs]
        if not as_json:
            columns = ["run", "name", "status", "created"]
            output.print_table(columns, [[r["displayId"], r["name"], r["status"], r["createdAt"]] for r in found])
        if not dry_run:
            if not yes:
                click.confirm(
                    f"Delete {len(found)} {'run' if len(found) == 1 else 'runs'} for good?", abort=True, err=True
                )
            with output.progress("deleting", len(found)) as done:
                for index, run in enumerate(found):
                    client.delete_run(project, run["id"])
                    done(index + 1)
    if as_json:
        output.print_json([{"id": r["id"], "displayId": r["displayId"], "deleted": not dry_run} for r in found])
