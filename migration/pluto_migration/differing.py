"""Two runs compared, and every difference in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from pluto_migration.contents import Contents, Path
from pluto_migration.digest import RowsDigest, SeriesDigest

_TIMES = frozenset({"created", "ended"})
_ROWS = (("texts", "text"), ("data", "data"), ("console", "console"), ("alerts", "alerts"))


def differences(source: Contents, store: Contents, *, ordered_tags: bool = True) -> Iterator[str]:
    """What the store has otherwise than the source says; nothing where it is all the same."""
    yield from _of_facts(source.facts, store.facts, ordered_tags)
    yield from _of_values("config", source.config, store.config, exact=True)
    yield from _of_values("", source.beside, store.beside, exact=False)
    yield from _of_digests("metric", source.series, store.series)
    for kind, word in _ROWS:
        yield from _of_digests(word, getattr(source, kind), getattr(store, kind))
    yield from _of_sets("file", source.files, store.files)
    yield from _of_sets("artifact", source.artifacts, store.artifacts)


def _of_facts(source: Mapping[str, Any], store: Mapping[str, Any], ordered: bool) -> Iterator[str]:
    for name, said in source.items():
        found = store.get(name)
        if name == "tags" and not ordered and isinstance(found, list):
            said, found = sorted(said), sorted(found)
        if found != said:
            yield f"{name}: {_shown(name, said)} in the source, {_shown(name, found)} in the store"


def _of_values(kind: str, source: Mapping[Path, str], store: Mapping[Path, str], *, exact: bool) -> Iterator[str]:
    for path, said in source.items():
        found = store.get(path)
        if found != said:
            name = " ".join(filter(None, (kind, "/".join(path))))
            yield f"{name}: {_cut(said)} in the source, {'nothing' if found is None else _cut(found)} in the store"
    for path in store if exact else ():
        if path not in source:
            yield f"{kind} {'/'.join(path)}: nothing in the source, {_cut(store[path])} in the store"


def _of_digests(
    kind: str,
    source: Mapping[str, SeriesDigest] | Mapping[str, RowsDigest],
    store: Mapping[str, SeriesDigest] | Mapping[str, RowsDigest],
) -> Iterator[str]:
    for name in sorted({*source, *store}):
        mine, theirs = source.get(name), store.get(name)
        if mine is None or theirs is None:
            digest = mine or theirs
            if digest is not None and digest.count:
                there = ("the source", "the store") if theirs is None else ("the store", "the source")
                yield f"{kind} {name!r}: {digest.count:,} in {there[0]}, none in {there[1]}"
            continue
        said, found = mine.facts(), theirs.facts()
        if said == found:
            continue
        told = [
            f"{fact} {_number(fact, said[fact])} in the source, {_number(fact, found[fact])} in the store"
            for fact in said
            if fact != "hash" and said[fact] != found[fact]
        ]
        yield f"{kind} {name!r}: " + ("; ".join(told) or "as many, but not the same content")


def _of_sets(kind: str, source: Mapping[str, Counter[str]], store: Mapping[str, Counter[str]]) -> Iterator[str]:
    for name in sorted({*source, *store}):
        mine, theirs = source.get(name, Counter()), store.get(name, Counter())
        lost, more = mine - theirs, theirs - mine
        for one, other in zip(lost.elements(), more.elements(), strict=False):
            yield f"{kind} {name!r}: {_apart(one, other)}"
        for one in list(lost.elements())[more.total() :]:
            yield f"{kind} {name!r}: not in the store: {_cut(one)}"
        for one in list(more.elements())[lost.total() :]:
            yield f"{kind} {name!r}: not in the source: {_cut(one)}"


def _apart(one: str, other: str) -> str:
    """What two descriptions of files have otherwise."""
    import json

    said, found = json.loads(one), json.loads(other)
    told = [
        f"{key} {_cut(str(said[key]))} in the source, {_cut(str(found[key]))} in the store"
        for key in said
        if said[key] != found.get(key)
    ]
    return "; ".join(told)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "nothing"
    return _time(value * 1000) if name in _TIMES else _cut(repr(value))


def _number(fact: str, value: Any) -> str:
    if value is None:
        return "none"
    return _time(value) if fact.endswith("time") else f"{value!r}"


def _time(microseconds: int) -> str:
    try:
        return datetime.fromtimestamp(microseconds / 1e6, timezone.utc).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(microseconds)


def _cut(text: str, width: int = 200) -> str:
    return text if len(text) <= width else f"{text[:width]}…"
