"""A field of type String."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pluto.compat.neptune.attributes.atoms.copiable_atom import CopiableAtom
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.types.atoms.string import String as StringVal

if TYPE_CHECKING:
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer

__all__ = ["String"]


class String(CopiableAtom):
    """A text of up to 16,384 characters."""

    MAX_VALUE_LENGTH: ClassVar[int] = 16384

    def __init__(self, container: MetadataContainer, path: list[str]) -> None:
        super().__init__(container, path)
        self._truncation_told = False

    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets it to the text, cut where it is too long. Raises `TypeError` for what is no text."""
        text = (value if isinstance(value, StringVal) else StringVal(value)).value
        if len(text) > self.MAX_VALUE_LENGTH:
            text = text[: self.MAX_VALUE_LENGTH]
            if not self._truncation_told:
                self._truncation_told = True
                get_logger().warning(
                    'the text of "%s" has more than %d characters, and is cut; this is said once',
                    self._name, self.MAX_VALUE_LENGTH,
                )  # fmt: skip
        self._perform(self.create_assignment_operation(self._path, text), wait=wait)
