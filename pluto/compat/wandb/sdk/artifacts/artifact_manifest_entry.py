"""What an artifact holds under one path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts._validators import validate_fspath
from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import (
    DIGEST_ALGORITHM_EXTRA_KEY,
    ArtifactDigestAlgorithm,
)
from pluto.compat.wandb.sdk.artifacts.artifacts_base import ArtifactsBase
from pluto.compat.wandb.sdk.lib.hashutil import b64_to_hex_id, hex_to_b64_id
from pluto.compat.wandb.sdk.lib.paths import FilePathStr, LogicalPath, URIStr

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

_SCHEME = "wandb-artifact"
_FIELDS = ("path", "digest", "ref", "birthArtifactID", "size", "extra", "local_path", "skip_cache")


class ArtifactManifestEntry(ArtifactsBase):
    """A file of an artifact, or a reference to something that lies elsewhere."""

    _parent_artifact: Artifact | None = None
    _sha256: str | None = None
    """By which the store knows the bytes."""
    _staged: bool = False
    """Whether `local_path` is a copy that nobody else knows."""

    def __init__(
        self,
        *,
        path: Any,
        digest: str,
        ref: str | None = None,
        birthArtifactID: str | None = None,  # noqa: N803
        size: int | None = None,
        extra: dict[str, Any] | None = None,
        local_path: Any = None,
        skip_cache: bool = False,
    ) -> None:
        """`local_path` is where the file is on this machine; its size is taken from there where none is given."""
        if size is not None and int(size) < 0:
            raise ValueError(f"a size is 0 or more, not {size}")
        self.path = LogicalPath(path)
        self.digest = digest
        self.ref = ref
        self.birth_artifact_id = birthArtifactID
        self.size = None if size is None else int(size)
        self.extra: dict[str, Any] = dict(extra or {})
        self.local_path = str(local_path) if local_path else None
        self.skip_cache = bool(skip_cache)
        self.model_post_init(None)

    def model_post_init(self, context: Any, /) -> None:  # noqa: ARG002
        """Takes the size from the file, where it was not given."""
        if self.size is None and self.local_path:
            self.size = os.path.getsize(self.local_path)

    def model_dump(self, *, mode: str = "json", **kwargs: Any) -> dict[str, Any]:  # noqa: ARG002
        """The entry as a dict; `exclude` names, `exclude_none` and `exclude_defaults` leave things out."""
        defaults: dict[str, Any] = {"extra": {}, "skip_cache": False}
        left_out = set(kwargs.pop("exclude", None) or ())
        without_none = kwargs.pop("exclude_none", False)
        without_defaults = kwargs.pop("exclude_defaults", False)
        own = kwargs.pop("by_alias", True) is False
        if kwargs:
            raise TypeError(f"model_dump: unknown argument {min(kwargs)!r}")
        found: dict[str, Any] = {}
        for name in _FIELDS:
            value = self.birth_artifact_id if name == "birthArtifactID" else getattr(self, name)
            shown = "birth_artifact_id" if own and name == "birthArtifactID" else name
            if shown in left_out or (without_none and value is None):
                continue
            if without_defaults and name not in ("path", "digest") and value == defaults.get(name):
                continue
            found[shown] = str(value) if name == "path" else value
        return found

    def to_json(self) -> dict[str, Any]:
        """The entry as a dict, less what is not known."""
        return self.model_dump(exclude_none=True)

    def __repr__(self) -> str:
        left_out = None if self.extra else {"extra"}
        shown = self.model_dump(by_alias=False, exclude_none=True, exclude=left_out)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArtifactManifestEntry) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    @property
    def name(self) -> LogicalPath:
        """`path` by its older name."""
        termwarn("ArtifactManifestEntry.name is deprecated, use .path instead.", repeat=False)
        return self.path

    def parent_artifact(self) -> Artifact:
        """The artifact that has it. Raises `NotImplementedError` for an entry that was not taken from one."""
        if self._parent_artifact is None:
            raise NotImplementedError("this entry was not taken from an artifact: get it by Artifact.get_entry()")
        return self._parent_artifact

    def digest_algorithm(self) -> ArtifactDigestAlgorithm:
        """How its digest was made."""
        return ArtifactDigestAlgorithm.of_extra(self.extra)

    def download(self, root: str | None = None, skip_cache: bool | None = None, executor: Any = None) -> FilePathStr:  # noqa: ARG002
        """The path of the file, below `root` or the artifact's own folder; fetched unless it is there as it should be.

        `executor` is not needed: a file comes in one stream. Raises `FileNotFoundError` or `ValueError` where what is
        referred to is gone, or another thing now.
        """
        from pluto.compat.wandb.sdk.artifacts.fetching import fetch

        artifact = self.parent_artifact()
        target = validate_fspath(artifact._add_download_root(root), self.path)
        return fetch(self, target, skip_cache=bool(skip_cache))

    def ref_target(self) -> FilePathStr | URIStr:
        """The address that it refers to. Raises `ValueError` for a file."""
        if self.ref is None:
            raise ValueError("Only reference entries support ref_target().")
        if self._parent_artifact is None:
            return self.ref
        from pluto.compat.wandb.sdk.artifacts.storage_handlers.multi_handler import handler_for

        return handler_for(self.ref).load_path(self, local=False)

    def ref_url(self) -> str:
        """An address of this entry that other artifacts can refer to. Raises `ValueError` before it is logged."""
        parent_id = self.parent_artifact().id
        if parent_id is None:
            raise ValueError("Parent artifact ID is not set")
        return f"{_SCHEME}://{b64_to_hex_id(parent_id)}/{self.path}"

    def _is_artifact_reference(self) -> bool:
        return self.ref is not None and urlparse(self.ref).scheme == _SCHEME

    def _referenced_artifact_id(self) -> str | None:
        if self.ref is None or not self._is_artifact_reference():
            return None
        return hex_to_b64_id(urlparse(self.ref).netloc)


__all__ = ["DIGEST_ALGORITHM_EXTRA_KEY", "ArtifactManifestEntry"]
