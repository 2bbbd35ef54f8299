"""Digests of files and texts, as artifacts have them."""

from __future__ import annotations

import base64
from typing import Any, Protocol

from pluto.compat.wandb.sdk.lib.paths import StrPath
from pluto.protocol.artifacts import MD5, XXH128, hasher

ETag = str
HexDigest = str
B64Digest = str

_BLOCK = 1 << 20


class Hasher(Protocol):
    """What hashes: objects of hashlib and the like."""

    def update(self, data: bytes, /) -> None: ...  # noqa: D102
    def digest(self) -> bytes: ...  # noqa: D102
    def hexdigest(self) -> str: ...  # noqa: D102


def b64_to_hex_id(string: B64Digest) -> HexDigest:
    """Base64 as hexadecimal digits."""
    return base64.standard_b64decode(string).hex()


def hex_to_b64_id(encoded_string: str | bytes) -> B64Digest:
    """Hexadecimal digits as base64."""
    text = encoded_string.decode() if isinstance(encoded_string, bytes) else encoded_string
    return base64.standard_b64encode(bytes.fromhex(text)).decode()


def md5_string(string: str) -> B64Digest:
    """The MD5 of a text, as base64."""
    return _b64(_of_text(string, MD5))


def md5_file_b64(*paths: StrPath) -> B64Digest:
    """The MD5 of files, one after the other in the order of their names, as base64. Raises `OSError`."""
    return _b64(_of_files(paths, MD5))


def md5_file_hex(*paths: StrPath) -> HexDigest:
    """The same in hexadecimal."""
    return str(_of_files(paths, MD5).hexdigest())


def xxh128_string(string: str) -> B64Digest:
    """The xxHash of a text, as base64. Raises `ImportError` without xxhash."""
    return _b64(_of_text(string, XXH128))


def xxh128_file_b64(*paths: StrPath) -> B64Digest:
    """The xxHash of files, as base64. Raises `OSError`, and `ImportError` without xxhash."""
    return _b64(_of_files(paths, XXH128))


def xxh128_file_hex(*paths: StrPath) -> HexDigest:
    """The same in hexadecimal."""
    return str(_of_files(paths, XXH128).hexdigest())


def _b64(found: Any) -> str:
    return base64.b64encode(found.digest()).decode()


def _of_text(text: str, algorithm: str) -> Any:
    found = hasher(algorithm)
    found.update(text.encode())
    return found


def _of_files(paths: tuple[StrPath, ...], algorithm: str) -> Any:
    found = hasher(algorithm)
    for path in sorted(map(str, paths)):
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
    return found
