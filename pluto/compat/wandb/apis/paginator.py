"""Sequences that are read page by page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sized
from itertools import islice
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
Node = TypeVar("Node")


class Paginator(Iterator[T], ABC):
    """Objects that are fetched as they are asked for, `per_page` at a time; what was fetched stays in `objects`."""

    QUERY: str | None = None
    """Nothing: there are no texts of queries here."""

    def __init__(
        self, service_api: Any, variables: Mapping[str, Any], per_page: int = 50, start: str | None = None
    ) -> None:
        """`start`: an earlier paginator's `cursor`, to go on from there. Raises `ValueError` for anything else."""
        if start is not None and not str(start).isdecimal():
            raise ValueError(f"start is the cursor of an earlier paginator, not {start!r}")
        if per_page < 1:
            raise ValueError(f"per_page is at least 1, not {per_page}")
        self._service_api = service_api
        self.variables: dict[str, Any] = dict(variables)
        self.per_page = per_page
        self.objects: list[T] = []
        self.index = -1
        self.last_response: Any = None
        self._first = int(start or 0)
        self._left: Iterator[T] | None = None

    @abstractmethod
    def _source(self) -> Iterator[T]:
        """All of the objects, one after another."""

    def __iter__(self) -> Iterator[T]:
        self.index = -1
        return self

    @property
    def more(self) -> bool:
        """Whether there may be more to fetch."""
        return self.last_response is None or len(self.last_response) == self.per_page

    @property
    def cursor(self) -> str | None:
        """Where the next page begins: what a later paginator takes as `start`."""
        position = self._first + len(self.objects)
        return str(position) if position else None

    def convert_objects(self) -> Iterable[T]:
        """The objects of the last page."""
        return list(self.last_response or ())

    def update_variables(self) -> None:
        """Notes where the next page begins."""
        self.variables.update({"perPage": self.per_page, "cursor": self.cursor})

    def _load_page(self) -> bool:
        if not self.more:
            return False
        self.update_variables()
        if self._left is None:
            self._left = islice(self._source(), self._first, None)
        self.last_response = list(islice(self._left, self.per_page))
        self.objects.extend(self.convert_objects())
        return True

    def _load_all(self) -> None:
        while self._load_page():
            pass

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        stop = index.stop if isinstance(index, slice) else index
        backwards = isinstance(index, slice) and ((index.start or 0) < 0 or (index.step or 1) < 0)
        if stop is None or stop < 0 or backwards:
            self._load_all()
        else:
            while stop > len(self.objects) - 1 and self._load_page():
                pass
        return self.objects[index]

    def __next__(self) -> T:
        self.index += 1
        if len(self.objects) <= self.index:
            self._load_page()
            if len(self.objects) <= self.index:
                raise StopIteration
        return self.objects[self.index]

    next = __next__


class SizedPaginator(Paginator[T], Sized, ABC):
    """A paginator that knows how many objects there are."""

    def __len__(self) -> int:
        return self._length

    @property
    def _length(self) -> int:
        self._load_all()
        return self._first + len(self.objects)


class RelayPaginator(Paginator[T], Generic[Node, T], ABC):
    """The same as `Paginator`, by the name it has for some objects."""


class SizedRelayPaginator(RelayPaginator[Node, T], SizedPaginator[T], ABC):
    """The same as `SizedPaginator`, by the name it has for some objects."""
