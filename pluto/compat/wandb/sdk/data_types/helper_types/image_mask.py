"""Masks of an image: to which class each pixel belongs."""

from __future__ import annotations

import os
from typing import Any

from pluto.compat.wandb.sdk.data_types.base_types import native
from pluto.compat.wandb.sdk.data_types.base_types.media import Media, staged
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import is_artifact, is_run
from pluto.compat.wandb.sdk.data_types.helper_types import class_labels
from pluto.compat.wandb.util import get_full_typename, is_pytorch_tensor_typename


class ImageMask(Media):
    """A mask of an image.

    `val` has `mask_data`, an array of two dimensions with the class of each pixel, 0 to 255, or `path`, a PNG file of
    it; and where wanted `class_labels`, which names class numbers. `key` is what the mask is called.

    Raises `TypeError` for what is none of this.
    """

    _log_type = "mask"
    _native = "IMAGE"

    def __init__(self, val: dict[str, Any], key: str) -> None:
        super().__init__()
        self._key = key
        self._val: dict[str, Any] | None = None
        if "path" in val:
            self._set_file(val["path"])
            return
        if "mask_data" in val and is_pytorch_tensor_typename(get_full_typename(val["mask_data"])):
            val = {**val, "mask_data": val["mask_data"].cpu().numpy()}
        if "class_labels" not in val and "mask_data" in val:
            import numpy

            val = {**val, "class_labels": class_labels.made_up(numpy.unique(val["mask_data"]).tolist())}
        self.validate(val)
        self._val = val
        path = staged(f".{self.type_name()}.png")
        _picture(val["mask_data"]).save(path)
        self._set_file(path, is_tmp=True, extension=f".{self.type_name()}.png")

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
        if self._labels():
            class_labels.keep(run, "mask/class_labels", key, self._key, self._labels())

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/images/mask`."""
        return os.path.join("media", "images", cls.type_name())

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> ImageMask:
        """The mask that an artifact has as this JSON."""
        return cls({"path": source_artifact.get_entry(json_obj["path"]).download()}, key="")

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The file. Raises `TypeError` for what is neither run nor artifact."""
        if is_run(run_or_artifact):
            return {**super().to_json(run_or_artifact), "_type": self.type_name()}
        if is_artifact(run_or_artifact):
            return super().to_json(run_or_artifact)
        raise TypeError("to_json accepts wandb_run.Run or wandb.Artifact")

    @classmethod
    def type_name(cls) -> str:
        """`mask`."""
        return cls._log_type

    def validate(self, val: dict[str, Any]) -> bool:
        """True. Raises `TypeError` for what is no mask."""
        if "mask_data" not in val:
            raise TypeError(
                'Missing key "mask_data": An image mask requires mask data: a 2D array representing the predictions'
            )
        data = val["mask_data"]
        if len(data.shape) != 2:
            raise TypeError("mask_data must be a 2D array")
        if not ((data >= 0).all() and (data <= 255).all()):
            raise TypeError("Mask data must be integers between 0 and 255")
        if "class_labels" in val:
            class_labels.check(val["class_labels"], "Class labels must be a dictionary of numbers to strings")
        return True

    def drawable(self) -> dict[str, Any]:
        """The mask as other readers of the store draw it. It has to be bound to a run."""
        from pluto.core.media.names import safe_name

        assert self._path is not None
        found: dict[str, Any] = {"fileName": safe_name(os.path.basename(self._path))}
        if self._labels():
            found["class_labels"] = {str(number): text for number, text in self._labels().items()}
        return found

    def _labels(self) -> dict[Any, str]:
        return self._val.get("class_labels", {}) if self._val else {}

    def _hand_over(self, key: int | str, step: int | str) -> None:
        assert self._path is not None
        native.keep(self._run, self._path, key, step, type=self._native, file_type="mask")


def _picture(classes: Any) -> Any:
    import numpy
    import PIL.Image

    return PIL.Image.fromarray(classes.astype(numpy.uint8))


__all__ = ["ImageMask"]
