"""Organizations: a Pluto server is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(init=False)
class Organization:
    """Whom a server belongs to."""

    service_api: Any
    id: str
    name: str
    org_entity: Any

    def __init__(self, serviceApi: Any, *, id: str, name: str, orgEntity: Any) -> None:  # noqa: N803
        self.service_api = serviceApi
        self.id = id
        self.name = name
        self.org_entity = orgEntity
