"""What client and server agree on about artifacts: the digest of what is in one, and the names of their kinds."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable
from typing import Any, Final

MD5: Final = "MD5"
XXH128: Final = "XXH128"
ALGORITHMS: Final = (MD5, XXH128)
"""How a digest is made. `XXH128` needs the package xxhash where it is computed."""

LATEST: Final = "latest"
"""The alias that follows whatever was logged, or linked, last."""

SEQUENCE: Final = "sequence"
"""A collection whose versions are logged by runs."""
PORTFOLIO: Final = "portfolio"
"""A collection whose versions are links to versions of sequences."""

_HEADER: Final = b"wandb-artifact-manifest-v1\n"


def hasher(algorithm: str = MD5) -> Any:
    """A new hash object. Raises `ValueError` for an unknown algorithm, `ImportError` where its package is missing."""
    if algorithm == MD5:
        return hashlib.md5(usedforsecurity=False)
    if algorithm != XXH128:
        raise ValueError(f"{algorithm!r} is none of the digests {', '.join(ALGORITHMS)}")
    try:
        return importlib.import_module("xxhash").xxh128()
    except ImportError:
        raise ImportError("XXH128 digests need the package xxhash: pip install xxhash, or take MD5") from None


def digest_of(entries: Iterable[tuple[str, str]], algorithm: str = MD5) -> str:
    """The digest, in hexadecimal, of an artifact with these paths and digests of files."""
    found = hasher(algorithm)
    found.update(_HEADER)
    for path, digest in sorted(entries):
        found.update(f"{path}:{digest}\n".encode())
    return str(found.hexdigest())


def is_version(alias: str) -> bool:
    """Whether an alias is the number of a version: `v0`, `v12`."""
    return len(alias) > 1 and alias[0] == "v" and alias[1:].isascii() and alias[1:].isdigit()
