"""What the service keeps in a run's config for the package's own use, in the words that the door of W&B has for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pluto_migration.sources.wandb_local.facts import KEPT

OWN: Final = "_wandb"
_TAKEN: Final = KEPT | {"branch_point"}
"""What the door keeps under the same name."""
_OPTIONS: Final = {1: "step_sync", 2: "hidden"}
_SUMMARIES: Final = {1: "min", 2: "max", 3: "mean", 4: "best", 5: "last", 6: "none", 7: "copy", 8: "first"}
_GOALS: Final = {1: "minimize", 2: "maximize"}
_NAME, _GLOB, _STEP, _STEP_INDEX, _OPTION, _SUMMARY, _GOAL = "1", "2", "4", "5", "6", "7", "8"
"""Fields of a definition: W&B writes them with the numbers they have in its records."""


def split(raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A config as the service has it, each value bare: the user's, the door's, and what has no place in either."""
    config = {str(name): value for name, value in raw.items() if name not in (OWN, "wandb_version")}
    own = raw.get(OWN)
    if not isinstance(own, Mapping):
        return config, {}, {} if own is None else {OWN: own}
    kept = {name: value for name, value in own.items() if name in _TAKEN and value is not None}
    found = definitions(own.get("m"))
    if found:
        kept["m"] = found
    rest = {name: value for name, value in own.items() if name not in _TAKEN and not (name == "m" and found)}
    return config, kept, {OWN: rest} if rest else {}


def branch_point(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a run was forked, by its config as the service has it; empty where it was not."""
    own = raw.get(OWN)
    own = own.get("value", own) if isinstance(own, Mapping) else {}
    point = own.get("branch_point") if isinstance(own, Mapping) else None
    return point if isinstance(point, Mapping) else {}


def definitions(listed: Any) -> dict[str, Any]:
    """What `define_metric` said, by name, as the door has it in `_wandb.m`."""
    if not isinstance(listed, list):
        return {}
    rows = [{str(key): value for key, value in one.items()} if isinstance(one, Mapping) else {} for one in listed]
    found = {}
    for row in rows:
        name = row.get(_NAME) or row.get(_GLOB)
        if not isinstance(name, str):
            continue
        options = _words(row.get(_OPTION), _OPTIONS)
        found[name] = {
            "step_metric": _step_metric(row, rows),
            "step_sync": "step_sync" in options,
            "hidden": "hidden" in options,
            "summary": _words(row.get(_SUMMARY), _SUMMARIES),
            "goal": next(iter(_words([row.get(_GOAL)], _GOALS)), None),
        }
    return found


def _step_metric(row: Mapping[str, Any], rows: list[dict[str, Any]]) -> str | None:
    named, index = row.get(_STEP), row.get(_STEP_INDEX)
    if isinstance(named, str):
        return named
    if isinstance(index, int) and 0 < index <= len(rows):
        name = rows[index - 1].get(_NAME)
        return name if isinstance(name, str) else None
    return None


def _words(numbers: Any, words: Mapping[int, str]) -> list[str]:
    if not isinstance(numbers, list):
        return []
    return [words[number] for number in numbers if isinstance(number, int) and number in words]
