"""How an object gets what keeps its fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pluto.compat.neptune.internal.backends.backend import Backend
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.types.mode import Mode

__all__ = ["Opening", "open_backend"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an object is to be, as its parameters say."""

    mode: Mode
    type: ContainerType
    project: str | None = None
    display_id: str | None = None
    """Short id of a run that is there."""
    external_id: str | None = None
    """Identity that others may share; the id of anything but a run."""
    exists: bool | None = None
    """Whether the object of this identity must be there (True), must not (False), or may (None)."""
    name: str | None = None
    notes: str | None = None
    tags: Collection[str] = ()
    namespace: str = "monitoring"
    stdout: bool = False
    stderr: bool = False
    hardware: bool = False
    facts: bool = False
    model: str | None = None
    """Id of the model a version belongs to."""
    proxies: Mapping[str, str] | None = None


def open_backend(opening: Opening) -> Backend:
    """What keeps the fields in this mode. Raises the exceptions of the entry points."""
    if opening.mode is Mode.DEBUG:
        from pluto.compat.neptune.internal.backends.memory import MemoryBackend

        return MemoryBackend(opening.type, id=opening.external_id, model=opening.model)
    if opening.mode is Mode.READ_ONLY:
        from pluto.compat.neptune.internal.backends.read_only import ReadOnlyBackend

        return ReadOnlyBackend(opening)
    from pluto.compat.neptune.internal.backends.pluto import OfflineBackend, PlutoBackend, SyncBackend

    made = {Mode.OFFLINE: OfflineBackend, Mode.SYNC: SyncBackend}.get(opening.mode, PlutoBackend)
    return made.open(opening)
