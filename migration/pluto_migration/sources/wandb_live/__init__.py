"""Source `wandb-live`: runs that are in W&B, asked for by means of the `wandb` package.

Read top-down: `places` (what is asked for), `finding` (which runs there are), `run` (one of them), then what it is made
of (`own`, `files`, `history`, `rows`, `console`, `artifacts`); below them `spool` (what was fetched, on disk),
`service` and `patience` (calls that are tried again).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pluto_migration.source import Options, Problems, SourceRun
from pluto_migration.sources.wandb_live.places import SETTINGS, wanted

NAME = "wandb-live"


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs below the paths: `entity`, `entity/project`, or `entity/project/run id`.

    Runs that are not over are noted and left out, unless `partial`. Raises `SourceError` where there is no `wandb`
    package, no key, no answer, and for an entity, project or run that is not there.
    """
    understood = wanted(options.settings)
    from pluto_migration.sources.wandb_live.finding import found
    from pluto_migration.sources.wandb_live.spool import forget_unused

    forget_unused(understood.cache)
    understood.service.anew()
    yield from found(paths, options, understood, problems)


__all__ = ["NAME", "SETTINGS", "find"]
