"""Settings: how a run is recorded, from arguments, variables, files and what the machine says."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pluto.compat.wandb.errors.errors import UnsupportedError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib import settings_sources as sources
from pluto.compat.wandb.sdk.lib.older import OlderSettings
from pluto.compat.wandb.sdk.lib.settings_paths import SettingsPaths
from pluto.compat.wandb.sdk.lib.settings_table import ALIASES, FIELDS, OLD, Field

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.settings_file import SettingsFiles


class ValidationError(ValueError):
    """Settings that can't be. `errors()` lists them: each a dict with `loc`, `msg` and `input`."""

    def __init__(self, title: str, errors: list[dict[str, Any]]) -> None:
        plural = "" if len(errors) == 1 else "s"
        lines = [f"{len(errors)} validation error{plural} for {title}"]
        for error in errors:
            lines += [*error["loc"], f"  {error['msg']} (given: {error['input']!r})"]
        super().__init__("\n".join(lines))
        self._errors = errors

    def errors(self) -> list[dict[str, Any]]:
        """What is wrong, by setting."""
        return self._errors

    def error_count(self) -> int:
        """How many settings are wrong."""
        return len(self._errors)


class Settings(SettingsPaths, OlderSettings):
    """How a run is recorded. Every setting is a keyword here and an attribute that checks what is assigned.

    Raises `ValidationError`, which is a `ValueError`, for an unknown setting and for a value it does not take, and
    `UsageError` for ids and names that can't be. A name with a leading `_` stands for `x_` and the rest.
    """

    model_fields: ClassVar[Mapping[str, Field]] = FIELDS

    def __init__(self, **values: Any) -> None:
        space = self.__dict__
        space["_set"] = set()
        errors: list[dict[str, Any]] = []
        for name, value in values.items():
            self._take(("x" + name) if name.startswith("_") else name, value, errors)
        if not errors:
            self._check_together(errors, values)
        if errors:
            raise ValidationError("Settings", errors)

    def _take(self, name: str, value: Any, errors: list[dict[str, Any]]) -> None:
        name = ALIASES.get(name, name)
        field = FIELDS.get(name)
        if field is None:
            if name in OLD:
                termwarn(f"setting {name!r} has no effect any more: {OLD[name]}", repeat=False)
                return
            errors.append({"loc": (name,), "msg": "There is no such setting", "input": value})
            return
        try:
            self.__dict__[name] = field.check(value)
        except ValueError as error:
            errors.append({"loc": (name,), "msg": str(error), "input": value})
        else:
            self.__dict__["_set"].add(name)

    def _check_together(self, errors: list[dict[str, Any]], values: Mapping[str, Any]) -> None:
        ways = [name for name in ("fork_from", "resume", "resume_from") if getattr(self, name) is not None]
        if len(ways) > 1:
            message = "`fork_from`, `resume`, or `resume_from` are mutually exclusive; use one of them"
            errors.append({"loc": (), "msg": message, "input": {name: getattr(self, name) for name in ways}})
        for name, same in (("fork_from", False), ("resume_from", True)):
            moment = getattr(self, name)
            if moment is None or self.run_id is None or (self.run_id == moment.run) is same:
                continue
            message = (
                "Both `run_id` and `resume_from` have been specified with different ids"
                if same
                else "`run_id` is the run to `fork_from`; leave it out, or use `resume_from` to go on with that run"
            )
            errors.append({"loc": (name,), "msg": message, "input": values.get(name, self.run_id)})

    def __getattr__(self, name: str) -> Any:
        field = FIELDS.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = field.make() if field.make is not None else field.default
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            self.__dict__[name] = value
            return
        if name not in FIELDS and isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"{name!r} of Settings follows from others and can't be set")
        before = {**self.__dict__, "_set": set(self.__dict__["_set"])}
        errors: list[dict[str, Any]] = []
        self._take(name, value, errors)
        if not errors and name in ("fork_from", "resume", "resume_from"):
            self._check_together(errors, {name: value})
        if errors:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise ValidationError("Settings", errors)

    # as a record of values

    @property
    def model_fields_set(self) -> set[str]:
        """The settings that were set, be it to their default."""
        return set(self.__dict__["_set"])

    def model_dump(
        self,
        *,
        include: Any = None,
        exclude: Any = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """The settings by name, with those that follow from others."""
        found = {}
        for name in [*FIELDS, *self._derived()]:
            if name == "anonymous" or (include is not None and name not in include):
                continue
            if (exclude is not None and name in exclude) or (exclude_unset and name not in self.__dict__["_set"]):
                continue
            value = getattr(self, name)
            if (exclude_none and value is None) or (exclude_defaults and name in FIELDS and value == _default(name)):
                continue
            found[name] = value
        return found

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Settings:
        """Another with the same values, but those in `update`, which are not checked."""
        other = copy.deepcopy(self) if deep else copy.copy(self)
        for name, value in (update or {}).items():
            other.__dict__[name] = value
            other.__dict__["_set"].add(name)
        return other

    @classmethod
    def model_validate(cls, obj: Any, **_: Any) -> Settings:
        """Settings of a mapping, or the same settings again."""
        return obj if isinstance(obj, cls) else cls(**obj)

    def __copy__(self) -> Settings:
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__["_set"] = set(self.__dict__["_set"])
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Settings:
        other = type(self).__new__(type(self))
        memo[id(self)] = other
        keep = self.__dict__.get("stop_fn")
        values = {name: value for name, value in self.__dict__.items() if name != "stop_fn"}
        other.__dict__.update(copy.deepcopy(values, memo))
        if keep is not None:
            other.__dict__["stop_fn"] = keep
        return other

    def __reduce__(self) -> Any:
        return _rebuild, ({name: value for name, value in self.__dict__.items() if name != "stop_fn"},)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in FIELDS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in FIELDS if name in self.__dict__["_set"])
        return f"Settings({', '.join(part for part in shown if not part.startswith('api_key='))})"

    __str__ = __repr__

    # where values come from

    def read_system_settings(self) -> SettingsFiles:
        """What the settings files say just now: that of the user, and that of the working directory."""
        return sources.files(self)

    def update_from_system_settings(self) -> None:
        """Takes over what the settings files say; what can't be is told and left out."""
        sources.from_files(self)

    def update_from_env_vars(self, environ: Mapping[str, Any]) -> None:
        """Takes over what the `WANDB_*` variables say. Raises `ValidationError`."""
        sources.from_environment(self, environ)

    def update_from_system_environment(self) -> None:
        """Fills in what the machine says: host, program, git."""
        sources.from_machine(self)

    def infer_git_root(self) -> None:
        """Finds the repository around the working directory, unless one is named."""
        sources.find_git_root(self)

    def update_from_dict(self, settings: Mapping[str, Any]) -> None:
        """Takes over all values that are not None."""
        for name, value in dict(settings).items():
            if value is not None:
                setattr(self, name, value)

    def update_from_settings(self, settings: Settings) -> None:
        """Takes over what was set there."""
        self.update_from_dict({name: getattr(settings, name) for name in FIELDS if name in settings.model_fields_set})

    def to_proto(self) -> Any:
        """Raises `UnsupportedError`: there is no such format here; `model_dump()` gives the values."""
        raise UnsupportedError("Settings have no protobuf form here; use Settings.model_dump()")

    @classmethod
    def _derived(cls) -> list[str]:
        return [name for name, value in vars(SettingsPaths).items() if isinstance(value, property)]


def _default(name: str) -> Any:
    field = FIELDS[name]
    return field.make() if field.make is not None else field.default


def _rebuild(values: dict[str, Any]) -> Settings:
    settings = Settings()
    settings.__dict__.update(values)
    return settings


_DEFAULTS: Final = {name: field.default for name, field in FIELDS.items()} | {"console": "auto"}
Settings.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in _DEFAULTS.items()]
)
__all__ = ["Settings", "ValidationError"]
