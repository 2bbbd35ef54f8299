"""Content of files on its way into a journal: taken as it is now, whatever becomes of its source."""

from __future__ import annotations

import base64
import errno
import os
from pathlib import Path
from typing import Any, Final

from pluto.core.media.draft import INLINE_LIMIT_BYTES
from pluto.protocol.artifacts import hasher
from pluto_migration.draft import Draft

_OURS: Final = frozenset({
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE,
})  # fmt: skip
_BLOCK_BYTES: Final = 1 << 20


class Blobs:
    """Puts content into a draft: cloned or copied, linked where it is big; of `scratch`, linked always.

    Methods raise `OSError`; `is_ours` tells whether the source's file is to blame.
    """

    def __init__(self, draft: Draft, scratch: Path) -> None:
        self._draft = draft
        self._scratch = os.path.realpath(scratch) + os.sep

    def media(self, content: Path | bytes, size: int) -> tuple[str | None, bytes | None, dict[str, Any]]:
        """Fields `blob`, `inline` and `parameters` of a media record. Small content goes into the row."""
        if isinstance(content, bytes):
            if size <= INLINE_LIMIT_BYTES:
                return None, content, {}
            return self._draft.blobs.put_bytes(content), None, {}
        if size <= INLINE_LIMIT_BYTES:
            with content.open("rb") as file:
                start = file.read(INLINE_LIMIT_BYTES + 1)
            if len(start) <= INLINE_LIMIT_BYTES:
                return None, start, {}
        if self._is_scratch(content):
            return self._draft.blobs.adopt(content), None, {}
        placed = self._draft.blobs.put_path(content)
        return placed.name, None, {"size": placed.size, "mtime_ns": placed.mtime_ns, "linked": placed.linked}

    def put(self, content: Path | bytes) -> str:
        """The name of the blob, whatever its size."""
        if isinstance(content, bytes):
            return self._draft.blobs.put_bytes(content)
        if self._is_scratch(content):
            return self._draft.blobs.adopt(content)
        return self._draft.blobs.put_path(content).name

    def _is_scratch(self, path: Path) -> bool:
        return os.path.realpath(path).startswith(self._scratch)


def is_ours(error: Exception, content: Path | bytes) -> bool:
    """Whether the disk that is written to is to blame, or this process, and not the source's file."""
    if not isinstance(error, OSError) or error.errno not in _OURS:
        return False
    if error.errno != errno.EIO or isinstance(content, bytes):
        return True
    try:
        md5_of(content)
    except OSError:
        return False
    return True


def size_of(content: Path | bytes) -> int | None:
    """Its bytes; None where there is no regular file."""
    if isinstance(content, bytes):
        return len(content)
    try:
        return content.stat().st_size if content.is_file() else None
    except (OSError, ValueError):
        return None


def md5_of(content: Path | bytes) -> str:
    """The digest as artifacts have it. Raises `OSError`."""
    digest = hasher()
    if isinstance(content, bytes):
        digest.update(content)
    else:
        with content.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return base64.b64encode(digest.digest()).decode()
