"""Archives that neptune-exporter wrote: runs, models and their versions of Neptune 2 and Neptune 3."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pluto_migration.source import Options, Problems, SourceError, SourceRun

NAME: Final = "neptune-exporter"
SETTINGS: Final[Mapping[str, str]] = {
    "files": "the folder given to the exporter as --files-path, where it is not `files` beside `data`",
    "model_files": "the same of models, where it is not `model_files` beside `model_data`",
    "errors": "the exporter's report of errors, where it is not beside or above the export",
}


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs, models and model versions of exports; see `pluto_migration.source.Source`.

    A path is the folder of an export, its `data` or `model_data`, or the folder of one project in there.
    """
    unknown = sorted(set(options.settings) - set(SETTINGS))
    if unknown:
        raise SourceError(f"{NAME} has no setting {unknown[0]!r}; it has {', '.join(SETTINGS)}")
    if importlib.util.find_spec("pyarrow") is None:
        raise SourceError("reading what neptune-exporter wrote takes pyarrow: pip install 'pluto-ml[migrate]'")
    from pluto_migration.sources.neptune_exporter.finding import found

    yield from found([Path(os.path.expanduser(path)) for path in paths], options, problems)
