"""`pluto migrate`: runs of other trackers, brought over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pluto.cli import output, sources

if TYPE_CHECKING:
    from pluto_migration.migrate import Progress
    from pluto_migration.plan import Plan, RunPlan
    from pluto_migration.report import Report


@click.command("migrate")
@sources.target
@click.option("--dry-run", is_flag=True, help="Read everything and write nothing: show what would become of each run.")
@sources.options
def _migrate(
    source: str,
    paths: tuple[str, ...],
    to: str | None,
    folder: str | None,
    workers: int | None,
    dry_run: bool,
    report: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Bring the runs below PATH over.

    Runs that are there already are left alone, or get what is new; the same command goes on after an interruption. Exit
    code 1 where a run did not come over. `pluto verify` proves that all is there.
    """
    from pluto.cli import INTERRUPTED

    with sources.reading():
        from pluto_migration.migrate import migrate, settings_for

        known = sources.loaded(source)
        settings = settings_for(to, dir=folder)
        with sources.bar("migrating") as move:

            def tell(progress: Progress) -> None:
                now = f"{progress.phase} {progress.label}" if progress.label else progress.phase
                if progress.points:
                    now += f", {progress.points:,} points"
                move(progress.done, progress.total, now)

            told = migrate(
                known,
                paths,
                sources.options_of(known, asked),
                settings,
                workers=sources.workers_or_default(workers),
                progress=tell,
                dry_run=dry_run,
            )
        sources.write_report(report, told)
    if as_json:
        output.print_json(told.to_json())
    else:
        _print_report(told)
    if told.interrupted:
        raise SystemExit(INTERRUPTED)
    sources.say_if_none(told.runs, asked)
    if not told.whole:
        raise SystemExit(output.FAILED)


@click.command("plan")
@click.option("--quick", is_flag=True, help="List the runs and read none of them.")
@sources.options
def _plan(source: str, paths: tuple[str, ...], quick: bool, report: Path | None, as_json: bool, **asked: Any) -> None:
    """Show what would come over: every run below PATH with how much it has, and what of it can't be read.

    Writes nothing, and asks no store.
    """
    with sources.reading():
        from pluto_migration.plan import plan

        known = sources.loaded(source)
        with sources.bar("reading") as move:

            def tell(run: RunPlan, done: int, total: int) -> None:
                move(done, total, run.label)

            told = plan(known, paths, sources.options_of(known, asked), quick=quick, progress=tell)
        sources.write_report(report, told)
    if as_json:
        output.print_json(told.to_json())
    else:
        _print_plan(told)
    sources.say_if_none(told.runs, asked)
    if not told.whole:
        raise SystemExit(output.FAILED)


@click.group("migrate", cls=sources.SourceCommands, template=_migrate)
def command() -> None:
    """Bring runs of other trackers over, whole."""


@command.group("plan", cls=sources.SourceCommands, template=_plan)
def plan_command() -> None:
    """Show what would come over, and write nothing."""


@command.command("sources")
@output.as_json
def sources_command(as_json: bool) -> None:
    """List what can be read, and the settings of each."""
    from pluto_migration.sources import TITLES

    settings = {name: dict(sources.loaded(name).SETTINGS) for name in TITLES}
    if as_json:
        output.print_json([{"source": name, "reads": TITLES[name], "settings": settings[name]} for name in TITLES])
        return
    for name, title in TITLES.items():
        click.echo(f"{name}: {title}")
        for key, meaning in settings[name].items():
            click.echo(f"    --set {key}=…  {meaning}")


def _print_report(told: Report) -> None:
    runs = sorted(told.runs, key=lambda run: run.label)  # several processes end theirs in any order
    rows = [
        [run.label, _state(told, run.state), f"{run.added.points:,}", f"{run.added.texts + run.added.lines:,}",
         f"{run.added.files:,}", f"{run.added.artifacts:,}", sources.bytes_shown(run.added.bytes),
         len(run.problems) or ""]
        for run in runs
    ]  # fmt: skip
    if rows:
        output.print_table(["run", "state", "points", "texts", "files", "artifacts", "size", "problems"], rows)
    for run in runs:
        if run.reason:
            click.echo(f"{run.label}: {run.reason}")
        sources.print_problems(run.label, run.problems)
    sources.print_problems("", told.problems)
    states = ", ".join(f"{count:,} {_state(told, state)}" for state, count in told.states.items()) or "no runs"
    total = told.totals
    would = "would go" if told.dry_run else "went"
    click.echo(f"{states}; {total.points:,} points, {total.files:,} files, {sources.bytes_shown(total.bytes)}"
               f" {would} to {told.target}")  # fmt: skip
    if told.interrupted:
        click.echo("Interrupted: the same command goes on from here.")


def _state(told: Report, state: str) -> str:
    return f"would be {state}" if told.dry_run and state in ("migrated", "topped up") else state


def _print_plan(told: Plan) -> None:
    if told.read:
        columns = ["run", "name", "status", "series", "points", "texts", "files", "artifacts", "size", "problems"]
        rows = [
            [run.label, run.name, run.status, f"{run.series:,}", f"{run.counts.points:,}",
             f"{run.counts.texts + run.counts.lines:,}", f"{run.counts.files:,}", f"{run.counts.artifacts:,}",
             sources.bytes_shown(run.counts.bytes), len(run.problems) or ""]
            for run in told.runs
        ]  # fmt: skip
    else:
        columns = ["run", "name", "path", "size"]
        rows = [[run.label, run.name, run.path, sources.bytes_shown(run.size)] for run in told.runs]
    if rows:
        output.print_table(columns, rows)
    for run in told.runs:
        if run.failed:
            click.echo(f"{run.label}: can't be read: {run.failed}")
        sources.print_problems(run.label, run.problems)
    sources.print_problems("", told.problems)
    total = told.totals
    counted = f" with {total.points:,} points and {total.files:,} files" if told.read else ""
    click.echo(f"{len(told.runs):,} {'run' if len(told.runs) == 1 else 'runs'}{counted} would come over")
