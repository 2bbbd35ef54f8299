"""Addresses that messages point to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class WBURL:
    """An address, and what is there."""

    url: str
    description: str


class Registry:
    """Addresses by name. None is known: messages here say themselves what to do."""

    def __init__(self) -> None:
        self.urls: dict[str, WBURL] = {}

    def url(self, name: str) -> str:
        """The address of a name. Raises `ValueError` for an unknown one."""
        return self._of(name).url

    def description(self, name: str) -> str:
        """What is there. Raises `ValueError` for an unknown name."""
        return self._of(name).description

    def _of(self, name: str) -> WBURL:
        found = self.urls.get(name)
        if found is None:
            raise ValueError(f"URL not found for {name}")
        return found


url_registry = Registry()
