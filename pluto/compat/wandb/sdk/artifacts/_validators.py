"""What artifacts, their names, tags and paths may be."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final, TypeVar, cast

from pluto.compat.wandb.sdk.artifacts.exceptions import ArtifactFinalizedError, ArtifactNotLoggedError
from pluto.compat.wandb.sdk.lib.paths import FilePathStr, LogicalPath, StrPath, validate_relpath
from pluto.compat.wandb.util import json_friendly_val

F = TypeVar("F", bound=Callable[..., Any])

REGISTRY_PREFIX: Final = "wandb-registry-"
MAX_ARTIFACT_METADATA_KEYS: Final = 100
NAME_MAXLEN: Final = 128
TAG_REGEX: Final = re.compile(r"[-\w]+( +[-\w]+)*\Z")

_NAME: Final = re.compile(r"[a-zA-Z0-9_\-.]+\Z")
_RESERVED: Final = {"job": "", "run_table": "run-", "code": "source-"}
"""Beginnings of names that belong to the SDK's own artifacts, by type."""


def validate_artifact_name(name: str) -> str:
    """The name of an artifact. Raises `ValueError` for one that can't be."""
    if not _NAME.match(name):
        raise ValueError(
            "Artifact name may only contain alphanumeric characters, dashes, underscores, and dots."
            f" Invalid name: {name!r}"
        )
    if len(name) > NAME_MAXLEN:
        raise ValueError(f"Artifact name is longer than {NAME_MAXLEN} characters: {name[:NAME_MAXLEN] + ' ...'!r}")
    return name


def validate_artifact_type(typ: str, name: str) -> str:
    """The type of an artifact. Raises `ValueError` for one that is the SDK's own."""
    reserved = _RESERVED.get(typ)
    if typ.startswith("wandb-") or (reserved is not None and name.startswith(reserved)):
        raise ValueError(f"Artifact type {typ!r} is reserved for internal use. Please use a different type.")
    return typ


def validate_metadata(metadata: dict[str, Any] | str | None) -> dict[str, Any]:
    """Metadata as JSON has it. Raises `TypeError` for what is no dict, and `ValueError` for too many or bad values."""
    if metadata is None or metadata == "":
        return {}
    if isinstance(metadata, str):
        return validate_metadata(json.loads(metadata))
    if not isinstance(metadata, dict):
        raise TypeError(f"Cannot parse {type(metadata)} as artifact metadata")
    plain: dict[str, Any] = json.loads(json.dumps(json_friendly_val(metadata), allow_nan=False))
    if len(plain) > MAX_ARTIFACT_METADATA_KEYS:
        raise ValueError(f"Artifact must not have more than {MAX_ARTIFACT_METADATA_KEYS} metadata keys.")
    return plain


def validate_aliases(aliases: Iterable[str] | str) -> list[str]:
    """Aliases as a list. Raises `ValueError` for one with `/` or `:`."""
    found = [aliases] if isinstance(aliases, str) else list(aliases)
    if any("/" in alias or ":" in alias for alias in found):
        raise ValueError("Aliases must not contain any of the following characters: '/', ':'")
    return found


def validate_tags(tags: Iterable[str] | str) -> list[str]:
    """Tags as a list, each once. Raises `ValueError` for one that can't be."""
    found = list(dict.fromkeys([tags] if isinstance(tags, str) else tags))
    if any(not TAG_REGEX.match(tag) for tag in found):
        raise ValueError(
            "Invalid tag(s).  Tags must only contain alphanumeric characters separated by hyphens, underscores,"
            " and/or spaces."
        )
    return found


def validate_artifact_path(path: StrPath) -> LogicalPath:
    """A path within an artifact. Raises `ValueError` for one that leads out of it."""
    try:
        return validate_relpath(path)
    except ValueError:
        raise ValueError(f"Invalid artifact path: {path!r}") from None


def validate_fspath(root: StrPath, relpath: StrPath) -> FilePathStr:
    """Where a path of an artifact lies below a folder. Raises `ValueError` for one that leads out of it."""
    return os.path.join(os.fspath(root), validate_artifact_path(relpath))


def validate_artifact_root_name(name: str) -> str:
    """A name that is made a folder of. Raises `ValueError` for one that leads elsewhere."""
    try:
        validate_relpath(name[2:] if name[1:2] == ":" else name)
    except ValueError:
        raise ValueError(f"Invalid artifact name: {name!r}") from None
    return name


def ensure_logged(method: F) -> F:
    """A method that raises `ArtifactNotLoggedError` before the artifact is logged."""

    @wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.is_draft():
            raise ArtifactNotLoggedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return cast(F, guarded)


def ensure_not_finalized(method: F) -> F:
    """A method that raises `ArtifactFinalizedError` once the artifact is logged."""

    @wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._final:
            raise ArtifactFinalizedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return cast(F, guarded)


def is_artifact_registry_project(project: str) -> bool:
    """Whether a project is a registry."""
    return project.startswith(REGISTRY_PREFIX) and project != REGISTRY_PREFIX


def remove_registry_prefix(project: str) -> str:
    """The name of the registry that a project is. Raises `ValueError` for one that is none."""
    if not is_artifact_registry_project(project):
        raise ValueError(f"Project {project!r} is not a registry project. Must start with: {REGISTRY_PREFIX!r}")
    return project.removeprefix(REGISTRY_PREFIX)


@dataclass
class ArtifactPath:
    """`prefix/project/name`, where name may have `:alias` behind it."""

    name: str
    project: str | None = None
    prefix: str | None = None
    """The entity, or the organisation."""

    @classmethod
    def from_str(cls, path: str) -> ArtifactPath:
        """The parts of a path. Raises `ValueError` for more than three."""
        place, colon, alias = path.partition(":")
        parts = place.split("/")
        if len(parts) > 3:
            raise ValueError(f"Invalid artifact path: {path!r}")
        prefix, project, name = [None] * (3 - len(parts)) + parts
        return cls(f"{name}{colon}{alias}", project, prefix)

    def to_str(self) -> str:
        """The path as a text."""
        return "/".join(part for part in (self.prefix, self.project, self.name) if part)

    def with_defaults(self, *, prefix: str | None = None, project: str | None = None) -> ArtifactPath:
        """The same with what is missing."""
        return replace(self, prefix=self.prefix or prefix, project=self.project or project)

    def is_registry_path(self) -> bool:
        """Whether it is in a registry."""
        return bool(self.project) and is_artifact_registry_project(str(self.project))
