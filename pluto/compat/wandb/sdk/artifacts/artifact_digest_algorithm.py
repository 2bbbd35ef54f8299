"""How digests are made."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pluto.compat.wandb.sdk.lib.hashutil import md5_file_b64, xxh128_file_b64

DIGEST_ALGORITHM_EXTRA_KEY = "alg"
"""Where an entry says how its digest was made, if not by MD5."""


class ArtifactDigestAlgorithm(str, Enum):
    """What digests of files and manifests are."""

    MANIFEST_MD5 = "MANIFEST_MD5"
    MANIFEST_XXH128 = "MANIFEST_XXH128"

    @property
    def short(self) -> str:
        """`MD5` or `XXH128`."""
        return self.value.removeprefix("MANIFEST_")

    @classmethod
    def of(cls, name: str) -> ArtifactDigestAlgorithm:
        """The algorithm of a short name; MD5 for an unknown one."""
        return cls.MANIFEST_XXH128 if name == "XXH128" else cls.MANIFEST_MD5

    @classmethod
    def of_extra(cls, extra: dict[str, Any]) -> ArtifactDigestAlgorithm:
        """How an entry's digest was made."""
        return cls.of(str(extra.get(DIGEST_ALGORITHM_EXTRA_KEY)))

    def of_file(self, path: Any) -> str:
        """The digest of a file, as base64. Raises `OSError`."""
        return xxh128_file_b64(path) if self is type(self).MANIFEST_XXH128 else md5_file_b64(path)
