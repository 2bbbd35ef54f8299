"""Text as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pluto.core.media.base import File
from pluto.core.media.content import existing_file

_PATH_LIMIT = 4096


class Text(File):
    """A text, shown as such.

    `data` is the text, or the path of a file: a `pathlib.Path`, or a string that is the path of a file that is there.
    Bytes are taken as UTF-8 text; of anything else, its `str()`.
    """

    tag = "Text"

    def __init__(self, data: Any, caption: str | None = None) -> None:
        content: bytes | Path
        if isinstance(data, os.PathLike):
            content = existing_file(data, "Text data")
        elif isinstance(data, (bytes, bytearray, memoryview)):
            content = bytes(data)
        else:
            text = str(data)
            if isinstance(data, str) and _is_file(text):
                content = Path(text).absolute()
            else:
                content = text.encode("utf-8", "backslashreplace")
        self._hold(content, extension=".txt", caption=caption)


def _is_file(text: str) -> bool:
    if not text or len(text) > _PATH_LIMIT or "\n" in text:
        return False
    try:
        return os.path.isfile(text)
    except ValueError:  # a NUL in it
        return False
