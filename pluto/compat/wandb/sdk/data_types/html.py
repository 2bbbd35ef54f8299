"""Pages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, TextIO

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia

_HEAD = '<base target="_blank">'
"""What pages get. The original also links a style sheet of its maker's; a page of Pluto fetches nothing."""


class Html(BatchableMedia):
    """A page of HTML.

    `data` is the text, the path of a file that ends in `.html`, or an open file; with `data_is_not_path` a text is
    always the page itself. `inject`: links are to open in a new window.

    Raises `ValueError` for anything else.
    """

    _log_type = "html-file"
    html: str
    """The page."""

    def __init__(self, data: str | Path | TextIO, inject: bool = True, data_is_not_path: bool = False) -> None:
        super().__init__()
        path = "" if data_is_not_path else _page_at(data)
        if path:
            self.html = Path(path).read_text("utf-8")
        elif isinstance(data, str):
            self.html = data
        elif hasattr(data, "read"):
            if hasattr(data, "seek"):
                data.seek(0)
            self.html = data.read()
        else:
            raise ValueError("data must be a string or an io object")
        if inject:
            self.inject_head()
        if inject or not path:
            self._set_content(self.html, ".html")
            self._extension = None
        else:
            self._set_file(path)

    def inject_head(self) -> None:
        """Says in the page's head that links open in a new window; makes one where there is none."""
        if "<head>" in self.html:
            page = self.html.replace("<head>", f"<head>{_HEAD}", 1)
        elif "<html>" in self.html:
            page = self.html.replace("<html>", f"<html><head>{_HEAD}</head>", 1)
        else:
            page = _HEAD + self.html
        self.html = page.strip()

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/html`."""
        return os.path.join("media", "html")

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The file."""
        return {**super().to_json(run_or_artifact), "_type": self._log_type}

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Html:
        """The page that an artifact has as this JSON."""
        return cls(source_artifact.get_entry(json_obj["path"]).download(), inject=False)

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:  # noqa: ARG003
        """What a row has of several pages."""
        return {"_type": "html", "count": len(seq), "html": [page.to_json(run) for page in seq]}


def _page_at(data: Any) -> str:
    """The path of a page, if that is what is given."""
    if not isinstance(data, (str, Path)) or os.path.splitext(data)[1] != ".html":
        return ""
    try:
        return str(data) if os.path.isfile(data) else ""
    except ValueError:  # a NUL in it
        return ""


class _HtmlFileType(_dtypes.Type):
    name = "html-file"
    types: ClassVar = [Html]


_dtypes.TypeRegistry.add(_HtmlFileType)

__all__ = ["Html"]
