"""Where attributes lie in the config of a run: nested by path, and beside them what JSON can't tell.

    {"params": {"lr": 1.0, "seed": 3}, "_attributes": {"types": {"params": {"lr": "float"}}, "sys": {…}, …}}

| under `_attributes` | is |
|---|---|
| `types` | by path: kinds that a value in JSON, or a name that was logged, does not tell by itself |
| `sys` | by path: attributes under `sys/` that were assigned and are no property of a Pluto run |
| `tags`, `group_tags` | `{tag: whether the run has it}`: tags that can't be the run's own, and group tags |
| `series` | what was said of a series: `{path: {"min", "max", "unit"}}` |
| `monitoring` | namespaces of console and hardware: `{namespace: {"stdout", "stderr", "hardware"}}` |
| `id` | the external id |
| `made_id` | true where nobody chose the external id |
| `named` | false where the run's name is none to its user |
| `name`, `description`, `names`, `lines`, `files` | what a stock server has no slot for: see `uploader.readable` |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pluto.protocol.records import ATTRIBUTES, OF_DOORS

TYPES: Final = "types"
SYS: Final = "sys"
TAGS: Final = "tags"
GROUP_TAGS: Final = "group_tags"
SERIES: Final = "series"
MONITORING: Final = "monitoring"
ID: Final = "id"
MADE_ID: Final = "made_id"
UNNAMED: Final = "unnamed"
"""The name a run has that is none to its user."""
PREVIEW: Final = "/_preview"
"""Added to a series' name for its points that may yet change,"""
COMPLETION: Final = "/_preview_completion"
"""and for how complete each of them is."""

_TAKEN: Final = re.compile(rf"{ATTRIBUTES}_*\Z")


def normal(path: str) -> str:
    """The path with its empty parts dropped."""
    return path if path and "//" not in path and path[0] != "/" != path[-1] else "/".join(filter(None, path.split("/")))


def nest(values: Mapping[str, Any], *, flat: bool = False) -> dict[str, Any]:
    """Values by path as a config has them. `flat`: by whole paths, so that one path may be a value and a namespace."""
    if flat:
        return {key_of(path): value for path, value in values.items()}
    nested: dict[str, Any] = {}
    for path, value in values.items():
        *outer, last = key_of(path).split("/")
        inner = nested
        for key in outer:
            found = inner.get(key)
            if type(found) is not dict:
                found = inner[key] = {}
            inner = found
        inner[last] = value
    return nested


def key_of(path: str) -> str:
    """The path less what would make its first part the key of what lies beside the values."""
    first, slash, rest = path.partition("/")
    return f"{first}_{slash}{rest}" if _TAKEN.match(first) else path


def leaves(config: Mapping[str, Any], whole: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The values of a config by path, whoever wrote it; objects at the paths in `whole` are values, too.

    A path may be spelled in several ways, since keys may hold slashes: the one that is nested counts.
    """
    found: dict[str, Any] = {}
    slashed: set[str] = set()
    for path, value, is_slashed in _walk(config, "", False, whole or {}):
        if path not in found or (path in slashed and not is_slashed):
            found[path] = value
            slashed.discard(path)
            if is_slashed:
                slashed.add(path)
    return found


def _walk(
    values: Mapping[str, Any], prefix: str, slashed: bool, whole: Mapping[str, object]
) -> Iterator[tuple[str, Any, bool]]:
    for key, value in values.items():
        if not prefix:
            if key in OF_DOORS:
                continue
            first, slash, rest = key.partition("/")
            if _TAKEN.match(first):
                key = f"{first[:-1]}{slash}{rest}"
        part = normal(key)
        if not part:
            continue
        path = prefix + part
        here = slashed or "/" in key
        if isinstance(value, dict) and path not in whole:
            yield from _walk(value, path + "/", here, whole)
        else:
            yield path, value, here


def notes_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What lies beside the values."""
    found = config.get(ATTRIBUTES)
    return found if isinstance(found, dict) else {}


def part_of(notes: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One of the objects in it; an empty one where there is none."""
    found = notes.get(name)
    return found if isinstance(found, dict) else {}
