"""A path of an object: a field, a namespace, or nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from pluto.compat.neptune.attributes.atoms.artifact import Artifact
from pluto.compat.neptune.attributes.atoms.file import File
from pluto.compat.neptune.attributes.constants import SYSTEM_STAGE_ATTRIBUTE_PATH
from pluto.compat.neptune.attributes.file_set import FileSet
from pluto.compat.neptune.attributes.namespace import Namespace
from pluto.compat.neptune.attributes.series import FileSeries, FloatSeries, StringSeries
from pluto.compat.neptune.attributes.sets import StringSet
from pluto.compat.neptune.common.warnings import warn_about_unsupported_type
from pluto.compat.neptune.exceptions import (
    MissingFieldException,
    NeptuneCannotChangeStageManually,
    NeptuneProtectedPathException,
    NeptuneUserApiInputException,
)
from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.internal.utils import is_collection, is_float_like, verify_collection_type, verify_type
from pluto.compat.neptune.internal.utils.paths import join_paths, parse_path
from pluto.compat.neptune.internal.value_to_attribute_visitor import ValueToAttributeVisitor
from pluto.compat.neptune.metadata_containers.abstract import SupportsNamespaces
from pluto.compat.neptune.types.atoms.file import File as FileVal
from pluto.compat.neptune.types.namespace import Namespace as NamespaceVal
from pluto.compat.neptune.types.type_casting import cast_value_for_extend
from pluto.compat.neptune.types.value_copy import ValueCopy
from pluto.compat.neptune.utils import stringify_unsupported

if TYPE_CHECKING:
    from pluto.compat.neptune.api.dtos import FileEntry
    from pluto.compat.neptune.attributes.attribute import Attribute
    from pluto.compat.neptune.internal.artifacts.types import ArtifactFileData
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["Handler"]

Method = TypeVar("Method", bound=Callable[..., Any])

_NUMBER: Final = (int, float, type(None))
_OBJECT_METHODS: Final = frozenset(("exists", "get_structure", "print_structure", "stop", "sync", "wait"))


def _guarded(method: Method) -> Method:
    """The method, but for fields that are not set by hand."""

    @wraps(method)
    def guarded(self: Handler, *args: Any, **kwargs: Any) -> Any:
        if self._path in self._PROTECTED_PATHS:
            raise self._PROTECTED_PATHS[self._path](self._path)
        return method(self, *args, **kwargs)

    return cast(Method, guarded)


class Handler(SupportsNamespaces):
    """What `obj["path"]` gives. It can be kept, passed on, and used like the object itself, for what lies below it.

    The first value decides the type of a field. A field without a value can't be fetched: `MissingFieldException`,
    which is an `AttributeError` and a `KeyError`, too.
    """

    _PROTECTED_PATHS: ClassVar[dict[str, type[NeptuneProtectedPathException]]] = {
        SYSTEM_STAGE_ATTRIBUTE_PATH: NeptuneCannotChangeStageManually,
    }

    def __init__(self, container: MetadataContainer, path: str) -> None:
        self._container = container
        self._path = path if type(path) is str else str(path)

    def __repr__(self) -> str:
        found = self._container.get_attribute(self._path)
        return f'<{"Unassigned" if found is None else type(found).__name__} field at "{self._path}">'

    def _ipython_key_completions_(self) -> list[str]:
        return self._container._get_subpath_suggestions(path_prefix=self._path)

    def __getitem__(self, path: str) -> Handler:
        return Handler(self._container, join_paths(self._path, path))

    def __setitem__(self, key: str, value: Any) -> None:
        self[key].assign(value)

    def __delitem__(self, path: str) -> None:
        self.pop(path)

    def __getattr__(self, item: str) -> Any:
        if item in _OBJECT_METHODS:
            raise AttributeError(f"a namespace has no {item}(), its object has: get_root_object().{item}()")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {item!r}")

    @property
    def container(self) -> MetadataContainer:
        """The object."""
        return self._container

    def get_root_object(self) -> MetadataContainer:
        """The object."""
        return self._container

    # writing

    @_guarded
    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets the field; of a dict (or `argparse.Namespace`), each field below.

        A field keeps its type, and converts what it is given later. A value of a type that is not supported is skipped
        with a warning: `stringify_unsupported` makes it a text. With `wait`, it is in the store when this returns.
        """
        with self._container.lock(), self._container._backend.together():
            self._assign(value, wait=wait)

    @_guarded
    def _assign(self, value: Any, *, wait: bool) -> None:
        field = self._container.get_attribute(self._path)
        if field is None:
            self._container.define(self._path, value, wait=wait)
        else:
            field.process_assignment(ValueCopy(value) if isinstance(value, Handler) else value, wait=wait)

    @_guarded
    def upload(self, value: Any, *, wait: bool = False, **kwargs: Any) -> None:
        """Sets the field to a file: a path (text), a `File`, an image, a figure, or a chart.

        `include_plotlyjs` is passed on to Plotly. A path where there is no file is told in the log. Raises `TypeError`
        for what is no file.
        """
        file = FileVal.create_from(value, **kwargs)
        with self._container.lock():
            self._field(File).upload(file, wait=wait)

    @_guarded
    def upload_files(self, value: str | Iterable[str], *, wait: bool = False) -> None:
        """Adds files to a file set: paths of files and folders, or patterns (`**` goes deep)."""
        if is_collection(value):
            verify_collection_type("value", value, str)
        else:
            verify_type("value", value, str)
        with self._container.lock():
            self._field(FileSet).upload_files(value, wait=wait)

    def append(
        self,
        value: Any,
        *,
        step: float | None = None,
        timestamp: float | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Adds a value to a series: a number, a text, an image; of a dict, one to each series below.

        Steps rise. Without one, it is the last one plus 1, from 0 on. `timestamp` is in seconds since the epoch; now,
        without. Of images, `name` and `description` are kept, too.
        """
        series = self._container._float_series.get(self._path)
        if series is not None and not wait and not kwargs and (type(value) is float or type(value) is int):
            if (step is None or type(step) is int or type(step) is float) and (
                timestamp is None or type(timestamp) is float or type(timestamp) is int
            ):
                series.append_one(value, step, timestamp)
                return
        verify_type("step", step, _NUMBER)
        verify_type("timestamp", timestamp, _NUMBER)
        self.extend(
            _each_in_a_list(value),
            steps=None if step is None else [step],
            timestamps=None if timestamp is None else [timestamp],
            wait=wait,
            **kwargs,
        )
        found = self._container.get_attribute(self._path)
        if isinstance(found, FloatSeries):
            self._container._float_series[self._path] = found

    @_guarded
    def extend(
        self,
        values: Any,
        *,
        steps: Collection[float] | None = None,
        timestamps: Collection[float] | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Adds a list, set or tuple of values to a series; of a dict of such, to each series below.

        `steps` and `timestamps`, if given, are as many as the values.
        """
        _verify_lengths(values, steps, timestamps)
        with self._container.lock():
            field = self._container.get_attribute(self._path)
            if field is None:
                series = cast_value_for_extend(values)
                if series is None:
                    warn_about_unsupported_type(str(type(values)))
                    return
                if isinstance(series, NamespaceVal) and not series.value:
                    return
                field = self._made(ValueToAttributeVisitor(self._container, parse_path(self._path)).visit(series))
            field.extend(values, steps=steps, timestamps=timestamps, wait=wait, **kwargs)

    @_guarded
    def log(
        self,
        value: Any,
        *,
        step: float | None = None,
        timestamp: float | None = None,
        wait: bool = False,
        **kwargs: Any,
    ) -> None:
        """Adds a value or several (list, set, tuple) to a series; the old form of `append` and `extend`."""
        verify_type("step", step, _NUMBER)
        verify_type("timestamp", timestamp, _NUMBER)
        with self._container.lock():
            field = self._container.get_attribute(self._path)
            if field is None:
                kind, value = _series_for(value)
                if kind is None:
                    return
                field = self._made(kind(self._container, parse_path(self._path)))
            field.log(value, step=step, timestamp=timestamp, wait=wait, **kwargs)

    @_guarded
    def add(self, values: str | Iterable[str], *, wait: bool = False) -> None:
        """Adds one text or several to a set: tags."""
        verify_type("values", values, (str, Iterable))
        with self._container.lock():
            self._field(StringSet).add(values, wait=wait)

    @_guarded
    def remove(self, values: str | Iterable[str], *, wait: bool = False) -> None:
        """Removes one text or several from a set."""
        self._existing().remove(values=values, wait=wait)

    @_guarded
    def clear(self, *, wait: bool = False) -> None:
        """Empties a set or a series."""
        self._existing().clear(wait=wait)

    @_guarded
    def delete_files(self, paths: str | Iterable[str], *, wait: bool = False) -> None:
        """Removes files and folders from a file set, by their paths in it."""
        self._existing().delete_files(paths=paths, wait=wait)

    @_guarded
    def track_files(self, path: str, *, destination: str | None = None, wait: bool = False) -> None:
        """Makes an artifact refer to a file, or to all below a folder: on this machine, or in S3 (`s3://…`).

        They are read to be hashed, and not kept. Tracking again adds. `destination` goes before their relative paths.
        """
        verify_type("path", path, str)
        verify_type("destination", destination, (str, type(None)))
        with self._container.lock():
            self._field(Artifact).track_files(path=path, destination=destination, wait=wait)

    @_guarded
    def pop(self, path: str | None = None, *, wait: bool = False) -> None:
        """Removes the field, or all fields below; with `path`, what lies there, seen from here.

        Raises `MetadataInconsistency` where there is nothing.
        """
        with self._container.lock():
            if path:
                verify_type("path", path, str)
                self[path].pop(wait=wait)
                return
            found = self._container.get_attribute(self._path)
            if isinstance(found, Namespace):
                below = self._container._structure.iterate_subpaths(parse_path(self._path))
                self._container._pop_all([parse_path(path) for path in below], wait=wait)
            else:
                self._container._pop_all([parse_path(self._path)], wait=wait)

    # reading

    def fetch(self) -> Any:
        """The value in the store; of a namespace, those of all fields of simple types, as nested dicts."""
        return self._existing().fetch()

    def fetch_last(self) -> Any:
        """The last value of a series of numbers or texts."""
        return self._existing().fetch_last()

    def fetch_values(
        self, *, include_timestamp: bool | None = True, progress_bar: ProgressBarType | None = None
    ) -> Any:
        """A series of numbers or texts, as a data frame with the columns `step`, `value` and `timestamp`."""
        return self._existing().fetch_values(include_timestamp=include_timestamp, progress_bar=progress_bar)

    @_guarded
    def download(self, destination: str | None = None, progress_bar: ProgressBarType | None = None) -> None:
        """Writes a file to `destination` (a folder or a file; None: the current folder); of a set, as one archive.

        Of a series, all its files into a folder; of an artifact, too.
        """
        self._existing().download(destination=destination, progress_bar=progress_bar)

    def download_last(self, destination: str | None = None) -> None:
        """Writes the last file of a series into the folder `destination`; None: `neptune/<last part of the path>`."""
        self._existing().download_last(destination=destination)

    def fetch_hash(self) -> str:
        """The hash of an artifact."""
        return str(self._existing().fetch_hash())

    def fetch_extension(self) -> str:
        """The extension of a file, without a dot."""
        return str(self._existing().fetch_extension())

    def fetch_files_list(self) -> list[ArtifactFileData]:
        """The files of an artifact."""
        return list(self._existing().fetch_files_list())

    def list_fileset_files(self, path: str | None = None) -> list[FileEntry]:
        """What is at the top of a file set, or in its folder `path`."""
        return list(self._existing().list_fileset_files(path=path))

    # within

    def _get_attribute(self) -> Any:
        return self._existing()

    def _existing(self) -> Any:
        found = self._container.get_attribute(self._path)
        if found is None:
            raise MissingFieldException(self._path)
        return found

    def _field(self, kind: type[Attribute]) -> Any:
        """The field, made of this type where there is none."""
        found = self._container.get_attribute(self._path)
        return self._made(kind(self._container, parse_path(self._path))) if found is None else found

    def _made(self, field: Attribute) -> Attribute:
        self._container.set_attribute(self._path, field)
        return field


def _each_in_a_list(value: Any) -> Any:
    """The value as `extend` takes it."""
    if isinstance(value, (Namespace, NamespaceVal)):
        value = value.to_dict() if isinstance(value, Namespace) else value.value
    if isinstance(value, Mapping):
        return {key: _each_in_a_list(one) for key, one in value.items()}
    return stringify_unsupported([value.value]) if isinstance(value, StringifyValue) else [value]


def _verify_lengths(values: Any, steps: Collection[float] | None, timestamps: Collection[float] | None) -> None:
    lengths = set(_lengths(values))
    for name, given in (("steps", steps), ("timestamps", timestamps)):
        if given is not None and lengths and lengths != {len(given)}:
            raise NeptuneUserApiInputException(f"there have to be as many {name} as values")


def _lengths(values: Any) -> Iterator[int]:
    if isinstance(values, StringifyValue):
        values = values.value
    if isinstance(values, NamespaceVal):
        values = values.value
    if isinstance(values, Mapping):
        for one in values.values():
            yield from _lengths(one)
    elif is_collection(values):
        yield len(values)
    else:
        raise NeptuneUserApiInputException(
            f"values are a list, set or tuple, or a dict of such, and not a {type(values).__name__}"
        )


def _series_for(value: Any) -> tuple[type[FloatSeries | StringSeries | FileSeries] | None, Any]:
    """The series that `log` makes of a value, and the value it takes; None, with a warning, for what is not kept."""
    stringify = isinstance(value, StringifyValue)
    if stringify:
        value = value.value
    several = is_collection(value)
    if several and not value:
        raise ValueError("of no values at all nobody knows the type of the series")
    first = next(iter(value)) if several else value
    if isinstance(first, (float, int)):
        return FloatSeries, value
    if isinstance(first, str):
        return StringSeries, value
    if FileVal.is_convertable(first):
        return FileSeries, value
    if is_float_like(first):
        return FloatSeries, value
    if stringify:
        return StringSeries, [str(one) for one in value] if several else str(value)
    warn_about_unsupported_type(str(type(first)))
    return None, value
