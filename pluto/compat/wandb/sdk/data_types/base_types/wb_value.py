"""What can be logged, put into an artifact, and read back from one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeGuard

_RUN: Final = "pluto.compat.wandb.sdk.wandb_run"
_ARTIFACT: Final = "pluto.compat.wandb.sdk.artifacts.artifact"


def is_run(value: Any) -> TypeGuard[Any]:
    """Whether this is a run."""
    module = sys.modules.get(_RUN)
    return module is not None and isinstance(value, module.Run)


def is_artifact(value: Any) -> TypeGuard[Any]:
    """Whether this is an artifact."""
    module = sys.modules.get(_ARTIFACT)
    return module is not None and isinstance(value, module.Artifact)


@dataclass
class _InArtifact:
    """An artifact that has the value, and its name there."""

    artifact: Any
    name: str | None = None


class WBValue:
    """A value of a kind of its own. As JSON it is an object whose `_type` says which."""

    _type_mapping: ClassVar[dict[str, type[WBValue]] | None] = None
    _log_type: ClassVar[str | None] = None
    """The `_type` under which artifacts have it."""

    _artifact_source: _InArtifact | None
    """Where it was read from."""
    _artifact_target: _InArtifact | None
    """Where it was put."""

    def __init__(self) -> None:
        self._artifact_source = None
        self._artifact_target = None

    def to_json(self, run_or_artifact: Any) -> Any:
        """The value as JSON has it; what else belongs to it is put into the run or artifact."""
        raise NotImplementedError(f"{type(self).__name__}.to_json")

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> WBValue:
        """The value that `to_json` has put into an artifact."""
        raise NotImplementedError(f"{cls.__name__}.from_json")

    @classmethod
    def with_suffix(cls, name: str, filetype: str = "json") -> str:
        """A file name with the ending that says what kind of value is in it."""
        suffix = f"{cls._log_type}.{filetype}" if cls._log_type is not None else filetype
        return name if name.endswith(suffix) else f"{name}.{suffix}"

    @staticmethod
    def init_from_json(json_obj: dict[str, Any], source_artifact: Any) -> WBValue | None:
        """The value that an artifact has as this JSON; None where its `_type` is unknown."""
        kind = WBValue.type_mapping().get(json_obj["_type"])
        if kind is None:
            return None
        value = kind.from_json(json_obj, source_artifact)
        value._set_artifact_source(source_artifact)
        return value

    @staticmethod
    def type_mapping() -> dict[str, type[WBValue]]:
        """The classes by the `_type` they are read from."""
        if WBValue._type_mapping is None:
            import pluto.compat.wandb.data_types  # noqa: F401  all of them are to be known

            found: dict[str, type[WBValue]] = {}
            waiting: list[type[WBValue]] = [WBValue]
            while waiting:
                kind = waiting.pop()
                waiting += kind.__subclasses__()
                if kind._log_type is not None:
                    found[kind._log_type] = kind
            WBValue._type_mapping = found
        return WBValue._type_mapping

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    def to_data_array(self) -> list[Any]:
        """What it is made of, as lists of numbers. Raises `NotImplementedError` where there is nothing of the kind."""
        raise NotImplementedError(f"{type(self).__name__}.to_data_array")

    def _set_artifact_source(self, artifact: Any, name: str | None = None) -> None:
        assert self._artifact_source is None, f"it was read from {self._artifact_source} already"
        self._artifact_source = _InArtifact(artifact, name)

    def _set_artifact_target(self, artifact: Any, name: str | None = None) -> None:
        assert self._artifact_target is None, f"it was put into {self._artifact_target} already"
        self._artifact_target = _InArtifact(artifact, name)

    def _get_artifact_entry_ref_url(self) -> str | None:
        """The address of the value in the artifact it was read from, or put into; None without one."""
        source = self._artifact_source
        if source is not None and source.name:
            url: str = source.artifact.get_entry(self.with_suffix(source.name)).ref_url()
            return url
        return self._target_url("_client_id", "")

    def _get_artifact_entry_latest_ref_url(self) -> str | None:
        """The same in whatever version of the artifact is the latest."""
        return self._target_url("_sequence_client_id", ":latest")

    def _target_url(self, id_name: str, version: str) -> str | None:
        target = self._artifact_target
        if target is None or not target.name or not target.artifact._final:
            return None
        client_id = getattr(target.artifact, id_name)
        if client_id is None or not _drafts_have_addresses():
            return None
        return f"wandb-client-artifact://{client_id}{version}/{self.with_suffix(target.name)}"


def _drafts_have_addresses() -> bool:
    """Whether an artifact that was just logged can be referred to: not offline, unless the settings allow it."""
    from pluto.compat.wandb.sdk.wandb_setup import singleton

    session = singleton()
    run = session.most_recent_active_run
    settings = session.settings if run is None else run._settings
    return bool(not settings._offline or settings.allow_offline_artifacts)


__all__ = ["WBValue", "is_artifact", "is_run"]
