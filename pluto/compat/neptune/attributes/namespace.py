"""What lies under a path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, NoReturn

from pluto.compat.neptune.attributes.attribute import Attribute
from pluto.compat.neptune.exceptions import MetadataInconsistency, TypeDoesNotSupportAttributeException
from pluto.compat.neptune.internal.utils import is_argparse_namespace
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.internal.utils.paths import parse_path
from pluto.compat.neptune.types.namespace import Namespace as NamespaceVal

if TYPE_CHECKING:
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer

__all__ = ["Namespace", "NamespaceBuilder"]


class NamespaceInTheWay(MetadataInconsistency, TypeDoesNotSupportAttributeException):
    """A namespace can't be used as a field."""

    def __init__(self, path: str, what: str) -> None:
        self._text = f'"{path}" is a namespace, not a field: it does not take {what}'
        Exception.__init__(self, self._text)


class Namespace(Attribute, MutableMapping[str, Any]):
    """The fields and namespaces right below a path, by the next part of their paths."""

    def __init__(self, container: MetadataContainer, path: list[str]) -> None:
        Attribute.__init__(self, container, path)
        self._attributes: dict[str, Any] = {}

    def __getattr__(self, attr: str) -> NoReturn:
        if attr.startswith("_"):
            raise TypeDoesNotSupportAttributeException(type(self), attr)
        raise NamespaceInTheWay(self._name, f"{attr}()")

    def __setitem__(self, k: str, v: Any) -> None:
        if not parse_path(k):
            get_logger().warning('"%s" can\'t be the name of a field: it is left out', k)
            return
        self._attributes[k] = v

    def __delitem__(self, k: str) -> None:
        del self._attributes[k]

    def __getitem__(self, k: str) -> Any:
        return self._attributes[k]

    def __contains__(self, k: object) -> bool:
        return k in self._attributes

    def __len__(self) -> int:
        return len(self._attributes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def to_dict(self) -> dict[str, Any]:
        """The same as nested dicts of attributes."""
        return {key: one.to_dict() if isinstance(one, Namespace) else one for key, one in self._attributes.items()}

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets the fields that a dict or namespace of values names; others stay."""
        for key, one in self._items(value, "this value"):
            self._container[f"{self._name}/{key}"]._assign(one, wait=wait)

    def extend(
        self,
        value: Any,
        *,
        steps: Collection[float] | None = None,
        timestamps: Collection[float] | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Adds to the series that a dict or namespace of lists names."""
        for key, one in self._items(value, "values"):
            self._container[f"{self._name}/{key}"].extend(one, steps=steps, timestamps=timestamps, wait=wait, **kwargs)

    def fetch(self) -> dict[str, Any]:
        """The values of all fields of simple types, nested as their paths are."""
        found: dict[str, Any] = {}
        for path, one in self._backend.simple_values(self._name).items():
            *above, last = parse_path(path)[len(self._path) :]
            place: Any = found
            for part in above:
                place = place.setdefault(part, {})
            if one is not None:
                place[last] = one
        return found

    def _items(self, value: Any, what: str) -> Any:
        if is_argparse_namespace(value):
            value = vars(value)
        if isinstance(value, Mapping):
            value = NamespaceVal(value)
        if not isinstance(value, NamespaceVal):
            raise NamespaceInTheWay(self._name, what)
        return value.value.items()


class NamespaceBuilder:
    """Makes the namespaces of an object."""

    def __init__(self, container: MetadataContainer) -> None:
        self._container = container

    def __call__(self, path: list[str]) -> Namespace:
        """An empty namespace at a path."""
        return Namespace(self._container, path)
