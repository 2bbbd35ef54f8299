"""Samples → WAV, a second at a time. Imported by the uploader only: it needs numpy."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pluto.core.media.pixels import Numbers


def write_wav(samples: Numbers, rate: int, path: Path) -> None:
    """Writes (samples, channels) as PCM: integers with their own width, int8 and floats with 16 bits."""
    width = samples.dtype.itemsize if samples.dtype.str[1:] in ("u1", "i2", "i4") else 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        for start in range(0, len(samples), rate):
            file.writeframes(_pcm(samples[start : start + rate]).tobytes())


def _pcm(samples: Numbers) -> Numbers:
    if samples.dtype.kind == "f":
        finite = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
        return np.rint(np.clip(finite, -1, 1) * 32767).astype("<i2")
    if samples.dtype.str[1:] == "i1":
        return samples.astype("<i2") * 256
    return samples.astype(samples.dtype.newbyteorder("<"))
