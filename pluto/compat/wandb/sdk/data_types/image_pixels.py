"""How an image is made of what a script has: arrays, tensors, figures, pictures of PIL."""

from __future__ import annotations

import io
from typing import Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types.figures import figure_of, is_matplotlib
from pluto.compat.wandb.util import get_full_typename, is_pytorch_tensor_typename


def picture(data: Any, mode: str | None, file_type: str, normalize: bool) -> Any:
    """A PIL image of the data. Raises `ValueError` for another shape, `AttributeError` for what is no array."""
    import PIL.Image

    if is_matplotlib(data):
        drawn = io.BytesIO()
        figure_of(data).savefig(drawn, format=file_type)
        return PIL.Image.open(drawn)
    if isinstance(data, PIL.Image.Image):
        return data
    tensor = is_tensor(data)
    if tensor:
        data = data.detach() if getattr(data, "requires_grad", False) else data
        mode = mode or guess_mode(data, file_type)
        data = (data.permute(1, 2, 0) if data.ndim == 3 else data).cpu().numpy()
    elif hasattr(data, "numpy"):
        data = data.numpy()
    if data.ndim > 2:
        data = data.squeeze()
    mode = mode or guess_mode(data, file_type)
    pixels = rescaled(data) if normalize else _bytes(data)
    return PIL.Image.fromarray(pixels).convert(mode)


def is_tensor(data: Any) -> bool:
    """Whether this is a tensor of torch, which has its channels first."""
    return is_pytorch_tensor_typename(get_full_typename(data))


def guess_mode(data: Any, file_type: str | None) -> str:
    """What PIL calls the channels of an array or tensor. Raises `ValueError` for another number of them."""
    channels = data.shape[0 if is_tensor(data) else -1]
    if data.ndim == 2 or channels == 1:
        return "L"
    if channels == 3:
        return "RGB"
    if channels != 4:
        raise ValueError(f"Un-supported shape for image conversion {list(data.shape)}")
    if file_type not in ("jpg", "jpeg"):
        return "RGBA"
    termwarn("JPEG format does not support transparency. Ignoring alpha channel.", repeat=False)
    return "RGB"


def rescaled(data: Any) -> Any:
    """Bytes, as releases before 0.31 made them: what lies between 0 and 1, or -1 and 1, fills the whole range."""
    import numpy

    low, high = (data.min(), data.max()) if data.size else (0, 0)
    if low >= 0 and high <= 1:
        return _bytes(data * 255)
    if low >= -1 and high <= 1:
        return _bytes(255 * 0.5 * (data + 1))
    return _bytes(numpy.clip(numpy.round(data), 0, 255))


def _bytes(data: Any) -> Any:
    import numpy

    with numpy.errstate(invalid="ignore"):
        return data.astype(numpy.uint8)
