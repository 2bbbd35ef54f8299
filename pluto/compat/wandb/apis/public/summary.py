"""The summary of a run that is read."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import UnsupportedError

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.run.editing import RunEditing

DEEP_SUMMARY_FNAME = "wandb.h5"
_NO_H5 = "Arrays in HDF5 files are not kept any more: log them as an artifact, or as a file with run.save()"


class SummarySubDict:
    """A level of a summary: values by name, as items and as attributes. Spaces around names are left off."""

    def __init__(self, root: SummarySubDict | None = None, path: Iterable[str] = ()) -> None:
        self._path = tuple(path)
        self._root: Any = self if root is None else root
        self._json_dict: dict[str, Any] = {}
        if root is not None:
            found = root._json_dict
            for name in self._path:
                found = found.get(name, {})
            self._json_dict = found

    def __setattr__(self, k: str, v: Any) -> None:
        if k.startswith("_"):
            object.__setattr__(self, k, v)
        else:
            self[k] = v

    def __getattr__(self, k: str) -> Any:
        if k.startswith("_"):
            raise AttributeError(k)
        return self[k]

    def keys(self) -> Any:
        """The names."""
        return self._json_dict.keys()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and values."""
        return ((name, self[name]) for name in self.keys())

    def get(self, k: str, default: Any = None) -> Any:
        """The value of a name, or `default`."""
        try:
            return self[k]
        except KeyError:
            return default

    def __getitem__(self, k: str) -> Any:
        k = _name(k)
        value = self._json_dict[k]
        return SummarySubDict(self._root, (*self._path, k)) if isinstance(value, dict) else value

    def __contains__(self, k: object) -> bool:
        return _name(k) in self._json_dict

    def __iter__(self) -> Iterator[str]:
        return iter(self._json_dict)

    def __len__(self) -> int:
        return len(self._json_dict)

    def __setitem__(self, k: str, v: Any) -> None:
        self._set({k: v}, overwrite=True)
        self._root._write()

    def __delitem__(self, k: str) -> None:
        del self._json_dict[_name(k)]
        self._root._write()

    def update(self, key_vals: Mapping[str, Any] | None = None, overwrite: bool = True) -> None:
        """Sets values, and keeps all that was set; with `overwrite=False` names that have a value keep it."""
        self._set(key_vals or {}, overwrite)
        self._root._write(commit=True)

    def _set(self, values: Mapping[str, Any], overwrite: bool) -> None:
        from pluto.compat.wandb.sdk.lib.config_values import config_value

        for name, value in dict(values).items():
            name = _name(name)
            if overwrite or name not in self._json_dict:
                # Not a number is a value here, which a config does not keep.
                self._json_dict[name] = value if isinstance(value, float) else config_value(value)

    def _write(self, commit: bool = False) -> None:
        del commit

    def __eq__(self, other: object) -> bool:
        return self._json_dict == (other._json_dict if isinstance(other, SummarySubDict) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._json_dict)


class Summary(SummarySubDict):
    """The summary of a run."""

    def __init__(self, run: RunEditing, summary: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._run = run
        self._json_dict = {} if summary is None else summary
        self._before = copy.deepcopy(self._json_dict)

    def write_h5(self, path: Any, val: Any) -> None:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_NO_H5)

    def read_h5(self, path: Any, val: Any = None) -> Any:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_NO_H5)

    def open_h5(self) -> None:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_NO_H5)


class HTTPSummary(Summary):
    """The summary of a run in the store: what is set stands there once `update` was called."""

    def __init__(self, run: RunEditing, service_api: Any, summary: dict[str, Any] | None = None) -> None:
        super().__init__(run, summary)
        self._service_api = service_api

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)

    def load(self) -> None:
        """Nothing: it is there."""

    def _write(self, commit: bool = False) -> None:
        if not commit:
            return
        from pluto.compat.wandb.sdk.lib.definitions import written
        from pluto.compat.wandb.sdk.lib.stored import OWN

        record = self._run._record
        last = record.stored.last_step
        row = 0 if last is None else last + 1
        said = {
            # As in a run itself, None and not-a-number leave nothing.
            written(path): [row, value[0]] if value and value[0] is not None and value[0] == value[0] else [row]
            for path, value in _changes((), self._before, self._json_dict)
        }
        if said:
            record.client.merge_config(record.place, record.number, {OWN: {"summary": said}})
            self._before = copy.deepcopy(self._json_dict)


def _changes(
    path: tuple[str, ...], before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], tuple[Any] | None]]:
    """What has another value now, by path: the value, or None where it is gone."""
    for name in before:
        if name not in now:
            yield (*path, name), None
    for name, value in now.items():
        old = before.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and "_type" not in value:
            yield from _changes((*path, name), old, value)
        elif name not in before or old != value:
            yield (*path, name), (value,)


def _name(key: Any) -> Any:
    """A name as it is kept: without spaces around it."""
    return key.strip() if isinstance(key, str) else key
