"""`pluto verify`: the proof that runs of other trackers came over whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pluto.cli import output, sources

if TYPE_CHECKING:
    from pluto_migration.verify import Proof, RunProof


@click.command("verify")
@sources.target
@click.option("--no-receipt", is_flag=True, help="Keep nothing of the outcome with the runs.")
@sources.options
def _verify(
    source: str,
    paths: tuple[str, ...],
    to: str | None,
    folder: str | None,
    workers: int | None,
    no_receipt: bool,
    report: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Compare the runs below PATH with the store they went to, every point and the bytes of every file.

    Give the same options as to `pluto migrate`. Every difference is named, and exit code 1 says that there is one. What
    was found is kept with each run, in its config under `_migration.receipt`.
    """
    with sources.reading():
        from pluto_migration.migrate import settings_for
        from pluto_migration.verify import verify

        known = sources.loaded(source)
        settings = settings_for(to, dir=folder)
        with sources.bar("comparing") as move:

            def tell(run: RunProof, done: int, total: int) -> None:
                move(done, total, run.label)

            told = verify(
                known,
                paths,
                sources.options_of(known, asked),
                settings,
                workers=sources.workers_or_default(workers),
                progress=tell,
                receipts=not no_receipt,
            )
        sources.write_report(report, told)
    if as_json:
        output.print_json(told.to_json())
    else:
        _print(told)
    sources.say_if_none(told.runs, asked)
    if not told.whole:
        raise SystemExit(output.FAILED)


@click.group("verify", cls=sources.SourceCommands, template=_verify)
def command() -> None:
    """Prove that migrated runs are in the store, whole."""


def _print(told: Proof) -> None:
    rows = [
        [run.label, run.verdict, f"{run.series:,}", f"{run.points:,}", f"{run.files:,}", len(run.differences) or ""]
        for run in told.runs
    ]
    if rows:
        output.print_table(["run", "outcome", "series", "points", "files", "differences"], rows)
    for run in told.runs:
        if run.reason:
            click.echo(f"{run.label}: {run.reason}")
        for difference in run.differences:
            click.echo(f"{run.label}: {difference}")
        for adapted in run.adapted:
            click.echo(f"{run.label}: as this server has it: {adapted}")
        sources.print_problems(run.label, run.problems)
    sources.print_problems("", told.problems)
    same = sum(run.verdict == "same" for run in told.runs)
    differences = sum(len(run.differences) for run in told.runs)
    click.echo(f"{same:,} of {len(told.runs):,} runs are in {told.target} as the source has them;"
               f" {differences:,} differences")  # fmt: skip
