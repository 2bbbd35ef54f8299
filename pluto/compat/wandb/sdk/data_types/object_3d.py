"""Things in space: clouds of points, scenes, and files of models."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, TextIO

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import is_artifact
from pluto.compat.wandb.sdk.data_types.boxes_3d import box3d
from pluto.compat.wandb.sdk.lib.paths import LogicalPath

_SHAPES = (
    "The shape of the numpy array must be one of [[x y z], …] nx3, [[x y z c], …] nx4 where c is a category from 1 to"
    " 14, or [[x y z r g b], …] nx6 where rgb is color"
)
_SCENE = ("vectors", "points", "boxes")


class Object3D(BatchableMedia):
    """Something in space.

    `data_or_path`: an array of points, (n, 3), (n, 4) with a category from 1 to 14, or (n, 6) with colours; a scene
    `{"type": "lidar/beta", "points", "boxes", "vectors"}` of arrays; the path of a file obj, gltf, glb, babylon, stl or
    pts.json; or an open file, with `file_type`.

    Raises `ValueError` for anything else.
    """

    SUPPORTED_TYPES: ClassVar[set[str]] = {"obj", "gltf", "glb", "babylon", "stl", "pts.json"}
    SUPPORTED_POINT_CLOUD_TYPES: ClassVar[set[str]] = {"lidar/beta"}
    _log_type: ClassVar[str] = "object3D-file"

    def __init__(self, data_or_path: Any, caption: str | None = None, **kwargs: Any) -> None:
        super().__init__(caption=caption)
        file_type = kwargs.pop("file_type", None)
        if kwargs:
            raise TypeError(f"Object3D: unknown argument {min(kwargs)!r}; known are caption and file_type")
        if hasattr(data_or_path, "name") and not isinstance(data_or_path, Path):
            data_or_path = data_or_path.name
        if hasattr(data_or_path, "read"):
            self._take_open(data_or_path, file_type)
        elif isinstance(data_or_path, (str, Path)):
            self._take_file(str(data_or_path))
        elif isinstance(data_or_path, dict) and "type" in data_or_path:
            self._take_scene(data_or_path)
        elif _is_array(data_or_path):
            _check(data_or_path)
            self._set_content(json_text(data_or_path.tolist()), ".pts.json")
        else:
            raise ValueError("data must be a numpy array, dict or a file object")

    def _take_open(self, file: Any, file_type: str | None) -> None:
        if hasattr(file, "seek"):
            file.seek(0)
        if file_type is None:
            raise ValueError("Must pass file type keyword argument when using io objects.")
        if file_type not in self.SUPPORTED_TYPES:
            raise ValueError(f"Object 3D only supports numpy arrays or files of the type: {_types()}")
        self._set_content(file.read(), f".{file_type}")

    def _take_file(self, path: str) -> None:
        extension = next((f".{kind}" for kind in self.SUPPORTED_TYPES if path.endswith(kind)), None)
        if extension is None:
            raise ValueError(f"File {path!r} is not compatible with Object3D: supported types are: {_types()}")
        self._set_file(path, extension=extension)

    def _take_scene(self, scene: dict[str, Any]) -> None:
        if scene["type"] not in self.SUPPORTED_POINT_CLOUD_TYPES:
            raise ValueError("Type not supported, only 'lidar/beta' is currently supported")
        parts = {part: scene[part].tolist() if part in scene else [] for part in _SCENE}
        self._set_content(json_text({"type": scene["type"], **parts}), ".pts.json")

    @classmethod
    def from_file(cls, data_or_path: TextIO | str, file_type: Any = None) -> Object3D:
        """The model of a file, or of an open one with its `file_type`."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Object3D:
        """A cloud of points of an array (n, 3), (n, 4) or (n, 6). Raises `ValueError` for anything else."""
        if not _is_array(data):
            raise ValueError("`data` must be a numpy array")
        _check(data)
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls, points: Sequence[Any], boxes: Sequence[Any], vectors: Sequence[Any] | None = None,
        point_cloud_type: Any = "lidar/beta",
    ) -> Object3D:  # fmt: skip
        """A scene of points, boxes (see `box3d`) and vectors. Raises `ValueError` for another type of cloud."""
        if point_cloud_type not in cls.SUPPORTED_POINT_CLOUD_TYPES:
            raise ValueError("Point cloud type not supported")
        import numpy

        parts = {"points": points, "boxes": boxes, "vectors": [] if vectors is None else vectors}
        return cls({"type": point_cloud_type, **{name: numpy.array(part) for name, part in parts.items()}})

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/object3D`."""
        return os.path.join("media", "object3D")

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The file. Raises `ValueError` for an artifact and anything but points and scenes."""
        found = {**super().to_json(run_or_artifact), "_type": self._log_type}
        if is_artifact(run_or_artifact) and not (self._path or "").endswith(".pts.json"):
            raise ValueError("Non-point cloud 3D objects are not yet supported with Artifacts")
        return found

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:  # noqa: ARG003
        """What a row has of several."""
        each = [one.to_json(run) for one in seq]
        folder = LogicalPath(cls.get_media_subdir())
        names = [one["path"].removeprefix(f"{folder}/") for one in each]
        return {"_type": "object3D", "filenames": names, "count": len(each), "objects": each}


def _is_array(value: Any) -> bool:
    return type(value).__name__ == "ndarray" and type(value).__module__ == "numpy"


def _check(points: Any) -> None:
    if points.ndim != 2 or points.shape[1] not in (3, 4, 6):
        raise ValueError(_SHAPES)


def _types() -> str:
    return ", ".join(sorted(Object3D.SUPPORTED_TYPES))


class _Object3DFileType(_dtypes.Type):
    name = "object3D-file"
    types: ClassVar = [Object3D]


_dtypes.TypeRegistry.add(_Object3DFileType)

__all__ = ["Object3D", "box3d"]
