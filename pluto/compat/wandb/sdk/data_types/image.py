"""Images."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types import image_pixels
from pluto.compat.wandb.sdk.data_types._dtypes import TypeRegistry
from pluto.compat.wandb.sdk.data_types.base_types import native
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia, safe_key, staged
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import is_artifact, is_run
from pluto.compat.wandb.sdk.data_types.helper_types.bounding_boxes_2d import BoundingBoxes2D
from pluto.compat.wandb.sdk.data_types.helper_types.classes import Classes
from pluto.compat.wandb.sdk.data_types.helper_types.image_mask import ImageMask
from pluto.compat.wandb.sdk.data_types.image_type import _ImageFileType

_FILE_TYPES: Final = ["png", "jpg", "jpeg", "bmp"]
_log: Final = logging.getLogger(__name__)


class Image(BatchableMedia):
    """An image.

    `data_or_path` is a path; the address of a file elsewhere, for artifacts; another `Image`; a PIL image; a matplotlib
    figure or what belongs to one; an array (H, W) or (H, W, channels); a torch tensor (channels, H, W) or (H, W); or
    what has `numpy()`. Of 1, 3 or 4 channels; numbers are taken as bytes as they are: 0 to 255. `mode` is PIL's, for
    arrays. `boxes` and `masks`: layers by name, see `BoundingBoxes2D` and `ImageMask`; `classes` names their classes.
    `file_type`: png, jpg, jpeg or bmp. `grouping`: how many images of a list are shown together.

    `normalize` is of older releases: it stretches numbers from 0 to 1, or from -1 to 1, to 0 to 255.

    Raises `ValueError` for another shape or file type, `TypeError` for boxes and masks that are none,
    `FileNotFoundError`.
    """

    MAX_ITEMS = 108
    """More images of one list are not kept."""
    MAX_DIMENSION = 65500
    """Pixels on a side that file formats allow."""
    _log_type = "image-file"
    _native = "IMAGE"
    format: str | None

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Sequence[dict[str, Any]] | None = None,
        boxes: dict[str, BoundingBoxes2D] | dict[str, dict[str, Any]] | None = None,
        masks: dict[str, ImageMask] | dict[str, dict[str, Any]] | None = None,
        file_type: str | None = None,
        *,
        normalize: bool | None = None,
    ) -> None:
        super().__init__(caption=caption)
        self._grouping: int | None = None
        self._width: int | None = None
        self._height: int | None = None
        self._image: Any = None
        self._classes: Classes | None = None
        self._boxes: dict[str, BoundingBoxes2D] | None = None
        self._masks: dict[str, ImageMask] | None = None
        if normalize is not None:
            termwarn("wandb.Image(normalize=…) is of older releases: scale the numbers to 0…255 instead", repeat=False)
        if isinstance(data_or_path, Image):
            self._take_over(data_or_path)
            self._caption = caption if caption is not None else self._caption
        elif isinstance(data_or_path, (str, Path)):
            self._take_file(str(data_or_path))
        else:
            self._take_data(data_or_path, mode, file_type, bool(normalize))
        self._describe(grouping, classes, boxes, masks)

    def _take_over(self, other: Image) -> None:
        """Takes the picture of another image, with its caption, and not its boxes and masks."""
        for name in ("_grouping", "_caption", "_width", "_height", "_classes", "_path", "_is_tmp", "_extension",
                     "_sha256", "_size", "format", "_artifact_source", "_artifact_target"):  # fmt: skip
            setattr(self, name, getattr(other, name))

    def _take_file(self, path: str) -> None:
        if self.path_is_reference(path):
            self._path, self._sha256 = path, hashlib.sha256(path.encode()).hexdigest()
            self.format = urlparse(path).path.split("/")[-1].split(".")[-1]
            return
        self._set_file(path)
        self.format = os.path.splitext(path)[1][1:]

    def _take_data(self, data: Any, mode: str | None, file_type: str | None, normalize: bool) -> None:
        self.format = file_type or "png"
        if self.format not in _FILE_TYPES:
            raise ValueError(f"file_type must be one of {_FILE_TYPES}")
        self._image = image_pixels.picture(data, mode, self.format, normalize)
        path = staged(f".{self.format}")
        # A call waits for this: a PNG is an eighth larger so, and takes a third of the time.
        self._image.save(path, transparency=None, compress_level=1)
        self._set_file(path, is_tmp=True)

    def _describe(self, grouping: int | None, classes: Any, boxes: Any, masks: Any) -> None:
        if grouping is not None:
            self._grouping = grouping
        names: dict[Any, str] = {}
        if boxes:
            if not isinstance(boxes, dict):
                raise ValueError('Images "boxes" argument must be a dictionary')
            self._boxes = {
                key: layer if isinstance(layer, BoundingBoxes2D) else BoundingBoxes2D(layer, key)
                for key, layer in boxes.items()
            }
            for box_layer in self._boxes.values():
                names.update(box_layer._class_labels)
        if masks:
            if not isinstance(masks, dict):
                raise ValueError('Images "masks" argument must be a dictionary')
            self._masks = {
                key: mask if isinstance(mask, ImageMask) else ImageMask(mask, key) for key, mask in masks.items()
            }
            for mask in self._masks.values():
                names.update(mask._labels())
        if classes is not None:
            items = classes._class_set if isinstance(classes, Classes) else classes
            names.update({item["id"]: item["name"] for item in items})
        if names:
            self._classes = Classes([{"id": number, "name": name} for number, name in names.items()])
        picture = self.image
        if picture is not None:
            self._width, self._height = picture.size
        self._free_ram()

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Image:
        """The image that an artifact has as this JSON; its files are downloaded."""
        classes = None if json_obj.get("classes") is None else source_artifact.get(json_obj["classes"]["path"])
        masks = {key: ImageMask.from_json(mask, source_artifact) for key, mask in (json_obj.get("masks") or {}).items()}
        for key, mask in masks.items():
            mask._set_artifact_source(source_artifact)
            mask._key = key
        boxes = {
            key: BoundingBoxes2D.from_json(layer, source_artifact)
            for key, layer in (json_obj.get("boxes") or {}).items()
        }
        for key, box_layer in boxes.items():
            box_layer._key = key
        return cls(
            source_artifact.get_entry(json_obj["path"]).download(),
            caption=json_obj.get("caption"),
            grouping=json_obj.get("grouping"),
            classes=classes,
            boxes=boxes or None,
            masks=masks or None,
        )

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/images`."""
        return os.path.join("media", "images")

    def bind_to_run(
        self,
        run: Any,
        key: int | str,
        step: int | str,
        id_: int | str | None = None,
        ignore_copy_err: bool | None = None,
    ) -> None:
        """Puts the image's files into the run's folder. Raises `ValueError` for an image that lies elsewhere."""
        if self.path_is_reference(self._path):
            raise ValueError(
                "Image media created by a reference to external storage cannot currently be added to a run"
            )
        safe_key(key)
        for index, layer in enumerate([*(self._boxes or {}).values(), *(self._masks or {}).values()]):
            layer.bind_to_run(run, key, step, None if id_ is None else f"{id_}{index}", ignore_copy_err)
        super().bind_to_run(run, key, step, id_, ignore_copy_err)

    def _hand_over(self, key: int | str, step: int | str) -> None:
        assert self._path is not None
        facts = {"type": self._native, "caption": self._caption, "annotations": self._drawable()}
        native.keep(self._run, self._path, key, step, **facts)

    def _hand_over_again(self, key: int | str, step: int | str) -> None:
        for mask in (self._masks or {}).values():
            mask._hand_over(key, step)
        self._hand_over(key, step)

    def _drawable(self) -> dict[str, Any] | None:
        """Boxes and masks as other readers of the store draw them."""
        found: dict[str, Any] = {}
        if self._boxes:
            found["boxes"] = {key: layer.drawable() for key, layer in self._boxes.items()}
        if self._masks:
            found["masks"] = {key: mask.drawable() for key, mask in self._masks.items()}
        return found or None

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """What a row, or an artifact, has of it: file, format, size, boxes and masks.

        Raises `TypeError` for what is neither run nor artifact, and `ValueError` for an artifact where classes of boxes
        or masks have no names.
        """
        if not (is_run(run_or_artifact) or is_artifact(run_or_artifact)):
            raise TypeError("to_json accepts wandb.Run or wandb_artifact.Artifact")
        found = {**super().to_json(run_or_artifact), "_type": self._log_type, "format": self.format}
        found.update({"width": self._width} if self._width is not None else {})
        found.update({"height": self._height} if self._height is not None else {})
        found.update({"grouping": self._grouping} if self._grouping else {})
        if is_artifact(run_or_artifact):
            if self._classes is not None:
                found["classes"] = self._put_classes(self._classes, run_or_artifact)
            elif self._masks is not None or self._boxes is not None:
                raise ValueError(
                    "classes must be passed to wandb.Image which have masks or bounding boxes when adding to artifacts"
                )
        if self._boxes:
            found["boxes"] = {key: layer.to_json(run_or_artifact) for key, layer in self._boxes.items()}
        if self._masks:
            found["masks"] = {key: mask.to_json(run_or_artifact) for key, mask in self._masks.items()}
        return found

    @staticmethod
    def _put_classes(classes: Classes, artifact: Any) -> dict[str, Any]:
        digest = hashlib.md5(str(classes._class_set).encode(), usedforsecurity=False).hexdigest()
        entry = artifact.add(classes, os.path.join("media", "classes", f"{digest}_cls"))
        return {"type": "classes-file", "path": entry.path, "digest": entry.digest}

    def guess_mode(self, data: Any, file_type: str | None = None) -> str:
        """What PIL calls the channels of an array or tensor. Raises `ValueError` for another number of them."""
        return image_pixels.guess_mode(data, file_type)

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:
        """What a row has of several images: their files, captions, boxes and masks."""
        each = [image.to_json(run) for image in seq]
        if any((image._width, image._height) != (seq[0]._width, seq[0]._height) for image in seq):
            _log.warning("Images sizes do not match. This will causes images to be display incorrectly in the UI.")
        found: dict[str, Any] = {
            "_type": "images/separated",
            "width": seq[0]._width,
            "height": seq[0]._height,
            "format": each[0]["format"],
            "count": len(seq),
            "filenames": [one.get("path", one.get("artifact_path")) for one in each],
        }
        more = {
            "captions": cls.all_captions(seq),
            "all_masks": cls.all_masks(seq, run, key, step),
            "all_boxes": cls.all_boxes(seq, run, key, step),
        }
        return {**found, **{name: value for name, value in more.items() if value}}

    @classmethod
    def all_masks(
        cls,
        images: Sequence[Image],
        run: Any,
        run_key: str,  # noqa: ARG003
        step: int | str,  # noqa: ARG003
    ) -> list[dict[str, Any] | None] | bool:
        """The masks of each image, None for one without; False where none has any."""
        return _layers([image._masks for image in images], run)

    @classmethod
    def all_boxes(
        cls,
        images: Sequence[Image],
        run: Any,
        run_key: str,  # noqa: ARG003
        step: int | str,  # noqa: ARG003
    ) -> list[dict[str, Any] | None] | bool:
        """The boxes of each image, None for one without; False where none has any."""
        return _layers([image._boxes for image in images], run)

    @classmethod
    def all_captions(cls, images: Sequence[Any]) -> bool | Sequence[str | None]:
        """The captions, or False where the first image has none."""
        return cls.captions(images)

    def __eq__(self, other: object) -> bool:
        """Whether the other is an image with the same pixels, caption, classes and grouping."""
        if not isinstance(other, Image):
            return False
        if self.path_is_reference(self._path) and self.path_is_reference(other._path):
            return self._path == other._path
        facts = ("_grouping", "_caption", "_width", "_height", "_classes")
        return all(getattr(self, name) == getattr(other, name) for name in facts) and (
            self._sha256 == other._sha256 or self._pixels() == other._pixels()
        )

    def _pixels(self) -> Any:
        return None if self.image is None else (self.image.mode, self.image.tobytes())

    def to_data_array(self) -> list[Any]:
        """The pixels by rows: numbers, or tuples of the channels."""
        import numpy

        if self.image is None:
            return []
        rows: list[Any] = numpy.asarray(self.image).tolist()
        self._free_ram()
        return [[tuple(pixel) if isinstance(pixel, list) else pixel for pixel in row] for row in rows]

    def _free_ram(self) -> None:
        if self._path is not None:
            self._image = None

    @property
    def image(self) -> Any:
        """The PIL image; None for one that lies elsewhere."""
        if self._image is None and self._path is not None and not self.path_is_reference(self._path):
            import PIL.Image

            self._image = PIL.Image.open(self._path)
            self._image.load()
        return self._image


def _layers(of_images: list[Any], run: Any) -> list[dict[str, Any] | None] | bool:
    found = [{key: layer.to_json(run) for key, layer in layers.items()} if layers else None for layers in of_images]
    return found if any(found) else False


_ImageFileType.types.append(Image)
TypeRegistry.add(_ImageFileType)

__all__ = ["Image"]
