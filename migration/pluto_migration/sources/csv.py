"""CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources import tables
from pluto_migration.sources.tables.csv_file import CsvFile
from pluto_migration.sources.tables.run import TableRun

NAME: Final = "csv"
SETTINGS: Final[Mapping[str, str]] = {
    **tables.SETTINGS,
    "separator": "what stands between cells, `tab` for a tabulator; else what the first line has most of: , ; tab |",
    "decimal": "what stands between whole and parts of numbers, `.` without it",
    "encoding": "utf-8 without it; latin-1, for instance",
}
_ENDINGS: Final = (".csv.gz", ".tsv.gz", ".csv", ".tsv")


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[TableRun]:
    """The runs of CSV files. Raises `SourceError`, which names the columns where it can't be told what they are."""
    said = options.settings
    separator = {"tab": "\t", "\\t": "\t"}.get(said.get("separator", ""), said.get("separator"))
    for key, value in (("separator", separator), ("decimal", said.get("decimal"))):
        if value is not None and (len(value) != 1 or not value.isascii() or value in '"\r\n'):
            raise SourceError(f"--set {key}={value}: one character is needed")
    made = partial(
        CsvFile, separator=separator, decimal=said.get("decimal", "."), encoding=said.get("encoding", "utf-8")
    )
    return tables.find_runs(paths, options, problems, _ENDINGS, made, SETTINGS)
