"""What of the service is meant by a path, and by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pluto_migration.source import SourceError
from pluto_migration.sources.wandb_live.patience import Patience
from pluto_migration.sources.wandb_live.service import Service

BASE_URL: Final = "base_url"
KEEP: Final = "keep"
PATIENCE: Final = "patience"
CACHE: Final = "cache"
SETTINGS: Final[Mapping[str, str]] = {
    BASE_URL: "the service's address, where it is not the one that the wandb package is set up for",
    KEEP: "yes: what was fetched stays on disk once it is in the store, so that `pluto verify` need not fetch it again",
    PATIENCE: "seconds for which a call that fails is tried again (default: 900)",
    CACHE: "the folder that what was fetched lies in (default: cache/migrate/wandb-live in Pluto's own)",
}
_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Place:
    """An entity, a project of it, or a run."""

    entity: str
    project: str | None = None
    run: str | None = None


def place(path: str) -> Place:
    """What a path names: `entity`, `entity/project`, `entity/project/run id`; `…/runs/run id` is the same.

    Raises `SourceError`.
    """
    parts = path.strip("/").split("/")
    if len(parts) == 4 and parts[2] == "runs":
        del parts[2]
    if "://" in path or not 1 <= len(parts) <= 3 or not all(parts):
        raise SourceError(f"{path!r}: the service is asked by entity, entity/project, or entity/project/run id")
    return Place(*parts)


@dataclass(frozen=True)
class Wanted:
    """The settings, understood."""

    service: Service
    cache: Path
    keep: bool


def wanted(settings: Mapping[str, str]) -> Wanted:
    """Raises `SourceError` for a key that is none, and a value that can't be."""
    for key in settings:
        if key not in SETTINGS:
            raise SourceError(f"wandb-live knows no setting {key!r}: it has {', '.join(SETTINGS)}")
    keep = _YES.get(settings.get(KEEP, "no").lower())
    if keep is None:
        raise SourceError(f"{KEEP}={settings[KEEP]!r}: yes or no")
    try:
        seconds = float(settings.get(PATIENCE, "900"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e7:
        raise SourceError(f"{PATIENCE}={settings[PATIENCE]!r}: a number of seconds")
    base_url = settings.get(BASE_URL)
    if base_url is not None and not base_url.startswith(("http://", "https://")):
        raise SourceError(f"{BASE_URL}={base_url!r}: an address that begins with https://")
    return Wanted(Service(base_url.rstrip("/") if base_url else None, Patience(seconds)), _cache(settings), keep)


def _cache(settings: Mapping[str, str]) -> Path:
    if settings.get(CACHE):
        return Path(settings[CACHE]).expanduser().absolute()
    from pluto.core.settings import setup

    return setup().root / "cache" / "migrate" / "wandb-live"
