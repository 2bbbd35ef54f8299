"""Artifacts that the SDK makes itself: code, tables of runs."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from typing import Any, Literal
from zlib import crc32

from pluto.compat.wandb.sdk.artifacts.artifact import Artifact


def sanitize_artifact_name(name: str) -> str:
    """A name that artifacts can have; one that had to be changed gets a part of its checksum."""
    clean = re.sub(r"[^a-zA-Z0-9_\-.]+", "", name)
    if clean == name:
        return name
    check = (crc32(name.encode()) & 0xFFFFFFFF).to_bytes(4, "big")
    return f"{clean}-{urlsafe_b64encode(check).rstrip(b'=').decode('ascii')}"


class InternalArtifact(Artifact):
    """An artifact of a type that users can't take."""

    _is_internal = True

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        digest_algorithm: Literal["MD5", "XXH128"] = "MD5",
    ) -> None:
        super().__init__(
            sanitize_artifact_name(name), type, description, metadata, incremental, use_as,
            digest_algorithm="MD5" if type == "job" else digest_algorithm,
        )  # fmt: skip

    def _checked_type(self, type: str, name: str) -> str:  # noqa: ARG002
        return type
