"""Images, with boxes and masks."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from pluto.core.data.arrays import is_array, is_tensor
from pluto.core.media.annotations import read_annotations, read_boxes, read_masks
from pluto.core.media.base import File
from pluto.core.media.content import IMAGE, Array, content_of, media_extension, raw_array
from pluto.core.media.draft import Blobs, MediaDraft

CHANNELS = (1, 2, 3, 4)


class Image(File):
    """An image.

    `data` is one of:

    * a path, encoded bytes (PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF, HEIC, ICO, SVG) or an open binary file: kept as
      they are;
    * a PIL image;
    * a numpy array, torch tensor or the like: (H, W), (H, W, C) or (C, H, W) with 1 to 4 channels (grey, grey and
      alpha, RGB, RGBA). Where both would fit, arrays have the channels last and tensors first. A batch (of four
      dimensions) becomes a grid, 8 images wide. Values: uint8 as they are, booleans as 0 and 255, uint16 as they are
      for grey images and their high bytes for others, other integers cut to 0 to 255. Floats: 0 to 1 becomes 0 to
      255, and if some are greater than 1 they are taken as 0 to 255; if some are negative, the range from the least
      to the greatest becomes 0 to 255. NaN becomes 0;
    * a matplotlib figure, axes, artist, or `matplotlib.pyplot` for its current figure: drawn now.

    Arrays, PIL images and figures are taken as they are now; files on disk are read when logged. Arrays become PNG
    files, later and in another process.

    `boxes`: `{layer: {"box_data": [box, …], "class_labels": {id: name}}}`, each box with `position` (`minX, maxX,
    minY, maxY`, or `middle, width, height`) and where wanted `class_id`, `box_caption`, `scores`, `domain`
    (`"pixel"`, the default, or None for fractions of the image). `masks`: `{layer: {"mask_data": rows of class ids 0
    to 255, or "path": a PNG file with the class id in the red channel, "class_labels": …}}`. `annotations`: both,
    ready-made, as a mapping or JSON text; `boxes` and `masks` are put on top.

    Raises `TypeError`, `ValueError` or `FileNotFoundError`, naming the field, for what is none of this.
    """

    tag = "Image"

    def __init__(
        self, data: Any, caption: str | None = None, boxes: Any = None, masks: Any = None, annotations: Any = None
    ) -> None:
        together = read_annotations(annotations)
        if boxes:
            together["boxes"] = {**together.get("boxes", {}), **read_boxes(boxes)}
        self._masks = read_masks(masks) if masks else {}
        if self._masks:
            references = {layer: mask.reference for layer, mask in self._masks.items()}
            together["masks"] = {**together.get("masks", {}), **references}
        self._take(data, caption, together or None)

    def _take(self, data: Any, caption: str | None, annotations: dict[str, Any] | None) -> None:
        content = content_of(data, "Image data")
        if isinstance(content, Path):
            self._hold(content, caption=caption, annotations=annotations)
        elif content is not None:
            extension = media_extension(content, IMAGE, "Image data")
            self._hold(content, extension=extension, caption=caption, annotations=annotations)
        elif (figure := _figure(data)) is not None:
            drawn = io.BytesIO()
            figure.savefig(drawn, format="png", pil_kwargs={"compress_level": 1})
            self._hold(drawn.getvalue(), extension=".png", caption=caption, annotations=annotations)
        else:
            pixels, parameters = _pixels(data)
            self._hold(
                pixels,
                extension=".png",
                caption=caption,
                form="pixels",
                parameters=parameters,
                annotations=annotations,
            )

    def capture(self, blobs: Blobs) -> list[MediaDraft]:
        """The image as a media record, and after it one for each of its masks."""
        return [*super().capture(blobs), *(mask.draft(blobs) for mask in self._masks.values())]


def _pixels(data: Any) -> Array:
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(data, pil.Image):
        return _of_pil(data)
    if not is_array(data):
        raise TypeError(
            "Image data: a path, bytes, an open file, a PIL image, an array, a tensor or a matplotlib figure is needed,"
            f" not {type(data).__name__}"
        )
    pixels, parameters = raw_array(data, "Image data")
    parameters["axes"] = _axes(parameters["shape"], "CHW" if is_tensor(data) else "HWC")
    return pixels, parameters


def _axes(shape: list[int], preferred: str) -> str:
    """What the dimensions are: of `N` images, `H`eight, `W`idth, `C`hannels."""
    if len(shape) == 2:
        return "HW"
    if len(shape) in (3, 4):
        batch = "N" if len(shape) == 4 else ""
        for axes in (preferred, "HWC", "CHW"):
            if shape[-3:][axes.index("C")] in CHANNELS:
                return batch + axes
    raise ValueError(
        f"Image data: the shape is {tuple(shape)}; (H, W), (H, W, C) or (C, H, W) is needed, with 1 to 4 channels, "
        "or a batch of these"
    )


def _of_pil(image: Any) -> Array:
    width, height = image.size
    if not width or not height:
        raise ValueError("Image data: the image is empty")
    if image.mode in ("I", "F", "I;16"):
        dtype = {"I": "<i4", "F": "<f4", "I;16": "<u2"}[image.mode]
        if sys.byteorder == "big" and image.mode != "I;16":
            dtype = dtype.replace("<", ">")
        return image.tobytes(), {"shape": [height, width], "dtype": dtype, "axes": "HW"}
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in ("PA", "La", "RGBa") else "RGB")
    shape = [height, width, len(image.getbands())]
    return image.tobytes(), {"shape": shape, "dtype": "|u1", "axes": "HWC"}


def _figure(data: Any) -> Any:
    """The matplotlib figure that this is, or is part of."""
    matplotlib = sys.modules.get("matplotlib.figure")
    if matplotlib is None:
        return None
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and data is pyplot:
        return pyplot.gcf()
    for candidate in (data, getattr(data, "figure", None)):
        if isinstance(candidate, matplotlib.FigureBase):
            while not isinstance(candidate, matplotlib.Figure):
                candidate = candidate.figure
            return candidate
    return None
