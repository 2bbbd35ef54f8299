"""What a run consists of, boiled down so that two of them can be compared: one of a source and one of a store."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Final

from pluto.core.wire import GROUP
from pluto.protocol.records import ATTRIBUTES
from pluto_migration.config import clean
from pluto_migration.digest import RowsDigest, SeriesDigest, canonical, row_hash

Path = tuple[str, ...]
Beside = dict[str, Any]
_INT64: Final = 2**63
_NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(slots=True)
class Contents:
    """A run by kinds. What is a dict has a name for each of its keys; the values are equal where the content is."""

    facts: dict[str, Any] = field(default_factory=dict)
    """Name, notes, tags, status, times and the like: plain values."""
    config: dict[Path, str] = field(default_factory=dict)
    """Every value of the config, as a text that tells its type."""
    beside: dict[Path, str] = field(default_factory=dict)
    """What the source says that is no value of the config and lies beside it: facts about machine and code, what doors
    keep for themselves, extras. A store may have more of it."""
    series: dict[str, SeriesDigest] = field(default_factory=dict)
    texts: dict[str, RowsDigest] = field(default_factory=dict)
    data: dict[str, RowsDigest] = field(default_factory=dict)
    """By name and type."""
    console: dict[str, RowsDigest] = field(default_factory=dict)
    """By who printed it and stream."""
    alerts: dict[str, RowsDigest] = field(default_factory=dict)
    files: dict[str, Counter[str]] = field(default_factory=dict)
    """By the name they were logged under; each told by what it is called, where it stands and the hash of its bytes."""
    artifacts: dict[str, Counter[str]] = field(default_factory=dict)
    """By role and name; each told by its manifest and what is said of it."""

    def add_file(self, name: str, told: dict[str, Any], *, stock: bool) -> None:
        """Adds a file under a name. A stock server does not tell the type and the position among several."""
        if stock:
            told = {key: value for key, value in told.items() if key not in ("type", "index")}
        self.files.setdefault(name, Counter())[canonical(told)] += 1

    def hashes(self) -> dict[str, str]:
        """A hash for each kind there is something of, for the receipt."""
        rows: dict[str, Any] = {
            "facts": self.facts,
            "config": {canonical(path): value for path, value in self.config.items()},
        }
        for kind in ("series", "texts", "data", "console", "alerts"):
            rows[kind] = {name: digest.hash for name, digest in getattr(self, kind).items()}
        for kind in ("files", "artifacts"):
            rows[kind] = {name: dict(told) for name, told in getattr(self, kind).items()}
        return {kind: row_hash(row).hex() for kind, row in rows.items() if row}


def in_order(tags: Iterable[str]) -> list[str]:
    """Tags, each once, in their order; behind them, sorted, those that name a group, which may lie elsewhere."""
    kept = list(dict.fromkeys(tags))
    return [*(tag for tag in kept if not tag.startswith(GROUP)), *sorted(tag for tag in kept if tag.startswith(GROUP))]


def leaves(values: Mapping[str, Any], *before: str) -> Iterator[tuple[Path, Any]]:
    """The values of nested mappings, with their paths. An empty mapping is a value."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, *before, clean(str(key)))
        else:
            yield (*before, clean(str(key))), value


def types_of(notes: Any) -> dict[str, str]:
    """The kinds of values that are noted beside a config, by their paths, joined by `/`."""
    types = notes.get("types") if isinstance(notes, Mapping) else None
    if not isinstance(types, Mapping):
        return {}
    return {"/".join(path): kind for path, kind in leaves(types) if isinstance(kind, str)}


def told_beside(
    values: Mapping[str, Any], types: Mapping[str, str], *, stock: bool, python: bool = False
) -> dict[Path, str]:
    """What lies beside a config, by paths. `types`: what is noted of kinds, for what doors keep under `sys`.

    `python`: as for `told`.
    """
    found = {}
    for path, value in leaves(values):
        if path[:2] == (ATTRIBUTES, "sys"):
            found[path] = told(value, types.get("/".join(path[1:])), stock=stock, python=python)
        else:
            found[path] = told_plainly(value, stock=stock)
    return found


def told(value: Any, kind: str | None = None, *, stock: bool = False, python: bool = False) -> str:
    """A value of a config as a text that tells its type; `kind` is what is noted of it beside the config.

    `stock`: as a server tells it that knows one kind of numbers: 1.0 is 1 there where no kind is noted. `python`: the
    value's own type tells its kind, since it will be noted.
    """
    if python and isinstance(value, float):
        kind = "float"
    return canonical(_typed(value, kind, stock))


def told_plainly(value: Any, *, stock: bool = False) -> str:
    """A value of which no kind is noted, as a text: what JSON lacks is a text in it."""
    return canonical(_plain(value, stock))


def _typed(value: Any, kind: str | None, stock: bool) -> Any:
    if isinstance(value, datetime):
        return {"datetime": _moment(value)}
    if isinstance(value, (frozenset, set)):
        return _plain(value, stock) if value else {"set": []}
    if isinstance(value, str):
        return _of_text(value, kind)
    if kind == "string_set" and value == []:
        return {"set": []}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if isinstance(value, float) or kind == "float":
            number = float(value)
            return int(number) if stock and kind is None and number.is_integer() else {"float": repr(number)}
        return value
    return _plain(value, stock)


def _of_text(text: str, kind: str | None) -> Any:
    """What a text stands for, if for anything but itself."""
    try:
        if kind == "datetime":
            return {"datetime": _moment(datetime.fromisoformat(text.replace("Z", "+00:00")))}
        if kind == "int":
            return int(text)
    except ValueError:
        return text
    if kind == "float" and text in _NOT_FINITE:
        return {"float": repr(_NOT_FINITE[text])}
    return clean(text)


def _plain(value: Any, stock: bool) -> Any:
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item, stock) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, stock) for item in value]
    if isinstance(value, (frozenset, set)):
        return sorted(clean(str(item)) for item in value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float):
        return int(value) if stock and value.is_integer() else value
    if isinstance(value, int) and not isinstance(value, bool) and not -_INT64 <= value < 2 * _INT64:
        return str(value) if stock else value
    return value


def _moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
