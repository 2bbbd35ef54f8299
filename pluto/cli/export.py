"""`pluto query export`: every point of metrics, as CSV or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pluto.cli import output
from pluto.query.frames import HINT

COLUMNS = ("run", "metric", "step", "time", "value")


@click.command("export")
@click.argument("project")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--out",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write: .csv or .parquet.",
)
@click.option("--name", "names", multiple=True, metavar="NAME", help="Only this metric; may be given several times.")
@output.place
@output.as_json
def export(
    project: str,
    runs: tuple[str, ...],
    out: Path,
    names: tuple[str, ...],
    host: str | None,
    folder: str | None,
    as_json: bool,
) -> None:
    """Write every point of the metrics of RUNs (all of PROJECT without any) to a file.

    Columns: run (display id), metric, step, time (microseconds since 1970, UTC) and value; the numbers lose nothing.
    """
    from pluto.query import Client

    write = {".csv": _csv, ".parquet": _parquet}.get(out.suffix.lower())
    if write is None:
        raise click.BadParameter("ends in .csv or .parquet", param_hint="--out")
    with output.reading(), Client(settings=output.settings_of(host, folder)) as client:
        chosen = [client.get_run(project, run) for run in runs] or list(client.iter_runs(project))
        if not chosen:
            output.fail(f"project {project!r} has no runs")
        with output.progress("exporting", len(chosen)) as done:
            count = write(out, _series(client, project, chosen, names, done))
    told = {"file": str(out), "runs": len(chosen), "points": count}
    if as_json:
        output.print_json(told)
    else:
        click.echo(f"{count} points of {len(chosen)} {'run' if len(chosen) == 1 else 'runs'} in {out}")


def _series(client: Any, project: str, runs: list[dict[str, Any]], names: tuple[str, ...], done: Any) -> Iterator[Any]:
    for index, run in enumerate(runs):
        known = [name for name, type in client.get_names(project, run["id"]).items() if type == "METRIC"]
        for name in known:
            if not names or name in names:
                yield run["displayId"], name, client.points(project, run["id"], name)
        done(index + 1)


def _csv(path: Path, series: Iterator[Any]) -> int:
    count = 0
    with output.replacing(path) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for run, name, points in series:
            columns = zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
            writer.writerows([run, name, repr(step), time, repr(value)] for step, time, value in columns)
            count += len(points)
    return count


def _parquet(path: Path, series: Iterator[Any]) -> int:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(f"Parquet needs pyarrow: {HINT}; .csv needs nothing") from error
    text = pa.dictionary(pa.int32(), pa.string())
    types = (text, text, pa.float64(), pa.int64(), pa.float64())
    schema = pa.schema(list(zip(COLUMNS, types, strict=True)))
    count = 0
    with output.replacing(path, "wb") as file, parquet.ParquetWriter(file, schema) as writer:
        for run, name, points in series:
            length = len(points)
            labels = [pa.array([label] * length, pa.string()).dictionary_encode() for label in (run, name)]
            numbers = [pa.array(column) for column in (points.steps, points.times, points.values)]
            if length:
                writer.write_table(pa.table([*labels, *numbers], schema=schema))
            count += length
    return count
