"""Plots of Bokeh."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text
from pluto.compat.wandb.sdk.data_types.base_types.media import Media


class Bokeh(Media):
    """A plot of Bokeh: a model, a document, or the path of a document's JSON file.

    Raises `TypeError` for anything else, and `Error` without Bokeh.
    """

    _log_type = "bokeh-file"

    def __init__(self, data_or_path: Any) -> None:
        super().__init__()
        try:
            import bokeh.document
            import bokeh.model
        except ImportError as error:
            raise Error("'Bokeh' requires the bokeh package.  Please install it with `pip install bokeh`.") from error
        if isinstance(data_or_path, (str, Path)) and os.path.exists(data_or_path):
            self.b_obj = bokeh.document.Document.from_json(json.loads(Path(data_or_path).read_text("utf-8")))
            self._set_file(str(data_or_path), extension=".bokeh.json")
            return
        if isinstance(data_or_path, bokeh.model.Model):
            document = bokeh.document.Document()
            document.add_root(data_or_path)
        elif isinstance(data_or_path, bokeh.document.Document):
            document = data_or_path
        else:
            raise TypeError("Bokeh constructor accepts Bokeh document/model or path to Bokeh json file")
        # Written and read once, so that the same plot has the same text whenever it is made.
        self.b_obj = bokeh.document.Document.from_json(_as_json(document))
        found = _as_json(self.b_obj)
        roots = found.get("roots")
        if isinstance(roots, dict) and "references" in roots:
            roots["references"].sort(key=lambda reference: reference["id"])
        self._set_content(json_text(found), ".bokeh.json")

    def get_media_subdir(self) -> str:  # type: ignore[override]  # it is no class method in the original either
        """`media/bokeh`."""
        return os.path.join("media", "bokeh")

    def to_json(self, run: Any) -> dict[str, Any]:
        """The file."""
        return {**super().to_json(run), "_type": self._log_type}


def _as_json(document: Any) -> Any:
    try:
        return document.to_json(deferred=False)
    except TypeError:  # releases before 3.9 know no other way
        return document.to_json()


class _BokehFileType(_dtypes.Type):
    name = "bokeh-file"
    types: ClassVar = [Bokeh]


_dtypes.TypeRegistry.add(_BokehFileType)

__all__ = ["Bokeh"]
