"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pluto_migration.source import Options, Problems
from pluto_migration.sources import tables
from pluto_migration.sources.tables.parquet_file import ParquetFile
from pluto_migration.sources.tables.run import TableRun

NAME: Final = "parquet"
SETTINGS: Final[Mapping[str, str]] = tables.SETTINGS
_ENDINGS: Final = (".parquet", ".pq")


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[TableRun]:
    """The runs of Parquet files. Raises `SourceError`, which names the columns where it can't be told what they are."""
    return tables.find_runs(paths, options, problems, _ENDINGS, ParquetFile, SETTINGS)
