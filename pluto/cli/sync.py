"""`pluto sync`."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pluto.cli import output

if TYPE_CHECKING:
    from pluto.core.leftovers import Leftover


@click.command("sync")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[PATH]...")
@click.option(
    "--dir",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The same as PATH.",
)
@click.option("--to", "host", metavar="SERVER", help="Deliver there what has not been begun elsewhere; `local`: here.")
@click.option("--dry-run", is_flag=True, help="Only show what would be delivered.")
@click.option(
    "--patience",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to try a server that does not answer.",
)
@output.as_json
def command(
    paths: tuple[Path, ...], folders: tuple[Path, ...], host: str | None, dry_run: bool, patience: float, as_json: bool
) -> None:
    """Deliver what was left behind on this machine, offline runs included.

    PATH is a root, or the folder of a run as `pluto status --json` names it; without any, all roots in use. Each run
    goes where it was meant to go, with the key that `pluto login` keeps now; one that was kept offline while no server
    was configured goes to the one configured now. Exit code 3 where something is left.
    """
    from pluto.core.leftovers import await_others, of_path, roots

    found = [one for path in ([*paths, *folders] or roots()) for one in of_path(path.absolute())]
    found = [_redirected(one, host, dry_run) if host is not None or _is_undecided(one) else one for one in found]
    if dry_run:
        _report(found, {}, as_json, "would be delivered")
        return
    left = _deliver(found, patience)
    await_others([Path(one.folder) for one in found if not one.alive and one.folder not in left], patience)
    remaining = [
        fresh for one in found for fresh in of_path(Path(one.folder)) if Path(fresh.folder).is_dir() and fresh.waiting
    ]
    gone = {one.folder for one in found} - {one.folder for one in remaining}
    _report([one for one in found if one.folder in gone], left, as_json, "delivered", remaining)
    if any(not one.alive for one in remaining):
        raise SystemExit(output.LEFT)


def _deliver(found: Sequence[Leftover], patience: float) -> dict[str, str]:
    """Delivers, and gives what could not be: run folder → why."""
    from pluto.core.uploader.loop import deliver

    by_sync: dict[Path, list[Leftover]] = defaultdict(list)
    for one in found:
        by_sync[Path(one.folder).parent.parent].append(one)
    left = {Path(one.folder).name: one.records + one.files for one in found}
    total = sum(left.values())
    problems: dict[str, str] = {}
    with output.progress("delivering", total) as done:
        for sync, runs in by_sync.items():
            names = frozenset(Path(one.folder).name for one in runs)

            def tell(name: str, count: int) -> None:
                left[name] = min(left.get(name, 0), count)
                done(total - sum(left.values()))

            answers = deliver(sync, only=names, progress=tell, patience_s=patience)
            problems.update({str(sync / "runs" / name): why for name, why in answers.items()})
            for name in names - set(answers):
                tell(name, 0)
    return problems


def _is_undecided(one: Leftover) -> bool:
    """Whether a run was kept offline with no server in sight, and there is one now."""
    from pluto.core.settings import Remote, resolve
    from pluto.core.uploader.writer import read_json

    folder = Path(one.folder)
    return (
        one.mode == "offline"
        and read_json(folder / "run.json").get("target", {}).get("kind") == "local"
        and not read_json(folder.parent.parent / "receipts" / f"{folder.name}.json").get("run")
        and isinstance(resolve(dir=one.root).target(), Remote)
    )


def _redirected(one: Leftover, host: str | None, dry_run: bool) -> Leftover:
    """The run, bound for another server; as it was where a server has it already or a process is at work on it."""
    from pluto.core.leftovers import place_of, redirect
    from pluto.core.run_folder import description
    from pluto.core.settings import resolve
    from pluto.core.uploader.writer import read_json

    settings = resolve(dir=one.root, host=host)
    folder = Path(one.folder)
    receipt = read_json(folder.parent.parent / "receipts" / f"{folder.name}.json")
    if one.alive or receipt.get("run"):
        click.echo(f"pluto: {one.folder} is begun at {one.target} and goes on there", err=True)
        return one
    if dry_run:
        target: str | None = place_of(description(settings, settings.target(), one.project, one.run_id)["target"])
    else:
        target = redirect(folder, settings)
    if target is None:
        click.echo(f"pluto: {one.folder} is being delivered to {one.target}", err=True)
        return one
    return dataclasses.replace(one, target=target)


def _report(
    found: Sequence[Leftover],
    problems: dict[str, str],
    as_json: bool,
    done: str,
    remaining: Sequence[Leftover] = (),
) -> None:
    rows: list[dict[str, Any]] = [{**dataclasses.asdict(one), "state": done} for one in found]
    for one in remaining:
        why = problems.get(one.folder) or one.problem
        working = "a process is working on it" if one.alive else "another process is delivering it"
        rows.append({**dataclasses.asdict(one), "state": "left", "problem": why or working})
    if as_json:
        output.print_json(rows)
    elif not rows:
        click.echo("Nothing is waiting.")
    else:
        columns = ["project", "run", "records", "files", "to", "state"]
        for row in rows:
            row["run"] = row["run_id"] or Path(row["folder"]).name
            row["to"] = row["target"]
            row["state"] = f"left: {row['problem']}" if row["state"] == "left" else row["state"]
        output.print_table(columns, [[row[column] for column in columns] for row in rows])
