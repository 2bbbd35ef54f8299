"""The type of table columns that hold images: which layers of boxes and masks they have, and of what classes."""

from __future__ import annotations

from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types import _dtypes

_PARTS = ("box_layers", "box_score_keys", "mask_layers", "box_class_maps", "mask_class_maps", "class_map")


class _ImageFileType(_dtypes.Type):
    """Images. A column's type has what any of its images has."""

    name = "image-file"
    legacy_names: ClassVar = ["wandb.Image"]
    types: ClassVar[list[type]] = []

    def __init__(
        self,
        box_layers: Any = None,
        box_score_keys: Any = None,
        mask_layers: Any = None,
        box_class_maps: Any = None,
        mask_class_maps: Any = None,
        class_map: Any = None,
        **_: Any,
    ) -> None:
        """Raises `TypeError` for anything but a dict, or for scores a list or set."""
        given = (box_layers, box_score_keys, mask_layers, box_class_maps, mask_class_maps, class_map)
        for part, value in zip(_PARTS, given, strict=True):
            if isinstance(value, _dtypes.ConstType):
                value = value.params["val"]
            self.params[part] = _dtypes.ConstType(_checked(part, value or ([] if part == "box_score_keys" else {})))

    def part(self, name: str) -> Any:
        """What it has of one part."""
        return self.params[name].params["val"]

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        """With what the other one has."""
        if not isinstance(wb_type, _ImageFileType):
            return _dtypes.InvalidType()
        together = {part: _merged(part, self.part(part), wb_type.part(part)) for part in _PARTS}
        return _ImageFileType(**together)

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _dtypes.Type:
        """The type of one image. Raises `TypeError` for anything else."""
        if not isinstance(py_obj, tuple(cls.types)):
            raise TypeError("py_obj must be a wandb.Image")
        image: Any = py_obj
        boxes: dict[str, Any] = image._boxes or {}
        masks = {key: mask._labels() for key, mask in (image._masks or {}).items()}
        return cls(
            box_layers={str(key): set(layer._class_labels) for key, layer in boxes.items()},
            box_score_keys={name for layer in boxes.values() for box in layer._val for name in box.get("scores", {})},
            mask_layers={str(key): set(labels) for key, labels in masks.items()},
            box_class_maps={key: layer._class_labels for key, layer in boxes.items()},
            mask_class_maps={key: labels for key, labels in masks.items() if labels},
            class_map={str(item["id"]): item["name"] for item in image._classes._class_set} if image._classes else {},
        )


def _checked(part: str, value: Any) -> Any:
    if part == "box_score_keys":
        if not isinstance(value, (list, set)):
            raise TypeError("box_score_keys must be a list or a set")
        return set(value)
    if not isinstance(value, dict):
        raise TypeError(f"{part} must be a dict")
    if part.endswith("_layers"):
        return {key: set(ids) for key, ids in value.items()}
    if part.endswith("_class_maps"):
        return {str(key): {str(number): name for number, name in names.items()} for key, names in value.items()}
    return value


def _merged(part: str, own: Any, other: Any) -> Any:
    if part == "box_score_keys":
        return own | other
    keys = [*own, *(key for key in other if key not in own)]
    if part == "class_map":
        return {str(key): own.get(key, other.get(key)) for key in keys}
    if part.endswith("_layers"):
        return {str(key): own.get(key, set()) | other.get(key, set()) for key in keys}
    return {str(key): {**other.get(key, {}), **own.get(key, {})} for key in keys}
