"""What the client `neptune` (1.x and before) has left in `.neptune`: runs that were never, or not wholly, uploaded.

The project is not among it: `--project workspace/name` says where the runs go. Every operation that is there comes
over, acknowledged by Neptune's servers or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pluto_migration.source import Options, Problems, SourceError, SourceRun
from pluto_migration.sources.neptune1.folders import Left, objects
from pluto_migration.sources.neptune1.run import LeftRun

NAME: Final = "neptune"
PROJECT_IDENTITY: Final = "project"
"""Under which the door finds what a project itself holds; several that are brought into one keep their own ids."""
SETTINGS: Final[Mapping[str, str]] = {}


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The objects below the paths: runs, and models and projects, which go where the Neptune door keeps them.

    Raises `SourceError` without `options.project`, and for a path where there is nothing of the kind.
    """
    for key in options.settings:
        raise SourceError(f"the source neptune knows no setting {key!r}")
    left = objects(paths, problems)
    if options.project is None:
        raise SourceError(
            "what Neptune's client has left does not tell the project it belongs to: say it with --project"
            " workspace/name"
        )
    projects = sum(one.type == "project" for one in left)
    for one in sorted(left, key=lambda one: (one.created or 0, one.id)):
        if _is_empty(one):
            where = one.executions[0].folder
            problems.note(where, "holds no operations: everything of this process was sent to Neptune")
            continue
        run = LeftRun(one, options.project, options.path_map, paths)
        if one.type == "project" and projects == 1:
            run.id = PROJECT_IDENTITY
        if options.wants(run.project, run.id) or options.wants(options.project, run.id):
            yield run


def _is_empty(left: Left) -> bool:
    return not any(execution.logs for execution in left.executions)
