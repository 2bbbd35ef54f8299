"""The summary of a run: one value for each metric."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

Path = tuple[str, ...]


class SummaryDict:
    """A level of the summary: values by name, as items and as attributes. Dicts in it come out as levels of their own.

    A name that is not there is a `KeyError`, as an item and as an attribute.
    """

    _path: Path
    _root: Summary

    def _as_dict(self) -> dict[str, Any]:
        raise NotImplementedError

    def keys(self) -> list[str]:
        """The names, less `_wandb`."""
        return [name for name in self._as_dict() if name != "_wandb"]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or `default`."""
        found = self._as_dict().get(key, default)
        return copy.deepcopy(found) if isinstance(found, dict) else found

    def __getitem__(self, key: str) -> Any:
        value = self._as_dict()[key]
        return SummarySubDict(self._root, (*self._path, key), value) if isinstance(value, dict) else value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return self[key]

    def __setitem__(self, key: str, val: Any) -> None:
        self.update({key: val})

    __setattr__ = __setitem__

    def __delitem__(self, key: str) -> None:
        self._root._change({}, [(*self._path, key)])

    __delattr__ = __delitem__

    def update(self, d: Mapping[str, Any]) -> None:
        """Sets values: they stand until a later row has one of the same name."""
        self._root._change({(*self._path, name): value for name, value in d.items()}, [])

    def __contains__(self, key: object) -> bool:
        return key in self._as_dict()

    def __len__(self) -> int:
        return len(self.keys())

    def __repr__(self) -> str:
        return repr(self._as_dict())


Change = Callable[[dict[Path, Any], list[Path]], object]


class Summary(SummaryDict):
    """One value for each metric: the last one logged, unless `define_metric` asks for others or one is set here."""

    def __init__(self, get_current_summary_callback: Callable[[], dict[str, Any]]) -> None:
        space = self.__dict__
        space["_path"], space["_root"] = (), self
        space["_get_current"], space["_change_callback"] = get_current_summary_callback, None

    def _set_update_callback(self, change: Change) -> None:
        """What is set here, or deleted, goes to `change` as values by path, and paths."""
        self.__dict__["_change_callback"] = change

    def _as_dict(self) -> dict[str, Any]:
        current: dict[str, Any] = self.__dict__["_get_current"]()
        return current

    def _change(self, values: dict[Path, Any], gone: list[Path]) -> None:
        if self.__dict__["_change_callback"] is not None:
            self.__dict__["_change_callback"](values, gone)


class SummarySubDict(SummaryDict):
    """A dict in a summary, as it is now; what is set in it is set in the summary."""

    def __init__(self, root: Summary, path: Path, items: dict[str, Any]) -> None:
        space = self.__dict__
        space["_root"], space["_path"], space["_items"] = root, path, items

    def _as_dict(self) -> dict[str, Any]:
        items: dict[str, Any] = self.__dict__["_items"]
        return items
