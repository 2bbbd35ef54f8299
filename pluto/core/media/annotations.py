"""Boxes and masks of an image: validated in the caller, in the layout dashboards read.

`{"boxes": {layer: {"box_data": […], "class_labels": {id: name}}}, "masks": {layer: {"fileName", "class_labels"}}}`.
Masks are PNG files of their own, with the class of each pixel in the red channel.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pluto.core.data.arrays import as_numpy, is_array
from pluto.core.data.plain import plain
from pluto.core.media.content import existing_file
from pluto.core.media.draft import Blobs, MediaDraft, place
from pluto.core.media.names import unique_name

Layers = dict[str, dict[str, Any]]

_POSITIONS = ({"minX", "maxX", "minY", "maxY"}, {"middle", "width", "height"})


class Mask:
    """One layer of masks: its pixels' classes, or the PNG file that has them."""

    def __init__(self, spec: Any, what: str) -> None:
        spec = _mapping(spec, what)
        _only(spec, {"mask_data", "path", "class_labels"}, what)
        if ("path" in spec) == ("mask_data" in spec):
            raise ValueError(f"{what}: give either mask_data or path")
        if "path" in spec:
            self._content: Any = existing_file(spec["path"], f"{what} path")
            self._form = "file"
            self._parameters: dict[str, Any] = {"file_type": "mask"}
        else:
            self._content, shape = _classes(spec["mask_data"], f"{what} mask_data")
            self._form = "mask"
            self._parameters = {"shape": list(shape), "file_type": "mask"}
        self._file_name = unique_name(None, ".mask.png")
        self.reference: dict[str, Any] = {"fileName": self._file_name, **_labels(spec, what)}

    def draft(self, blobs: Blobs) -> MediaDraft:
        """The mask as a media record of its own."""
        blob, inline, more = place(self._content, blobs)
        return MediaDraft("IMAGE", self._form, self._file_name, blob, inline, {**self._parameters, **more})


def read_annotations(annotations: Any) -> dict[str, Any]:
    """Ready-made annotations: a mapping, or its JSON text."""
    if annotations is None or annotations == "":
        return {}
    if isinstance(annotations, (str, bytes)):
        try:
            annotations = json.loads(annotations)
        except ValueError as error:
            raise ValueError(f"Image annotations: not JSON: {error}") from None
    return dict(plain(_mapping(annotations, "Image annotations"), "Image annotations"))


def read_boxes(boxes: Any) -> Layers:
    """The layers of boxes, each box with a domain; `pixel` where none is given."""
    layers: Layers = {}
    for layer, spec in _mapping(boxes, "Image boxes").items():
        what = f"Image boxes[{layer!r}]"
        spec = _mapping(spec, what)
        _only(spec, {"box_data", "class_labels"}, what)
        data = spec.get("box_data")
        if isinstance(data, (str, bytes)) or not isinstance(data, Sequence):
            raise TypeError(f"{what} box_data: a list of boxes is needed, not {type(data).__name__}")
        checked = [_box(box, f"{what} box_data[{i}]") for i, box in enumerate(data)]
        layers[str(layer)] = {"box_data": checked, **_labels(spec, what)}
    return layers


def read_masks(masks: Any) -> dict[str, Mask]:
    """The layers of masks."""
    return {str(layer): Mask(spec, f"Image masks[{layer!r}]") for layer, spec in _mapping(masks, "Image masks").items()}


def _box(value: Any, what: str) -> dict[str, Any]:
    box: dict[str, Any] = plain(_mapping(value, what), what)
    position = _mapping(box.get("position"), f"{what} position")
    if set(position) not in _POSITIONS:
        raise ValueError(f"{what} position: minX, maxX, minY and maxY, or middle, width and height are needed")
    for name, part in position.items():
        if name != "middle":
            _number(part, f"{what} position[{name!r}]")
        elif isinstance(part, list) and len(part) == 2:
            for number in part:
                _number(number, f"{what} position['middle']")
        else:
            raise ValueError(f"{what} position['middle']: two numbers are needed")
    class_id = box.get("class_id")
    if class_id is not None and (isinstance(class_id, bool) or not isinstance(class_id, int)):
        raise TypeError(f"{what} class_id: an integer is needed, not {class_id!r}")
    for name, score in _mapping(box.get("scores") or {}, f"{what} scores").items():
        _number(score, f"{what} scores[{name!r}]")
    if box.get("domain") not in (None, "pixel"):
        raise ValueError(f"{what} domain: 'pixel', or none for fractions of the image, not {box['domain']!r}")
    if "domain" not in box:
        box["domain"] = "pixel"
    return box


def _classes(data: Any, what: str) -> tuple[bytes, tuple[int, int]]:
    """Each pixel's class as a byte, row by row, and how many rows and columns there are."""
    if is_array(data):
        array = as_numpy(data, what)
        if array.ndim != 2 or not array.size:
            raise ValueError(f"{what}: rows and columns are needed, not the shape {array.shape}")
        if array.dtype.name not in ("uint8", "bool"):
            if not (array.min() >= 0 and array.max() <= 255 and (array.dtype.kind != "f" or (array % 1 == 0).all())):
                raise ValueError(f"{what}: whole numbers from 0 to 255 are needed")
        return array.astype("uint8").tobytes(), (array.shape[0], array.shape[1])
    if isinstance(data, (str, bytes)) or not isinstance(data, Sequence):
        raise TypeError(f"{what}: an array or a list of rows is needed, not {type(data).__name__}")
    try:
        rows = [bytes(row) for row in data]
    except (TypeError, ValueError):
        raise ValueError(f"{what}: rows of whole numbers from 0 to 255 are needed") from None
    if not rows or not rows[0] or len(set(map(len, rows))) != 1:
        raise ValueError(f"{what}: rows of one length are needed")
    return b"".join(rows), (len(rows), len(rows[0]))


def _labels(spec: Mapping[str, Any], what: str) -> dict[str, dict[str, str]]:
    labels = spec.get("class_labels")
    if not labels:
        return {}
    return {"class_labels": {str(key): str(name) for key, name in _mapping(labels, f"{what} class_labels").items()}}


def _mapping(value: Any, what: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{what}: a mapping is needed, not {type(value).__name__}")
    return value


def _only(spec: Mapping[Any, Any], known: set[str], what: str) -> None:
    unknown = sorted(str(key) for key in spec if key not in known)
    if unknown:
        raise ValueError(f"{what}: unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _number(value: Any, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{what}: a finite number is needed, not {value!r}")
