"""The config of a run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.config_util import ConfigError, dict_from_config_file, merge_dicts
from pluto.compat.wandb.sdk.lib.config_values import config_value
from pluto.compat.wandb.sdk.wandb_helper import parse_config

Keep = Callable[[dict[str, Any]], object]


class Config:
    """Values by name, as items and as attributes. What is written is kept with the run.

    A value that is there is not changed to another one (`ConfigError`), unless `update(…, allow_val_change=True)` says
    so.
    """

    def __init__(self) -> None:
        for name, value in (
            ("_items", {}), ("_locked", {}), ("_keep", None), ("_use_artifact", None), ("_settings", None),
        ):  # fmt: skip
            object.__setattr__(self, name, value)
        defaults = dict_from_config_file("config-defaults.yaml")
        if defaults:
            self.update(defaults)

    _items: dict[str, Any]
    _locked: dict[str, Any]
    """Keys that others have set for good, and who."""
    _keep: Keep | None
    _use_artifact: Callable[[str, Any], Any] | None
    _settings: Any

    def _bind(self, keep: Keep | None, use_artifact: Callable[[str, Any], Any] | None, settings: Any) -> None:
        """What is written goes to `keep` from now on."""
        object.__setattr__(self, "_keep", keep)
        object.__setattr__(self, "_use_artifact", use_artifact)
        object.__setattr__(self, "_settings", settings)

    # reading

    def keys(self) -> list[str]:
        """The names, less those that begin with `_`."""
        return [name for name in self._items if not name.startswith("_")]

    def items(self) -> list[tuple[str, Any]]:
        """Names and values, less those that begin with `_`."""
        return [(name, value) for name, value in self._items.items() if not name.startswith("_")]

    def get(self, *args: Any) -> Any:
        """The value of a name, or else None, or what is given."""
        return self._items.get(*args)

    def as_dict(self) -> dict[str, Any]:
        """A dict of it, less what begins with `_`."""
        return dict(self)

    def _as_dict(self) -> dict[str, Any]:
        return self._items

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __getattr__(self, key: str) -> Any:
        try:
            return object.__getattribute__(self, "_items")[key]
        except (KeyError, AttributeError):
            raise AttributeError(f"{type(self)!r} object has no attribute {key!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __repr__(self) -> str:
        return str(dict(self))

    # writing

    def __setitem__(self, key: str, val: Any) -> None:
        if self._is_locked(key):
            return
        key, val = self._admit(key, val, None)
        self._items[key] = val
        self._kept({key: val})

    __setattr__ = __setitem__

    def update(self, d: Any, allow_val_change: bool | None = None) -> None:
        """Takes over what `init(config=)` takes. Raises `ConfigError` for a key that has another value."""
        self._kept(self._update(d, allow_val_change))

    def setdefaults(self, d: Any) -> None:
        """Takes over what is not there yet."""
        new = {name: value for name, value in parse_config(d).items() if name not in self._items}
        self._kept(self._update(new))

    def persist(self) -> None:
        """Keeps it all, as it is: after a dict in it was changed in place."""
        self._kept(self._items)

    def update_locked(
        self, d: Mapping[str, Any], user: str | None = None, _allow_val_change: bool | None = None
    ) -> None:
        """Sets values for good: later changes are left out, with a warning that names `user`."""
        self._lock(d, user, _allow_val_change, merge=False)

    def merge_locked(
        self, d: Mapping[str, Any], user: str | None = None, _allow_val_change: bool | None = None
    ) -> None:
        """The same, where dicts are merged into those that are there."""
        self._lock(d, user, _allow_val_change, merge=True)

    def _lock(self, d: Mapping[str, Any], user: str | None, allow: bool | None, *, merge: bool) -> None:
        changed = {}
        for name, given in d.items():
            key, value = self._admit(name, given, allow)
            self._locked[key] = user
            old = self._items.get(key)
            if merge and isinstance(old, dict) and isinstance(value, dict):
                value = merge_dicts(old, value)
            changed[key] = self._items[key] = value
        self._kept(changed)

    def _update(self, d: Any, allow_val_change: bool | None = None, ignore_locked: bool = False) -> dict[str, Any]:
        """Takes values over without keeping them, and gives them. All or none."""
        given = parse_config(d)
        if _holds_artifact(given, nested=False):
            raise ValueError("Instances of wandb.Artifact can only be top level keys in a run's config")
        admitted = {}
        for name, value in list(given.items()):
            if not self._is_locked(name, quietly=ignore_locked):
                key, value = self._admit(name, value, allow_val_change)
                admitted[key] = value
        self._items.update(admitted)
        return admitted

    def _admit(self, key: Any, val: Any, allow: bool | None) -> tuple[str, Any]:
        """The key and value as they are kept. Raises `ConfigError`, `TypeError` and `ValueError`."""
        types = sys.modules.get("pluto.compat.wandb.sdk.data_types.base_types.wb_value")
        if types is not None and isinstance(val, types.WBValue):
            raise TypeError("WBValue objects cannot be added to the run config")
        if allow is None and self._settings is not None:
            allow = bool(self._settings._jupyter or self._settings.allow_val_change)
        key = str(key).strip("-")
        if is_artifact(val) and self._use_artifact is not None:
            val = self._use_artifact(key, val)
        elif isinstance(val, Mapping) and _holds_artifact(val, nested=True):
            raise ValueError("Instances of wandb.Artifact can only be top level keys in a run's config")
        if not is_artifact(val):
            val = config_value(val)
        if not allow and key in self._items and not _same(val, self._items[key]):
            raise ConfigError(
                f'Attempted to change value of key "{key}" from {self._items[key]} to {val}\n'
                "If you really want to do this, pass allow_val_change=True to config.update()"
            )
        return key, val

    def _is_locked(self, key: str, *, quietly: bool = False) -> bool:
        if key not in self._locked:
            return False
        if not quietly:
            termwarn(f"Config item '{key}' was locked by '{self._locked[key]}' (ignored update).")
        return True

    def _kept(self, values: dict[str, Any]) -> None:
        if self._keep is not None and values:
            told = {name: getattr(value, "json_encode", lambda value=value: value)() for name, value in values.items()}
            self._keep(told)


class ConfigStatic:
    """A config that can only be read."""

    def __init__(self, config: Config) -> None:
        object.__setattr__(self, "__dict__", dict(config))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Error: run.config_static is a readonly object")

    def __setitem__(self, key: str, val: Any) -> None:
        raise AttributeError("Error: run.config_static is a readonly object")

    def keys(self) -> Any:
        """The names."""
        return self.__dict__.keys()

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[key]

    def __str__(self) -> str:
        return str(self.__dict__)


def is_artifact(value: Any) -> bool:
    """Whether a value is an artifact, or stands for one in a config."""
    module = sys.modules.get("pluto.compat.wandb.sdk.artifacts.artifact")
    if module is not None and isinstance(value, module.Artifact):
        return True
    if isinstance(value, str):
        return value.startswith(("wandb-artifact://", "wandb-client-artifact://"))
    return isinstance(value, dict) and value.get("_type") == "artifactVersion"


def _holds_artifact(values: Mapping[str, Any], *, nested: bool) -> bool:
    for value in values.values():
        if isinstance(value, Mapping) and not is_artifact(value):
            if _holds_artifact(value, nested=True):
                return True
        elif nested and is_artifact(value):
            return True
    return False


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001  what can't be compared is another one
        return False
