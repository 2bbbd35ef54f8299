"""`pluto query`: what was logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pluto.cli import output
from pluto.cli.export import export
from pluto.protocol.records import OF_DOORS


def client(host: str | None, folder: str | None) -> Any:
    """The client for the place that `--host` and `--dir` name."""
    from pluto.query import Client

    return Client(settings=output.settings_of(host, folder))


@click.group("query")
def command() -> None:
    """Show projects, runs, metrics, files and console lines; export metrics.

    RUN is a display id (DIG-1), the id the script gave, or the server's number.
    """


command.add_command(export)


@command.command("projects")
@output.place
@output.as_json
def projects(host: str | None, folder: str | None, as_json: bool) -> None:
    """List the projects."""
    with output.reading(), client(host, folder) as there:
        found = there.list_projects()
    if as_json:
        output.print_json(found)
    else:
        output.print_table(["project", "runs", "updated"], [[p["name"], p["runCount"], p["updatedAt"]] for p in found])


@command.command("runs")
@click.argument("project")
@click.option("--search", metavar="TEXT", help="Part of a name or display id.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Runs with this tag; several: with all of them.")
@click.option("--status", help="running, completed, failed, terminated or cancelled.")
@click.option("--filter", "filters", metavar="JSON", help='For instance \'{"config.lr": {"$lt": 0.1}}\'.')
@click.option("--sort", metavar="[+|-]FIELD", help="createdAt, name, status, config.KEY, summary_metrics.NAME, …")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="How many at most.")
@output.place
@output.as_json
def runs(
    project: str,
    search: str | None,
    tags: tuple[str, ...],
    status: str | None,
    filters: str | None,
    sort: str | None,
    limit: int,
    host: str | None,
    folder: str | None,
    as_json: bool,
) -> None:
    """List the runs of PROJECT, newest first."""
    try:
        wanted = [json.loads(filters)] if filters else []
    except ValueError as error:
        raise click.BadParameter(f"is not JSON: {error}", param_hint="--filter") from None
    if status:
        wanted.append({"status": status.upper()})
    with output.reading(), client(host, folder) as there:
        found = there.list_runs(
            project, search, list(tags) or None, limit, sort, filters={"$and": wanted} if wanted else None
        )
    if as_json:
        output.print_json(found)
        return
    columns = ["run", "name", "status", "created", "tags"]
    rows = [[r["displayId"], r["name"], r["status"], r["createdAt"], ", ".join(r["tags"])] for r in found]
    output.print_table(columns, rows)


@command.command("run")
@click.argument("project")
@click.argument("run")
@output.place
@output.as_json
def run(project: str, run: str, host: str | None, folder: str | None, as_json: bool) -> None:
    """Show one run: status, config, tags, and its metrics in a few numbers."""
    with output.reading(), client(host, folder) as there:
        found = there.get_run(project, run)
        statistics = there.get_statistics(project, found["id"])["metrics"]
    if as_json:
        output.print_json({**found, "statistics": statistics})
        return
    for name in ("displayId", "name", "status", "externalId", "createdAt", "updatedAt"):
        click.echo(f"{name:12} {found.get(name) or ''}")
    click.echo(f"{'tags':12} {', '.join(found['tags'])}")
    config = {key: value for key, value in (found["config"] or {}).items() if key not in OF_DOORS}
    click.echo(f"{'config':12} {json.dumps(output.finite(config), ensure_ascii=False)}")
    if statistics:
        click.echo()
        output.print_table(["metric", "count", "last", "min", "max", "mean"], [_statistics(row) for row in statistics])


@command.command("metrics")
@click.argument("project")
@click.argument("run")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Only this metric; may be given several times.")
@click.option("--step-min", type=float, help="Lowest step shown.")
@click.option("--step-max", type=float, help="Highest step shown.")
@output.place
@output.as_json
def metrics(
    project: str,
    run: str,
    names: tuple[str, ...],
    step_min: float | None,
    step_max: float | None,
    host: str | None,
    folder: str | None,
    as_json: bool,
) -> None:
    """Show every point of a run's metrics. `pluto query run` shows them in a few numbers."""
    found: list[dict[str, Any]] = []
    with output.reading(), client(host, folder) as there:
        number = there.get_run(project, run)["id"]
        known = [name for name, type in there.get_names(project, number).items() if type == "METRIC"]
        for name in names:
            if name not in known:
                output.fail(f"run {run} has no metric {name!r}")
        for name in names or known:
            points = there.points(project, number, name, step_min=step_min, step_max=step_max)
            columns = zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
            found.extend({"metric": name, "step": step, "time": time, "value": value} for step, time, value in columns)
    if as_json:
        output.print_json(found)
    else:
        output.print_table(
            ["metric", "step", "value"], [[row["metric"], f"{row['step']:.17g}", repr(row["value"])] for row in found]
        )


@command.command("files")
@click.argument("project")
@click.argument("run")
@click.option("--name", metavar="NAME", help="Only what was logged under this name.")
@click.option("--download", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Save them there.")
@output.place
@output.as_json
def files(
    project: str, run: str, name: str | None, download: Path | None, host: str | None, folder: str | None, as_json: bool
) -> None:
    """List the files of a run, or save them."""
    with output.reading(), client(host, folder) as there:
        number = there.get_run(project, run)["id"]
        found = there.get_files(project, number, name)
        if download is not None:
            with output.progress("saving", len(found)) as done:
                saved = there.download_files(project, number, download, name, done)
            found = [{**row, "saved": str(path)} for row, path in zip(found, saved, strict=True)]
    if as_json:
        output.print_json(found)
        return
    columns = ["name", "step", "file", "bytes"] + (["saved"] if download is not None else [])
    rows = [[row["logName"], row["step"], row["fileName"], row["fileSize"], row.get("saved")] for row in found]
    output.print_table(columns, [row[: len(columns)] for row in rows])


@command.command("logs")
@click.argument("project")
@click.argument("run")
@click.option("--stderr", "only", flag_value="error", help="Only what went to stderr.")
@click.option("--stdout", "only", flag_value="info", help="Only what went to stdout.")
@output.place
@output.as_json
def logs(project: str, run: str, only: str | None, host: str | None, folder: str | None, as_json: bool) -> None:
    """Print what the run's process printed."""
    with output.reading(), client(host, folder) as there:
        lines = there.iter_logs(project, run, only)
        if as_json:
            output.print_json(list(lines))
            return
        for line in lines:
            click.echo(line["message"])


def _statistics(row: dict[str, Any]) -> list[Any]:
    last = row.get("last") or {}
    numbers = [last.get("value"), row["min"], row["max"], row["mean"]]
    return [row["logName"], row["count"], *(f"{n:.6g}" if isinstance(n, (int, float)) else n for n in numbers)]
