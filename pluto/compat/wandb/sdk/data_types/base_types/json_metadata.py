"""Structures that are files of their own."""

from __future__ import annotations

import os
from typing import Any

from pluto.compat.wandb.sdk.data_types.base_types import native
from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text
from pluto.compat.wandb.sdk.data_types.base_types.media import Media, _numpy_arrays_to_lists


class JSONMetadata(Media):
    """A structure that is checked and written to a JSON file. Its kinds say what they are called and what is valid."""

    def __init__(self, val: dict[str, Any]) -> None:
        super().__init__()
        self.validate(val)
        self._val: Any = val
        self._set_content(json_text(_numpy_arrays_to_lists(val)), f".{self.type_name()}.json")

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/metadata/` and the kind's name."""
        return os.path.join("media", "metadata", cls.type_name())

    def to_json(self, run_or_artifact: Any) -> Any:
        """The file, and as `_type` the kind's name."""
        return {**super().to_json(run_or_artifact), "_type": self.type_name()}

    @classmethod
    def type_name(cls) -> str:
        """What the kind is called."""
        return "metadata"

    def validate(self, val: dict[str, Any]) -> bool:  # noqa: ARG002
        """True. A kind raises `TypeError` for what it does not take."""
        return True

    def _hand_over(self, key: int | str, step: int | str) -> None:
        """Keeps the file under its own path: it belongs to a value, and is none."""
        assert self._path is not None
        where = os.path.relpath(self._path, self._run.dir).replace(os.sep, "/")
        native.keep(self._run, self._path, where, native.place(self._run, key, step).row)
