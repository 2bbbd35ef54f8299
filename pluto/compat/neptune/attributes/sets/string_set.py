"""A field of type StringSet."""

from __future__ import annotations

from collections.abc import Iterable

from pluto.compat.neptune.attributes.sets.set import Set
from pluto.compat.neptune.internal.utils import is_collection, verify_collection_type, verify_type
from pluto.compat.neptune.types.sets.string_set import StringSet as StringSetVal

__all__ = ["StringSet"]


class StringSet(Set):
    """A set of texts: the tags `sys/tags` and `sys/group_tags`."""

    def assign(self, value: StringSetVal, *, wait: bool = False) -> None:
        """Sets it. Raises `TypeError` for what is no `neptune.types.StringSet`."""
        verify_type("value", value, StringSetVal)
        texts = set(value.values)
        self._perform(lambda fields: fields.set_texts(self._name, texts), wait=wait)

    def add(self, values: str | Iterable[str], *, wait: bool = False) -> None:
        """Adds one text or several. Raises `TypeError` for anything else."""
        texts = self._texts(values)
        self._perform(lambda fields: fields.add_texts(self._name, texts), wait=wait)

    def remove(self, values: str | Iterable[str], *, wait: bool = False) -> None:
        """Removes one text or several; those that are not there are no error."""
        texts = self._texts(values)
        self._perform(lambda fields: fields.remove_texts(self._name, texts), wait=wait)

    def clear(self, *, wait: bool = False) -> None:
        """Empties it."""
        self._perform(lambda fields: fields.set_texts(self._name, ()), wait=wait)

    def fetch(self) -> set[str]:
        """The texts in the store."""
        return set(self._backend.atom(self._name))

    @staticmethod
    def _texts(values: str | Iterable[str]) -> set[str]:
        if is_collection(values):
            verify_collection_type("values", values, str)
            return set(values)
        verify_type("values", values, str)
        return {str(values)}
