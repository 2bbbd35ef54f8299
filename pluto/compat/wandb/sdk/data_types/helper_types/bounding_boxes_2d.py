"""Boxes on an image."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from pluto.compat.wandb.sdk.data_types.base_types.json_metadata import JSONMetadata
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import is_artifact, is_run
from pluto.compat.wandb.sdk.data_types.helper_types import class_labels

_POSITION = "Each box must contain a position with: middle, width, and height or \nminX, maxX, minY, maxY."


class BoundingBoxes2D(JSONMetadata):
    """A layer of boxes on an image.

    `val` has `box_data`, a list of boxes, and where wanted `class_labels`, which names class numbers. A box has a
    `position` — `minX, maxX, minY, maxY`, or `middle` (x and y), `width` and `height` — as fractions of the image, or
    in pixels where its `domain` is "pixel"; and where wanted `class_id`, `box_caption` and `scores` by name. `key` is
    what the layer is called.

    Raises `TypeError` for what is none of this, `KeyError` without `box_data`.
    """

    _log_type = "bounding-boxes"

    def __init__(self, val: dict[str, Any], key: str) -> None:
        super().__init__(val)
        self._val: list[dict[str, Any]] = val["box_data"]
        self._key = key
        if "class_labels" in val:
            self._class_labels: dict[Any, str] = val["class_labels"]
        else:
            self._class_labels = class_labels.made_up(box["class_id"] for box in self._val)

    def bind_to_run(
        self,
        run: Any,
        key: int | str,
        step: int | str,
        id_: int | str | None = None,
        ignore_copy_err: bool | None = None,
    ) -> None:
        """Puts the file into the run's folder, and the names of the classes into its config. `key` is the image's."""
        super().bind_to_run(run, key, step, id_=id_, ignore_copy_err=ignore_copy_err)
        class_labels.keep(run, "bounding_box/class_labels", key, self._key, self._class_labels)

    @classmethod
    def type_name(cls) -> str:
        """`boxes2D`."""
        return "boxes2D"

    def validate(self, val: dict[str, Any]) -> bool:
        """True. Raises `TypeError` for what is no layer of boxes."""
        if "class_labels" in val:
            class_labels.check(val["class_labels"], "Class labels must be a dictionary of numbers to string")
        if not isinstance(val["box_data"], list):
            raise TypeError("Boxes must be a list")
        for box in val["box_data"]:
            _check(box)
        return True

    def to_json(self, run_or_artifact: Any) -> Any:
        """For a run the file; for an artifact the boxes themselves. Raises `TypeError` for anything else."""
        if is_run(run_or_artifact):
            return super().to_json(run_or_artifact)
        if is_artifact(run_or_artifact):
            return self._val
        raise TypeError("to_json accepts wandb_run.Run or wandb.Artifact")

    @classmethod
    def from_json(cls, json_obj: Any, source_artifact: Any) -> BoundingBoxes2D:  # noqa: ARG003
        """The layer that an artifact has as this JSON."""
        return cls({"box_data": json_obj}, "")

    def drawable(self) -> dict[str, Any]:
        """The layer as other readers of the store draw it: with them, boxes are in pixels unless they say otherwise."""
        from pluto.core.media.annotations import read_boxes

        boxes = [{**box, "domain": box.get("domain")} for box in self._val]
        layer = {"box_data": boxes, "class_labels": self._class_labels}
        return read_boxes({self._key: layer})[self._key]


def _check(box: Any) -> None:
    position = box.get("position")
    if not isinstance(position, Mapping) or not (_around_middle(position) or _between_edges(position)):
        raise TypeError(_POSITION)
    if "scores" in box:
        if not isinstance(box["scores"], dict):
            raise TypeError("Box scores must be a dictionary")
        for name, score in box["scores"].items():
            if not isinstance(name, str):
                raise TypeError("A score key must be a string")
            if not isinstance(score, numbers.Number):
                raise TypeError("A score value must be a number")
    if "class_id" in box and not isinstance(box["class_id"], int):
        raise TypeError("A box's class_id must be an integer")
    if "box_caption" in box and not isinstance(box["box_caption"], str):
        raise TypeError("A box's caption must be a string")


def _around_middle(position: Mapping[str, Any]) -> bool:
    return "middle" in position and len(position["middle"]) == 2 and _numbers(position, "width", "height")


def _between_edges(position: Mapping[str, Any]) -> bool:
    return _numbers(position, "minX", "maxX", "minY", "maxY")


def _numbers(position: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(position.get(name), numbers.Number) for name in names)


__all__ = ["BoundingBoxes2D"]
