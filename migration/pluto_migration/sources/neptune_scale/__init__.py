"""What the client `neptune-scale` (Neptune 3.x) has left: databases of runs that were not, or not wholly, uploaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pluto_migration.source import Options, Problems, SourceError, SourceRun
from pluto_migration.sources.neptune_scale.folders import left_below
from pluto_migration.sources.neptune_scale.run import ScaleRun

NAME: Final = "neptune-scale"
SETTINGS: Final[Mapping[str, str]] = {}


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs below the paths. Raises `SourceError` for a path where there is none."""
    for key in options.settings:
        raise SourceError(f"the source neptune-scale knows no setting {key!r}")
    for left in left_below(paths, problems):
        project = options.project or left.project
        if not project:
            raise SourceError(f"{left.databases[0]} does not tell its project: say it with --project workspace/name")
        if options.wants(project, left.id):
            yield ScaleRun(left, project, options.path_map, paths)
