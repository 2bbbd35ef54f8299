"""Names of files: bounded, made of harmless characters, and unlike any other."""

from __future__ import annotations

import os
import re
import secrets
from typing import Final

NAME_LIMIT: Final = 200
"""Characters of a file name: what file systems take (255 bytes), with room for what is put around it."""

_EXTENSION_LIMIT = 20
_HARMFUL = re.compile(r"[^A-Za-z0-9_.\-]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,19}")


def safe_name(name: str) -> str:
    """One path component that can't point elsewhere: letters, digits, `_`, `-`, `.`, no dot in front, never empty."""
    stem, extension = os.path.splitext(_HARMFUL.sub("-", name).lstrip("."))
    if len(extension) > _EXTENSION_LIMIT:
        stem, extension = stem + extension, ""
    return (stem[: NAME_LIMIT - len(extension)] or "file") + extension


def unique_name(label: str | None, extension: str) -> str:
    """A name no other value has: the label, if any, then a random part, then the extension (with its dot)."""
    identity = secrets.token_hex(8)
    stem = _HARMFUL.sub("-", label or "").strip(".-")[: NAME_LIMIT - 40]
    return f"{stem}-{identity}{extension}" if stem else identity + extension


def extension_of(name: str) -> str:
    """The extension with its dot, in lower case; empty if there is none worth the name."""
    extension = os.path.splitext(name)[1]
    return extension.lower() if _EXTENSION.fullmatch(extension) else ""
