"""What a run's `Facts` come to, all together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pluto.core.wire import GROUP
from pluto.protocol.records import ATTRIBUTES
from pluto_migration.config import clean, leaves, merge, typed
from pluto_migration.ledger import KEY
from pluto_migration.model import Facts, Status

WANDB: Final = "_wandb"
OWN: Final = frozenset({ATTRIBUTES, WANDB, KEY})
"""Keys of a config that are no user's."""
STATUSES: Final[Mapping[Status, str]] = {
    "finished": "COMPLETED",
    "failed": "FAILED",
    "crashed": "FAILED",
    "killed": "TERMINATED",
    "cancelled": "CANCELLED",
    "running": "TERMINATED",
    "unknown": "TERMINATED",
}
_SHORT_CHARS: Final = 255


class Gathered:
    """Adds up facts. Texts that UTF-8 can't tell have backslashes."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.notes: str | None = None
        self.tags: list[str] | None = None
        self.status: Status | None = None
        self.exit_code: int | None = None
        self.ended: int | None = None
        self.metadata: dict[str, Any] = {}
        self.extras: dict[str, Any] = {}
        self._config: dict[str, Any] = {}
        self._attributes: dict[str, Any] = {}
        self._wandb: dict[str, Any] = {}
        self._exact = False

    def add(self, facts: Facts) -> None:
        """Takes over what these say."""
        self.name = clean(facts.name) if facts.name and facts.name.strip() else self.name
        self.notes = clean(facts.notes) if facts.notes else self.notes
        self.tags = list(dict.fromkeys(map(clean, facts.tags))) if facts.tags is not None else self.tags
        self.status = facts.status or self.status
        self.exit_code = facts.exit_code if facts.exit_code is not None else self.exit_code
        self.ended = facts.ended if facts.ended is not None else self.ended
        self._exact = self._exact or facts.exact
        for mine, given in (
            (self._config, facts.config),
            (self._attributes, facts.attributes),
            (self._wandb, facts.wandb),
            (self.metadata, facts.metadata),
            (self.extras, facts.extras),
        ):
            merge(mine, given)

    @property
    def values(self) -> int:
        """How many values the config has."""
        return leaves(self._config)

    @property
    def final_status(self) -> str:
        """How the run ended, as the store has it."""
        return STATUSES[self.status or "unknown"]

    @property
    def end_metadata(self) -> str | None:
        """What the store keeps beside the status, by which the doors tell ends apart that it has one word for."""
        if self.status == "crashed":
            return json.dumps({"reason": "lost"})
        if self.exit_code:
            return json.dumps({"reason": "exit code", "code": self.exit_code})
        return None

    def own_tags(self) -> tuple[list[str], list[str]]:
        """The tags that a run can have, and those that lie beside them: a server takes one tag of a group at most."""
        tags = self.tags or []
        aside = [tag for tag in tags if tag.startswith(GROUP)][1:]
        return [tag for tag in tags if tag not in aside], aside

    def config(self, external_id: str, stored_id: str) -> dict[str, Any]:
        """The whole config, less the ledger. `external_id` is what the source calls the run, `stored_id` the store."""
        own = {_key(name): value for name, value in self._config.items()}
        if self._exact:
            content, attributes = merge({}, own), merge({}, self._attributes)
        else:
            content, kinds = typed(own)
            given = dict(self._attributes)
            assigned, assigned_kinds = typed(given.pop("sys", {}))
            attributes, _ = typed(given)
            if assigned:
                attributes["sys"] = assigned
            if assigned_kinds:
                kinds["sys"] = merge(assigned_kinds, kinds.pop("sys", {}))
            if kinds:
                attributes["types"] = merge(kinds, attributes.get("types", {}))
            if self.name is None:
                attributes.setdefault("unnamed", stored_id[:_SHORT_CHARS])
            if aside := self.own_tags()[1]:
                attributes["tags"] = {**dict.fromkeys(aside, True), **attributes.get("tags", {})}
            if stored_id != external_id:
                merge(attributes, {"sys": {"custom_run_id": clean(external_id)}})
        attributes["id"] = stored_id
        content[ATTRIBUTES] = attributes
        if self._wandb:
            content[WANDB] = typed(self._wandb)[0]
        return content


def _key(name: str) -> str:
    return f"{name}_" if name in OWN else name
