"""The config of a run, as its user sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

Emit = Callable[[dict[str, Any]], None]


class Config(MutableMapping[str, Any]):
    """A dict whose items are attributes, too. What is written is kept with the run.

    Dicts in it come out as `Config` again, so that `run.config["model"]["depth"] = 3` is kept as well. A key can't be
    deleted (`TypeError`): servers merge what they are sent.
    """

    __slots__ = ("_emit", "_values")
    _values: dict[str, Any]
    _emit: Emit

    def __init__(self, values: Mapping[str, Any], emit: Emit) -> None:
        object.__setattr__(self, "_values", dict(values))
        object.__setattr__(self, "_emit", emit)

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if type(value) is dict:
            inner = Config({}, lambda change: self._emit({key: change}))
            object.__setattr__(inner, "_values", value)
            return inner
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise TypeError(f"{key!r} can't be deleted from a run's config; set it to None instead")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the config has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        return repr(self._values)

    def update(self, *given: Any, **named: Any) -> None:
        """Takes over a mapping (or pairs) and named values; dicts are merged deeply. One write, however many keys."""
        change = native(dict(*given, **named))
        merge(self._values, change)
        self._emit(change)

    def as_dict(self) -> dict[str, Any]:
        """A deep copy."""
        return _copy(self._values)  # type: ignore[no-any-return]


def native(config: Any) -> dict[str, Any]:
    """A config as a dict with text keys. Raises `TypeError` for what holds no named values.

    Takes mappings, OmegaConf and argparse namespaces, dataclasses, JSON text of an object, and the path of a JSON or
    YAML file.
    """
    from pluto.core.jsonable import plain

    if config is None:
        return {}
    if isinstance(config, Mapping):
        return {str(key): _copy(value) for key, value in config.items()}
    found = plain(_from_text(config) if isinstance(config, (str, os.PathLike)) else config)
    if not isinstance(found, dict):
        raise TypeError(f"config is a dict of named values, not {type(config).__name__}")
    return found


def merge(into: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Merges `change` deeply into `into`, and gives it."""
    for key, value in change.items():
        old = into.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            merge(old, value)
        else:
            into[key] = _copy(value)
    return into


def _copy(value: Any) -> Any:
    if isinstance(value, Config):
        value = value._values
    return {str(key): _copy(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _from_text(config: str | os.PathLike[str]) -> Any:
    import json

    text = os.fspath(config)
    if text.lstrip().startswith("{"):
        return json.loads(text)
    with open(text, encoding="utf-8") as file:
        content = file.read()
    if text.endswith((".yaml", ".yml")):
        import importlib

        return importlib.import_module("yaml").safe_load(content)
    return json.loads(content)
