"""What a run's summary shows: the last value of everything, what `define_metric` asks for, and what was assigned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pluto.compat.wandb.sdk.lib.definitions import Aggregate, Definitions, Path

_MISSING: Final[Any] = object()


class Tally:
    """Takes the rows of a run as they are finished. Values are brought into the summary when somebody looks."""

    def __init__(self, definitions: Definitions, paths: Mapping[str, Path]) -> None:
        """`paths` has the nested names of each name that rows have."""
        self._definitions = definitions
        self._paths = paths
        self._tree: dict[str, Any] = {}
        self._pending: dict[str, Any] = {}
        self._aggregates: dict[str, Aggregate] = {}
        self.aggregated: set[str] = set()
        """Names of which the summary has more, or less, than the last value."""
        self._assigned: set[str] = set()
        """Names that were assigned to: the last value counts, whatever was defined before."""
        self._row: tuple[int, int, Any] | None = None
        """Number, time and own `_timestamp` of a finished row that the summary does not show yet."""
        self.started = 0.0
        """When this process took the run up, in seconds since the epoch,"""
        self.runtime = 0.0
        """and the `_runtime` the run had then."""

    def add(self, values: Mapping[str, Any], number: int, time_us: int, same: bool = False) -> None:
        """A row is finished; `same` if its names are those of the row before."""
        if same and len(self._pending) == len(values):
            self._pending = dict(values)
        else:
            self._pending.update(values)
        self._row = number, time_us, values.get("_timestamp")
        if self.aggregated:
            for name in self.aggregated.intersection(values):
                self._aggregates[name].add(values[name])

    def defined(self) -> None:
        """Something was defined: what is to be aggregated from now on starts with the value known so far."""
        self.tree()
        self._assigned.clear()
        for name in self._paths:
            self.look_at(name)
        for name in self.aggregated:
            self._pending.setdefault(name, _MISSING)

    def look_at(self, name: str) -> bool:
        """Whether a name is one to aggregate; begins to, if so."""
        if name in self.aggregated:
            return True
        definition = self._definitions.of(self._paths[name])
        if definition is None or name in self._assigned or not (definition.aggregates or definition.unseen):
            return False
        self.aggregated.add(name)
        if name not in self._aggregates:
            self._aggregates[name] = aggregate = Aggregate()
            before = _get(self._tree, self._paths[name])
            if before is not _MISSING and not isinstance(before, dict):
                aggregate.add(before)
        self._pending.setdefault(name, _MISSING)
        return True

    def tree(self) -> dict[str, Any]:
        """The summary, nested as the names are, up to the last row that is finished."""
        pending, self._pending = self._pending, {}
        for name, value in pending.items():
            path = self._paths[name]
            if name in self.aggregated:
                definition, aggregate = self._definitions.of(path), self._aggregates[name]
                value = _MISSING
                if definition is not None and not definition.unseen and aggregate.seen:
                    value = aggregate.shown(definition) if definition.aggregates else aggregate.last
                if value is _MISSING:
                    remove(self._tree, path)
                    continue
            if value is not None and value is not _MISSING:
                put(self._tree, path, value)
        if self._row is not None:
            number, time_us, stamp = self._row
            self._row = None
            now = time_us / 1e6
            runtime = self.runtime + max(0.0, now - self.started)
            self._tree.update(_step=number, _timestamp=now if stamp is None else stamp, _runtime=runtime)
        return self._tree

    def assign(self, path: Path, value: Any) -> None:
        """Somebody sets a value; None and NaN leave nothing."""
        self.tree()
        self._forget(path)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            remove(self._tree, path)
        else:
            put(self._tree, path, value)

    def delete(self, path: Path) -> None:
        """Somebody takes a value away."""
        self.tree()
        self._forget(path)
        remove(self._tree, path)

    def restore(self, tree: dict[str, Any]) -> None:
        """Starts from what an earlier part of the run has left."""
        self._tree = tree

    def _forget(self, path: Path) -> None:
        name = ".".join(path)
        if name in self.aggregated:
            self.aggregated.discard(name)
            self._aggregates.pop(name, None)
        self._assigned.add(name)


def put(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Sets the value at a path; what is in the way and no dict goes."""
    for part in path[:-1]:
        inner = tree.get(part)
        if not isinstance(inner, dict):
            inner = tree[part] = {}
        tree = inner
    tree[path[-1]] = value


def remove(tree: dict[str, Any], path: Path) -> None:
    """Takes the value at a path away, and dicts that are empty then."""
    if len(path) > 1:
        inner = tree.get(path[0])
        if isinstance(inner, dict):
            remove(inner, path[1:])
            if not inner:
                del tree[path[0]]
    else:
        tree.pop(path[0], None)


def _get(tree: dict[str, Any], path: Path) -> Any:
    found: Any = tree
    for part in path:
        if not isinstance(found, dict) or part not in found:
            return _MISSING
        found = found[part]
    return found
