"""Values as a config keeps them, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from pluto.compat.attributes.kinds import Atom, AttributeKind, GitCommit, TrackedFiles

_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**63 - 1
_NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
WHOLE: Final = frozenset({AttributeKind.GIT_REF, AttributeKind.ARTIFACT})
"""Kinds whose values are objects."""


def kept(value: Atom) -> tuple[Any, AttributeKind | None]:
    """The value as JSON has it, and its kind where that does not tell. Raises `TypeError` for what is no atom."""
    kind = type(value)
    if kind is str or kind is bool:
        return value, None
    if kind is int:
        assert isinstance(value, int)
        return (value, None) if _LOWEST <= value <= _HIGHEST else (str(value), AttributeKind.INT)
    if kind is float:
        assert isinstance(value, float)
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity", AttributeKind.FLOAT
        # Other servers and browsers write 3.0 as 3.
        return value, AttributeKind.FLOAT if value.is_integer() else None
    if isinstance(value, datetime):
        return text_of(value), AttributeKind.DATETIME
    if isinstance(value, frozenset):
        return sorted(value), None if value else AttributeKind.STRING_SET
    if isinstance(value, GitCommit):
        return _commit(value), AttributeKind.GIT_REF
    if isinstance(value, TrackedFiles):
        return {"hash": value.hash, "size": value.size}, AttributeKind.ARTIFACT
    if isinstance(value, str):
        return str.__str__(value), None  # an enum's own is another text
    if isinstance(value, bool | int | float):
        return kept(float(value) if isinstance(value, float) else int(value))
    raise TypeError(f"{type(value).__name__} is no value of an attribute")


def kind_of(value: Atom) -> AttributeKind:
    """The kind of a value."""
    for kind, types in _KINDS:
        if isinstance(value, types):
            return kind
    raise TypeError(f"{type(value).__name__} is no value of an attribute")


_KINDS: Final[tuple[tuple[AttributeKind, type], ...]] = (
    (AttributeKind.BOOL, bool),
    (AttributeKind.INT, int),
    (AttributeKind.FLOAT, float),
    (AttributeKind.STRING, str),
    (AttributeKind.DATETIME, datetime),
    (AttributeKind.STRING_SET, frozenset),
    (AttributeKind.GIT_REF, GitCommit),
    (AttributeKind.ARTIFACT, TrackedFiles),
)


def read(value: Any, note: object = None) -> Atom | None:
    """The value of an attribute that a config has so; None for none. `note` is the kind that was kept beside it.

    A note that does not fit, since the value was replaced by somebody who knew nothing of it, counts for nothing.
    """
    if value is None:
        return None
    if note is not None:
        found = _noted(value, note)
        if found is not None:
            return found
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            return frozenset(value)
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _noted(value: Any, note: object) -> Atom | None:
    if note == AttributeKind.FLOAT:
        if isinstance(value, str):
            return _NOT_FINITE.get(value)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if note == AttributeKind.INT and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    if note == AttributeKind.DATETIME and isinstance(value, str):
        return moment_of(value)
    if note == AttributeKind.STRING_SET and isinstance(value, list):
        return frozenset(map(str, value))
    if note == AttributeKind.GIT_REF and isinstance(value, dict) and isinstance(value.get("commit"), str):
        return _commit_of(value)
    if note == AttributeKind.ARTIFACT and isinstance(value, dict) and isinstance(value.get("hash"), str):
        return TrackedFiles(value["hash"], size=value.get("size"))
    return None


def text_of(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC; one without a zone is local time."""
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime | None:
    """The moment, in UTC; None for a text that is none."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except ValueError:
        return None


def _commit(commit: GitCommit) -> dict[str, Any]:
    return {
        "commit": commit.commit,
        "message": commit.message,
        "author_name": commit.author_name,
        "author_email": commit.author_email,
        "date": None if commit.date is None else text_of(commit.date),
        "dirty": commit.dirty,
        "branch": commit.branch,
        "remotes": list(commit.remotes),
    }


def _commit_of(value: Mapping[str, Any]) -> GitCommit:
    remotes = value.get("remotes")
    return GitCommit(
        commit=str(value["commit"]),
        message=str(value.get("message") or ""),
        author_name=str(value.get("author_name") or ""),
        author_email=str(value.get("author_email") or ""),
        date=moment_of(str(value.get("date") or "")),
        dirty=bool(value.get("dirty")),
        branch=value.get("branch"),
        remotes=tuple(map(str, remotes)) if isinstance(remotes, list) else (),
    )
