"""Which fields an object has, as far as this process knows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune.attributes.namespace import Namespace, NamespaceBuilder
from pluto.compat.neptune.exceptions import MetadataInconsistency
from pluto.compat.neptune.internal.utils.paths import path_to_str

if TYPE_CHECKING:
    from pluto.compat.neptune.attributes.attribute import Attribute

__all__ = ["ContainerStructure"]


class ContainerStructure:
    """A tree of namespaces with fields as leaves."""

    def __init__(self, builder: NamespaceBuilder) -> None:
        self._builder = builder
        self._root = builder([])

    def get_structure(self) -> Namespace:
        """The root."""
        return self._root

    def get(self, path: Sequence[str]) -> Any:
        """The field or namespace at a path; None where there is none.

        Raises `MetadataInconsistency` for a path below a field.
        """
        here: Any = self._root
        for depth, part in enumerate(path):
            if not isinstance(here, Namespace):
                raise self._leaf_in_the_way(path, path[:depth])
            here = here._attributes.get(part)
            if here is None:
                return None
        return here

    def set(self, path: Sequence[str], attr: Attribute) -> None:
        """Puts a field (or an empty namespace, where there is none) to a path."""
        *above, last = path
        here = self._root
        for depth, part in enumerate(above):
            if part not in here:
                here[part] = self._builder(list(path[: depth + 1]))
            below = here[part]
            if not isinstance(below, Namespace):
                raise self._leaf_in_the_way(path, path[: depth + 1])
            here = below
        if isinstance(here.get(last), Namespace):
            if not isinstance(attr, Namespace):
                raise MetadataInconsistency(f"'{path_to_str(path)}' can't be a field: it is a namespace")
            return
        here[last] = attr

    def pop(self, path: Sequence[str]) -> None:
        """Removes a field, and the namespaces that are empty then."""
        chain_of: list[Namespace] = [self._root]
        for part in path[:-1]:
            below = chain_of[-1].get(part)
            if not isinstance(below, Namespace):
                raise MetadataInconsistency(f"Cannot delete {path_to_str(path)}: there is no such field")
            chain_of.append(below)
        leaf = chain_of[-1].get(path[-1]) if path else None
        if leaf is None:
            raise MetadataInconsistency(f"Cannot delete {path_to_str(path)}: there is no such field")
        if isinstance(leaf, Namespace):
            raise MetadataInconsistency(f"Cannot delete {path_to_str(path)}: it is a namespace, not a field")
        for part, namespace in zip(reversed(path), reversed(chain_of), strict=True):
            if namespace[part] is leaf or not namespace[part]:
                del namespace[part]

    def clear(self) -> None:
        """Removes everything."""
        self._root.clear()

    def iterate_subpaths(self, path_prefix: Sequence[str]) -> Iterator[str]:
        """The whole paths of the fields below, those that lie highest first."""
        top = self.get(path_prefix)
        waiting = deque([(list(path_prefix), top)] if isinstance(top, Namespace) else ())
        while waiting:
            prefix, namespace = waiting.popleft()
            for part, below in namespace.items():
                if isinstance(below, Namespace):
                    waiting.append(([*prefix, part], below))
                else:
                    yield path_to_str(chain(prefix, [part]))

    @staticmethod
    def _leaf_in_the_way(path: Sequence[str], leaf: Sequence[str]) -> MetadataInconsistency:
        return MetadataInconsistency(
            f"Cannot access '{path_to_str(path)}': '{path_to_str(leaf)}' is already defined as an attribute,"
            " not a namespace"
        )
