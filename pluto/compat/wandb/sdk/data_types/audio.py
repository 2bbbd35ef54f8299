"""Sounds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia


class Audio(BatchableMedia):
    """A sound.

    `data_or_path` is the path of a file, kept as it is; the address of one that lies elsewhere, for artifacts; or
    samples, with a `sample_rate`: (samples,) or (samples, channels), floats from -1 to 1 (what lies outside is cut),
    int16 or int32. They become a WAV file of 16 bits.

    Raises `ValueError` for samples without a rate, of another shape or of other numbers, `OSError` for a file that
    can't be read.
    """

    _log_type = "audio-file"
    _native = "AUDIO"

    def __init__(self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None) -> None:
        super().__init__(caption=caption)
        self._duration: float | None = None
        self._sample_rate = sample_rate
        if not isinstance(data_or_path, (str, Path)):
            if sample_rate is None:
                raise ValueError('Argument "sample_rate" is required when instantiating wandb.Audio with raw data.')
            self._set_content(wav(data_or_path, sample_rate), ".wav")
            self._extension = None
            self._duration = len(data_or_path) / float(sample_rate)
        elif self.path_is_reference(path := str(data_or_path)):
            self._path, self._sha256 = path, hashlib.sha256(path.encode()).hexdigest()
        else:
            self._set_file(path)

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/audio`."""
        return os.path.join("media", "audio")

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Audio:
        """The sound that an artifact has as this JSON."""
        return cls(source_artifact.get_entry(json_obj["path"]).download(), caption=json_obj.get("caption"))

    def bind_to_run(self, run: Any, key: Any, step: Any, id_: Any = None, ignore_copy_err: bool | None = None) -> None:
        """Puts the file into the run's folder. Raises `ValueError` for a sound that lies elsewhere."""
        if self.path_is_reference(self._path):
            raise ValueError(
                "Audio media created by a reference to external storage cannot currently be added to a run"
            )
        super().bind_to_run(run, key, step, id_, ignore_copy_err)

    def to_json(self, run: Any) -> dict[str, Any]:
        """The file."""
        return {**super().to_json(run), "_type": self._log_type}

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: Any, step: Any) -> dict[str, Any]:  # noqa: ARG003
        """What a row has of several sounds."""
        each = list(seq)
        found: dict[str, Any] = {"_type": "audio", "count": len(each), "audio": [sound.to_json(run) for sound in each]}
        more = {
            "sampleRates": cls.sample_rates(each),
            "durations": cls.durations(each),
            "captions": cls.captions(each),
        }
        return {**found, **{name: value for name, value in more.items() if value}}

    @classmethod
    def durations(cls, audio_list: Sequence[Audio]) -> list[float | None]:
        """How long each is, in seconds; None for files."""
        return [sound._duration for sound in audio_list]

    @classmethod
    def sample_rates(cls, audio_list: Sequence[Audio]) -> list[int | None]:
        """The sample rates as they were given."""
        return [sound._sample_rate for sound in audio_list]

    @classmethod
    def captions(cls, audio_list: Sequence[Any]) -> Any:
        """The captions, empty for those without; False where none has any."""
        found = [sound._caption for sound in audio_list]
        return False if all(one is None for one in found) else [one or "" for one in found]

    def resolve_ref(self) -> str | None:
        """The address of a sound that lies elsewhere; None for one that does not."""
        if self.path_is_reference(self._path):
            return self._path
        if self._artifact_source is None:
            return None
        artifact = self._artifact_source.artifact
        name = artifact._local_path_to_name(self._path)
        entry = None if name is None else artifact.manifest.get_entry_by_path(name)
        return None if entry is None else entry.ref

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same sound, with the same caption."""
        if not isinstance(other, Audio) or self._caption != other._caption:
            return False
        if self.path_is_reference(self._path) or self.path_is_reference(other._path):
            return self.resolve_ref() == other.resolve_ref()
        return super().__eq__(other)


def wav(samples: Any, rate: int) -> bytes:
    """A WAV file of 16 bits. Raises `ValueError` for what are no samples."""
    import io
    import wave

    import numpy

    array = numpy.asarray(samples)
    if array.dtype.name not in ("float64", "float32", "int32", "int16"):
        raise ValueError(f"Audio samples have to be float64, float32, int32 or int16, and not {array.dtype.name!r}")
    if array.ndim not in (1, 2) or (array.ndim == 2 and not array.shape[1]):
        raise ValueError(f"Audio samples have the shape (samples,) or (samples, channels), and not {array.shape}")
    if array.dtype.kind == "f":
        wide = numpy.rint(numpy.nan_to_num(array.astype(numpy.float64)) * 0x80000000)
        array = numpy.clip(wide, -0x80000000, 0x7FFFFFFF).astype(numpy.int64) >> 16
    elif array.dtype == numpy.int32:
        array = array >> 16
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1 if array.ndim == 1 else array.shape[1])
        file.setsampwidth(2)
        file.setframerate(int(rate))
        file.writeframes(array.astype("<i2").tobytes())
    return made.getvalue()


class _AudioFileType(_dtypes.Type):
    name = "audio-file"
    types: ClassVar = [Audio]


_dtypes.TypeRegistry.add(_AudioFileType)

__all__ = ["Audio"]
