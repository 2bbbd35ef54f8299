"""Where to look at an object."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pluto.core.settings import Settings

__all__ = ["url_of"]


def url_of(settings: Settings, project: str, id: str) -> str:
    """An address that tells the object from all others, in the store's folder or at the server.

    The page of a run on a server has an address of its own; this is for what has none.
    """
    from pluto.core.settings import Local

    target = settings.target()
    place = target.store.as_uri() if isinstance(target, Local) else target.app
    return f"{place}#{quote(f'{project}/{id}')}"
