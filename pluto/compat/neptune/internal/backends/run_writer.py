"""Writing Neptune's fields to a run of Pluto's, by Neptune's rules."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.kinds import AttributeKind, GitCommit, TrackedFiles
from pluto.compat.neptune.exceptions import FileUploadError, MetadataInconsistency
from pluto.compat.neptune.internal.backends.backend import FieldWriter
from pluto.compat.neptune.internal.file_sets import matched
from pluto.compat.neptune.internal.types.file_types import FileType
from pluto.compat.neptune.internal.utils.logger import get_logger

if TYPE_CHECKING:
    from pluto.compat.neptune.types import File
    from pluto.core.op import Op

__all__ = ["RunWriter"]

_TAGS: Final = {"sys/tags": False, "sys/group_tags": True}
"""The sets of texts that are kept, and whether they are those of the group."""
_SET_BY_STORE: Final = frozenset(
    f"sys/{name}"
    for name in "id state owner creation_time modification_time ping_time running_time monitoring_time size trashed"
    " visibility model_id".split()
)
_FAILED: Final = "sys/failed"
_KINDS: Final[tuple[tuple[type, AttributeKind], ...]] = (
    (bool, AttributeKind.BOOL),
    (int, AttributeKind.INT),
    (float, AttributeKind.FLOAT),
    (str, AttributeKind.STRING),
    (datetime, AttributeKind.DATETIME),
    (GitCommit, AttributeKind.GIT_REF),
    (TrackedFiles, AttributeKind.ARTIFACT),
)
_PLAIN: Final = frozenset(kind for _, kind in _KINDS) - {AttributeKind.ARTIFACT}
"""What holds one value, and nothing beside."""


class RunWriter(FieldWriter):
    """Writes through an `AttributeWriter`. What Neptune's server would not take raises `MetadataInconsistency`."""

    def __init__(self, op: Op) -> None:
        from pluto.compat.attributes import AttributeWriter

        self.attributes = AttributeWriter(op)
        self.kinds: dict[str, AttributeKind] = {}
        """The fields there are, as far as this process knows."""
        self.values: dict[str, Any] = {}
        """The values of simple types written here."""
        self.failed = False
        """Whether the run is marked as failed."""
        self.file_bytes = 0
        """How much the files have that were written here."""
        self._last: dict[str, float] = {}
        """The last steps of series."""
        self._waiting: dict[str, Any] = {}
        self._depth = 0

    # single values

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Keeps single values back until `write_together`, which anything else that is written calls."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @property
    def holding(self) -> bool:
        """Whether single values are kept back: a block of `together` is open."""
        return self._depth > 0

    def write_together(self) -> None:
        """Writes what was kept back, as one record."""
        if self._waiting:
            values, self._waiting = self._waiting, {}
            self.attributes.assign(values)

    def assign(self, path: str, value: Any) -> None:
        """Sets a value."""
        self._may_set(path)
        if isinstance(value, datetime):
            value = value.astimezone(timezone.utc)
        if path == _FAILED:
            self.failed = bool(value)
        self.values[path] = value
        self.kinds[path] = next(kind for type_, kind in _KINDS if isinstance(value, type_))
        self._waiting[path] = value
        if self._depth == 0:
            self.write_together()

    def track(self, path: str, files: TrackedFiles) -> None:
        """Sets an artifact."""
        self.assign(path, files)

    # series

    def append_float(self, path: str, value: float, step: float | None, time: float | None) -> None:
        """Adds one point, by the shortest way."""
        last = self._last.get(path)
        if last is None or self._waiting or (step is not None and not last < step < math.inf):
            self.append_floats(path, (value,), None if step is None else (step,), None if time is None else (time,))
            return
        if step is None:
            step = last + 1
        self._last[path] = step
        self.attributes.log_floats({path: value}, step, time)

    def append_floats(
        self, path: str, values: Sequence[float], steps: Sequence[float] | None, times: Sequence[float] | None
    ) -> None:
        """Adds points."""
        self._append(path, AttributeKind.FLOAT_SERIES, self.attributes.append_floats, values, steps, times)

    def append_texts(
        self, path: str, values: Sequence[str], steps: Sequence[float] | None, times: Sequence[float] | None
    ) -> None:
        """Adds points."""
        self._append(path, AttributeKind.STRING_SERIES, self.attributes.append_texts, values, steps, times)

    def append_images(
        self,
        path: str,
        images: Sequence[bytes],
        steps: Sequence[float] | None,
        times: Sequence[float] | None,
        name: str | None,
        description: str | None,
    ) -> None:
        """Adds points."""

        def append(path: str, values: Sequence[bytes], steps: Any, times: Any) -> None:
            self.file_bytes += sum(map(len, values))
            files = [_as_media(path, image) for image in values]
            self.attributes.append_files(
                path, files, steps, times, names=[name] * len(files), descriptions=[description] * len(files)
            )

        self._append(path, AttributeKind.FILE_SERIES, append, images, steps, times)

    def _append(
        self,
        path: str,
        kind: AttributeKind,
        append: Any,
        values: Sequence[Any],
        steps: Sequence[float] | None,
        times: Sequence[float] | None,
    ) -> None:
        """Adds those whose steps rise. Raises `MetadataInconsistency` where some do not, the others being kept."""
        self.write_together()
        self.kinds[path] = kind
        if kind is AttributeKind.FILE_SERIES:
            self.attributes.declare({path: kind})
        last = self._last[path] if path in self._last else self.attributes.last_step(path)
        if steps is None:
            first = 0.0 if last is None else last + 1
            steps = [first + place for place in range(len(values))]
        kept = _rising(last, steps)
        if kept:
            self._last[path] = steps[kept[-1]]
            append(
                path,
                [values[place] for place in kept],
                [float(steps[place]) for place in kept],
                None if times is None else [times[place] for place in kept],
            )
        if len(kept) < len(steps):
            late = next(step for place, step in enumerate(steps) if place not in kept)
            raise MetadataInconsistency(
                f'steps of "{path}" have to rise: {len(steps) - len(kept)} points, the first at step {late:g}, are not'
                " kept"
            )

    def declare(self, path: str, kind: AttributeKind) -> None:
        """Makes a series without points."""
        self.write_together()
        self.kinds[path] = kind
        self.attributes.declare({path: kind})

    def configure(self, path: str, low: float | None, high: float | None, unit: str | None) -> None:
        """Keeps it beside the series."""
        self.write_together()
        self.attributes.configure(path, min=low, max=high, unit=unit)

    def clear(self, path: str, kind: AttributeKind) -> None:
        """Empties a series; one that is not there yet begins to be."""
        if path not in self.kinds:
            self.declare(path, kind)
            return
        self.write_together()
        self._last.pop(path, None)
        self.attributes.clear(path)
        self.attributes.declare({path: kind})

    # files

    def upload(self, path: str, file: File) -> None:
        """Sets a file, with the content it has now. Raises `FileUploadError` where there is none."""
        if file.file_type is FileType.LOCAL_FILE and not os.path.isfile(file.path):
            raise FileUploadError(file.path, "there is no such file")
        self.write_together()
        self.kinds[path] = AttributeKind.FILE
        from pluto.core.media import File as Media

        local = file.file_type is FileType.LOCAL_FILE
        content: str | bytes = file.path if local else file.content
        self.file_bytes += os.path.getsize(content) if local else len(content)
        self.attributes.upload(path, Media(content), extension=file.extension)

    def upload_set(self, path: str, patterns: Sequence[str], *, anew: bool) -> None:
        """Adds files."""
        self.write_together()
        files = matched(patterns)
        if patterns and not files:
            get_logger().warning('there are no files at %s for "%s"', ", ".join(patterns), path)
        if anew and path in self.kinds:
            self.attributes.clear(path)
        self.kinds[path] = AttributeKind.FILE_SET
        if files:
            self.file_bytes += sum(os.path.getsize(file) for file in files.values())
            self.attributes.upload_set(path, files)

    def remove_from_set(self, path: str, names: Iterable[str]) -> None:
        """Removes files, and all below folders."""
        self.write_together()
        plain = [name.rstrip("/") for name in names]
        self.attributes.remove_from_set(path, [*plain, *(f"{name}/" for name in plain)])

    # sets of texts

    def add_texts(self, path: str, texts: Iterable[str]) -> None:
        """Adds tags."""
        self.attributes.add_tags(texts, group=self._group(path))

    def remove_texts(self, path: str, texts: Iterable[str]) -> None:
        """Removes tags."""
        self.attributes.remove_tags(texts, group=self._group(path))

    def set_texts(self, path: str, texts: Iterable[str]) -> None:
        """Sets tags."""
        self.attributes.set_tags(texts, group=self._group(path))

    def _group(self, path: str) -> bool:
        self.write_together()
        if path not in _TAGS:
            raise MetadataInconsistency(f'sets of texts are kept at {" and ".join(_TAGS)}, and not at "{path}"')
        return _TAGS[path]

    # all

    def delete(self, paths: Sequence[str]) -> None:
        """Removes fields."""
        self.write_together()
        gone = [path for path in paths if path not in _SET_BY_STORE]
        own = [path for path in gone if path not in _TAGS]
        self.attributes.delete(own, plain={path for path in own if self.kinds.get(path) in _PLAIN})
        for path in gone:
            for known in (self.kinds, self.values, self._last):
                known.pop(path, None)
            if path in _TAGS:
                self.attributes.set_tags((), group=_TAGS[path])
        for path in paths:
            self._may_set(path)

    def _may_set(self, path: str) -> None:
        if path in _SET_BY_STORE:
            raise MetadataInconsistency(f'"{path}" is set by the store')


def _rising(last: float | None, steps: Sequence[float]) -> list[int]:
    """The places of the steps that lie above the one before, the first above `last`."""
    kept: list[int] = []
    for place, step in enumerate(steps):
        if math.isfinite(step) and (last is None or step > last):
            kept.append(place)
            last = step
    return kept


def _as_media(path: str, image: bytes) -> Any:
    """An encoded image as a file with the extension it should have."""
    from pluto.core.media import File as Media
    from pluto.core.media.content import extension_by_content

    name = path.rsplit("/", 1)[-1]
    return Media(image, f"{name}{extension_by_content(image) or '.png'}")
