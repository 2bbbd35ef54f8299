"""The classes that things in images, or cells of tables, may belong to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.media import Media


class Classes(Media):
    """Names of classes: a list of `{"id": …, "name": …}`. Raises `AssertionError` for items without the two."""

    _log_type = "classes"

    def __init__(self, class_set: Sequence[dict[str, Any]]) -> None:
        super().__init__()
        for item in class_set:
            assert {"id", "name"} <= item.keys()
        self._class_set = class_set

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Classes:  # noqa: ARG003
        """The classes that an artifact has as this JSON."""
        return cls(json_obj["class_set"])

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The classes; with None for the artifact nothing but them."""
        found = {} if run_or_artifact is None else super().to_json(run_or_artifact)
        return {**found, "_type": self._log_type, "class_set": self._class_set}

    def get_type(self) -> _ClassesIdType:
        """The type of cells that hold the id of one of them."""
        return _ClassesIdType(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and self._class_set == other._class_set


class _ClassesIdType(_dtypes.Type):
    """The id of one of some classes."""

    name = "classesId"
    legacy_names: ClassVar = ["wandb.Classes_id"]
    types: ClassVar = [Classes]

    def __init__(self, classes_obj: Classes | None = None, valid_ids: Any = None) -> None:
        """Either the classes, or their ids. Raises `TypeError` for anything else."""
        if valid_ids is None or isinstance(valid_ids, list):
            valid_ids = _dtypes.UnionType([_dtypes.ConstType(item) for item in valid_ids or []])
        elif not isinstance(valid_ids, _dtypes.UnionType):
            raise TypeError("valid_ids must be None, list, or UnionType")
        if classes_obj is None:
            ids = [member.params["val"] for member in valid_ids.params["allowed_types"]]
            classes_obj = Classes([{"id": one, "name": str(one)} for one in ids])
        elif not isinstance(classes_obj, Classes):
            raise TypeError("classes_obj must be None, or instance of Classes")
        else:
            valid_ids = _dtypes.UnionType([_dtypes.ConstType(item["id"]) for item in classes_obj._class_set])
        self.wb_classes_obj_ref = classes_obj
        self.params["valid_ids"] = valid_ids

    def assign(self, py_obj: Any = None) -> _dtypes.Type:
        """Itself, for one of the ids."""
        return self.assign_type(_dtypes.ConstType(py_obj))

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        """Itself, for the type of one of the ids."""
        fits = not isinstance(self.params["valid_ids"].assign_type(wb_type), _dtypes.InvalidType)
        return self if fits else _dtypes.InvalidType()

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _dtypes.Type:
        """The type of ids of these classes."""
        return cls(py_obj)

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        """The ids, and the classes: in a file of the artifact, or themselves."""
        found = super().to_json(artifact)
        classes: dict[str, Any]
        if artifact is not None:
            entry = artifact.add(self.wb_classes_obj_ref, os.path.join("media", "cls"))
            classes = {"type": "classes-file", "path": entry.path, "digest": entry.digest}
        else:
            classes = self.wb_classes_obj_ref.to_json(artifact)
        found["params"]["classes_obj"] = classes
        return found

    @classmethod
    def from_json(cls, json_dict: dict[str, Any], artifact: Any = None) -> _dtypes.Type:
        """The type that `to_json` has written. Raises `RuntimeError` where the classes are in an artifact's file."""
        classes = json_dict.get("params", {}).get("classes_obj", {})
        if classes.get("type") != "classes-file":
            return cls(Classes.from_json(classes, artifact))
        if artifact is None:
            raise RuntimeError("Expected artifact to be non-null.")
        return cls(artifact.get(classes.get("path")))


_dtypes.TypeRegistry.add(_ClassesIdType)

__all__ = ["Classes"]
