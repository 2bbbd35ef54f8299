"""Tables of runs, models and model versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import GitCommit, TrackedFiles
from pluto.compat.neptune.exceptions import MetadataInconsistency
from pluto.compat.neptune.internal.backends.api_model import AttributeType
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.utils.paths import join_paths
from pluto.compat.neptune.internal.utils.run_state import RunState

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.attributes import AttributeReader, RunAttributes
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["Table"]

_SERIES = (AttributeType.FLOAT_SERIES, AttributeType.STRING_SERIES)
_FILES = (AttributeType.FILE, AttributeType.FILE_SET, AttributeType.IMAGE_SERIES)


class Fields:
    """The fields of one row: those of a run, or the ones among them that were asked for as `columns`."""

    def __init__(self, run: RunAttributes, columns: Collection[str] | None = None) -> None:
        self.run = run
        self._columns = columns

    def __iter__(self) -> Iterator[str]:
        for path in self.run.definitions:
            if self.type(path) is not None:
                yield path

    def type(self, path: str) -> AttributeType | None:
        """The type of a field, None where there is no such field."""
        if self._columns is not None and path not in self._columns:
            return None
        return AttributeType.of(self.run.kind(path))

    def value(self, path: str) -> Any:
        """What a cell shows of a field: of series the last value, of sets of texts a set, of files None.

        Times are UTC, and naive.
        """
        type = self.type(path)
        if type is None or type in _FILES:
            return None
        if type in _SERIES:
            return self.run.last(path)
        atom = self.run.atom(path)
        if type is AttributeType.RUN_STATE:
            return RunState.from_api(str(atom)).value
        if isinstance(atom, datetime):
            return atom.astimezone(timezone.utc).replace(tzinfo=None)
        if isinstance(atom, GitCommit):
            return atom.commit
        if isinstance(atom, TrackedFiles):
            return atom.hash
        return set(atom) if isinstance(atom, frozenset) else atom


@dataclass(frozen=True, slots=True)
class LeaderboardEntry:
    """One object of a table, and its fields."""

    id: str
    attributes: Fields


class TableEntry:
    """One row of a table."""

    def __init__(
        self, backend: AttributeReader | None, container_type: ContainerType, _id: str, attributes: Fields
    ) -> None:
        self._backend = backend
        self._container_type = container_type
        self._id = _id
        self._attributes = attributes

    def __getitem__(self, path: str) -> LeaderboardHandler:
        return LeaderboardHandler(table_entry=self, path=path)

    def get_attribute_type(self, path: str) -> AttributeType:
        """The type of a field. Raises `ValueError` where the row has no such field."""
        found = self._attributes.type(path)
        if found is None:
            raise ValueError(f"there is no field {path!r} in this row")
        return found

    def get_attribute_value(self, path: str) -> Any:
        """The value of a field: of a series the last one, of a set of texts a set, of an artifact its hash.

        Raises `ValueError` where the row has no such field, `MetadataInconsistency` for files, which are downloaded.
        """
        type = self.get_attribute_type(path)
        if type is AttributeType.IMAGE_SERIES:
            raise MetadataInconsistency(f"{path!r} is a series of files, which has no value to show in a table")
        if type in _FILES:
            raise MetadataInconsistency(f"{path!r} is a {type.value}, which has no value: use download()")
        return self._attributes.value(path)

    def download_file_attribute(
        self, path: str, destination: str | None, progress_bar: ProgressBarType | None = None
    ) -> None:
        """Downloads a file, to a folder or a path. Raises as `get_attribute_type`, and where it is none."""
        self._download(path, AttributeType.FILE, destination, progress_bar)

    def download_file_set_attribute(
        self, path: str, destination: str | None, progress_bar: ProgressBarType | None = None
    ) -> None:
        """Downloads a set of files as a zip, likewise."""
        self._download(path, AttributeType.FILE_SET, destination, progress_bar)

    def _download(
        self, path: str, expected: AttributeType, destination: str | None, progress_bar: ProgressBarType | None
    ) -> None:
        from pluto.compat.neptune.attributes.downloads import download_file, download_file_set

        type = self.get_attribute_type(path)
        if type is not expected:
            raise MetadataInconsistency(f"{path!r} is a {type.value}, not a {expected.value}")
        assert self._backend is not None  # it is what the row was read through
        download = download_file if expected is AttributeType.FILE else download_file_set
        download(self._backend, self._attributes.run, path, destination, progress_bar)


class LeaderboardHandler:
    """A field of a row, or a namespace on the way to one."""

    def __init__(self, table_entry: TableEntry, path: str) -> None:
        self._table_entry = table_entry
        self._path = path

    def __getitem__(self, path: str) -> LeaderboardHandler:
        return LeaderboardHandler(table_entry=self._table_entry, path=join_paths(self._path, path))

    def get(self) -> Any:
        """The value, as `TableEntry.get_attribute_value`."""
        return self._table_entry.get_attribute_value(path=self._path)

    def download(self, destination: str | None) -> None:
        """Downloads a file, or a set of files as a zip. Raises `MetadataInconsistency` for what is neither."""
        type = self._table_entry.get_attribute_type(self._path)
        if type is AttributeType.FILE:
            self._table_entry.download_file_attribute(self._path, destination)
        elif type is AttributeType.FILE_SET:
            self._table_entry.download_file_set_attribute(self._path, destination)
        else:
            raise MetadataInconsistency(f"{self._path!r} is a {type.value}, and only files can be downloaded")


class Table:
    """The rows of a table, read as they are asked for: iterate over it once, or take all by `to_rows`, `to_pandas`."""

    def __init__(
        self, backend: AttributeReader | None, container_type: ContainerType, entries: Iterable[LeaderboardEntry]
    ) -> None:
        self._backend = backend
        self._container_type = container_type
        self._entries = iter(entries or ())

    def to_rows(self) -> list[TableEntry]:
        """The rows that are left."""
        return list(self)

    def __iter__(self) -> Table:
        return self

    def __next__(self) -> TableEntry:
        entry = next(self._entries)
        return TableEntry(self._backend, self._container_type, entry.id, entry.attributes)

    def to_pandas(self) -> pd.DataFrame:
        """The rows that are left as a frame, a column for each field: `sys/…` first, `monitoring/…` last.

        Series show their last value, sets of texts are joined with commas, files are left out. Needs pandas.
        """
        from pluto.compat.neptune.integrations.pandas import to_pandas

        return to_pandas(self)
