"""Sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pluto.core.data.arrays import is_array, is_tensor
from pluto.core.media.base import File, no_more
from pluto.core.media.content import AUDIO, content_of, media_extension, raw_array

CHANNEL_LIMIT = 32
"""More than this many along a dimension are samples, not channels."""


class Audio(File):
    """A sound.

    `data` is a path, encoded bytes (WAV, MP3, OGG, FLAC, M4A, AAC) or an open binary file, kept as they are; or
    samples as a numpy array or torch tensor: (samples,), (samples, channels) or (channels, samples). Where both would
    fit, arrays have the channels last and tensors first. Samples are taken as they are now, and become a WAV file:
    uint8, int16 and int32 as they are, int8 as 16 bits, floats from -1 to 1 as 16 bits (cut to that range, NaN as
    silence).

    `rate` (or `sample_rate`) is the number of samples a second, for samples only.

    Raises `TypeError`, `ValueError` or `FileNotFoundError`, naming the field, for what is none of this.
    """

    tag = "Audio"

    def __init__(self, data: Any, rate: int = 48000, caption: str | None = None, **kwargs: Any) -> None:
        rate = kwargs.pop("sample_rate", rate)
        no_more(kwargs, self.tag)
        if isinstance(rate, bool) or int(rate) != rate or not 0 < rate < 2**32:
            raise ValueError(f"Audio rate: a whole number of samples a second is needed, not {rate!r}")
        content = content_of(data, "Audio data")
        if isinstance(content, Path):
            self._hold(content, caption=caption)
        elif content is not None:
            self._hold(content, extension=media_extension(content, AUDIO, "Audio data"), caption=caption)
        elif is_array(data):
            samples, parameters = raw_array(data, "Audio data")
            if parameters["dtype"][1:] not in ("u1", "i1", "i2", "i4", "f2", "f4", "f8"):
                raise TypeError(
                    f"Audio data: floats, uint8, int8, int16 or int32 are needed, not {parameters['dtype']}"
                )
            parameters["channels_first"] = _channels_first(parameters["shape"], is_tensor(data))
            parameters["rate"] = int(rate)
            self._hold(samples, extension=".wav", caption=caption, form="samples", parameters=parameters)
        else:
            raise TypeError(
                f"Audio data: a path, bytes, an open file, an array or a tensor is needed, not {type(data).__name__}"
            )


def _channels_first(shape: list[int], preferred: bool) -> bool:
    if len(shape) == 1:
        return False
    if len(shape) == 2:
        for first in (preferred, not preferred):
            if shape[0 if first else 1] <= CHANNEL_LIMIT:
                return first
    raise ValueError(
        f"Audio data: the shape is {tuple(shape)}; (samples,), (samples, channels) or (channels, samples) is needed, "
        f"with at most {CHANNEL_LIMIT} channels"
    )
