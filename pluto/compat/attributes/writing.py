"""Writing attributes to a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pluto.compat.attributes.kinds import Atom, AttributeKind
from pluto.compat.attributes.values import HistogramValue
from pluto.core.op import Op

if TYPE_CHECKING:
    from pluto.core.media import File


class AttributeWriter:
    """Writes the attributes of one open run. Safe from several threads; every call is on disk when it returns.

    Paths are parts joined with `/`, none of them empty. Nothing here checks what may be written where: that one path is
    not both a value and a namespace, that a kind does not change without a `delete`, that steps rise, is the door's to
    hold, by the rules of its original. Times are seconds since the epoch; None is now.
    """

    def __init__(self, op: Op) -> None:
        self.op = op

    def assign(self, values: Mapping[str, Atom]) -> None:
        """Sets attributes that hold one value; one record, however many.

        `sys/name`, `sys/description`, `sys/tags` and `sys/group_tags` set the run's own; other `sys/…` paths (such as
        `sys/failed`, `sys/stage`) are kept as they are given, and win over what would be derived.
        """
        raise NotImplementedError

    def log_floats(self, values: Mapping[str, float], step: float, time: float | None = None) -> None:
        """One point for each of many float series, all at one step: one record. Values are `float` or `int`."""
        raise NotImplementedError

    def log_previews(
        self, values: Mapping[str, float], step: float, completion: float, time: float | None = None
    ) -> None:
        """The same for points that may yet change; `completion` is from 0 to 1."""
        raise NotImplementedError

    def append_floats(
        self,
        path: str,
        values: Sequence[float],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one float series. Without `steps` they get the next ones: the last one plus 1, from 0."""
        raise NotImplementedError

    def append_texts(
        self,
        path: str,
        values: Sequence[str],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one string series, likewise."""
        raise NotImplementedError

    def log_texts(self, values: Mapping[str, str], step: float, time: float | None = None) -> None:
        """One point for each of many string series, all at one step: one record."""
        raise NotImplementedError

    def append_files(
        self,
        path: str,
        files: Sequence[File],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
        names: Sequence[str | None] | None = None,
        descriptions: Sequence[str | None] | None = None,
    ) -> None:
        """Files (or images, …) of one file series, likewise. A file that can't be read raises `OSError`."""
        raise NotImplementedError

    def append_histograms(
        self,
        path: str,
        histograms: Sequence[HistogramValue],
        steps: Sequence[float] | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        """Points of one histogram series, likewise."""
        raise NotImplementedError

    def last_step(self, path: str) -> float | None:
        """The highest step of a series, own writes included; None where it has none.

        Of a run that was there before the store is asked, once a series.
        """
        raise NotImplementedError

    def upload(self, path: str, file: File) -> None:
        """Sets a File attribute, in the place of what it was. A file that can't be read raises `OSError`."""
        raise NotImplementedError

    def upload_set(self, path: str, entries: Mapping[str, str | os.PathLike[str] | bytes]) -> None:
        """Adds files to a file set, by their relative paths in it; one that is there is replaced."""
        raise NotImplementedError

    def remove_from_set(self, path: str, names: Iterable[str]) -> None:
        """Removes files from a file set; a name ending with `/` stands for all below it."""
        raise NotImplementedError

    def add_tags(self, names: Iterable[str], *, group: bool = False) -> None:
        """Adds tags (`sys/tags`), or group tags (`sys/group_tags`)."""
        raise NotImplementedError

    def remove_tags(self, names: Iterable[str], *, group: bool = False) -> None:
        """Removes tags; those the run has not are no error."""
        raise NotImplementedError

    def set_tags(self, names: Iterable[str], *, group: bool = False) -> None:
        """Puts tags in the place of all there are, whoever added them."""
        raise NotImplementedError

    def delete(self, paths: Iterable[str]) -> None:
        """Removes attributes of whatever kind, by their whole paths. They may be made anew, as another kind."""
        raise NotImplementedError

    def clear(self, path: str) -> None:
        """Empties a series or a file set, which stays what it is. The next step is 0 again."""
        raise NotImplementedError

    def kind(self, path: str) -> AttributeKind | None:
        """The kind under which this writer has written a path, None if it has not."""
        raise NotImplementedError

    def progress(self) -> tuple[int, int]:
        """How many records the store has of this writer, and how many there are."""
        raise NotImplementedError

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until the store has everything written so far; None: without limit while it gets on.

        False when it was not enough, and always offline.
        """
        raise NotImplementedError

    def stop(
        self,
        status: str = "COMPLETED",
        *,
        seconds: float | None = None,
        idle: float = 60.0,
        tell: Callable[[int], None] | None = None,
    ) -> int:
        """Ends the run and waits for delivery; gives the number of records left for the uploader, 0 for none.

        `seconds`: how long at most; None: as long as it gets on. `idle`: how long to wait while nothing gets on.
        `tell` is called about once a second with the number of records left. Harmless when repeated.
        """
        raise NotImplementedError
