"""Moving pictures."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia, staged

_log: Final = logging.getLogger(__name__)
_RATE: Final = 4


class Video(BatchableMedia):
    """A video.

    `data_or_path` is the path of a file, or bytes in a `BytesIO`, kept as they are; or frames: an array of bytes (time,
    channels, height, width), or a batch of such videos, which are shown side by side. `fps`: frames a second, for
    frames only; 4 unless it is said. `format`: gif, mp4, webm or ogg. For bytes and frames it has to be said; where it
    is not, it is gif, as it was in older releases, with a warning. gif needs nothing more; mp4 and webm need the extra
    `video`.

    Raises `ValueError` for another format or shape, and `Error` without the extra.
    """

    _log_type = "video-file"
    _native = "VIDEO"
    EXTS = ("gif", "mp4", "webm", "ogg")

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: int | None = None,
        format: Literal["gif", "mp4", "webm", "ogg"] | None = None,
    ) -> None:
        super().__init__(caption=caption)
        self._width: int | None = None
        self._height: int | None = None
        self._channels: int | None = None
        if isinstance(data_or_path, (BytesIO, str)) and fps:
            termwarn(
                "`fps` argument does not affect the frame rate of the video when providing a file path or raw bytes."
            )
        if isinstance(data_or_path, BytesIO):
            self._format = self._require_format(format, "raw bytes (an io object)")
            self._set_content(data_or_path.read(), f".{self._format}")
            self._extension = None
        elif isinstance(data_or_path, (str, Path)):
            self._format = os.path.splitext(data_or_path)[1][1:].lower()
            _check(self._format)
            self._set_file(str(data_or_path))
        elif hasattr(data_or_path, "numpy") or type(data_or_path).__name__ == "ndarray":
            self._format = self._require_format(format, "a numpy array")
            self.data = data_or_path.numpy() if hasattr(data_or_path, "numpy") else data_or_path
            self.encode(fps=fps or _RATE)
        else:
            raise ValueError("wandb.Video accepts a file path or numpy like data as input")

    @staticmethod
    def _require_format(format: str | None, source_description: str) -> str:
        if format is None:
            termwarn(
                f"wandb.Video of {source_description} wants a `format`; without one it becomes a gif", repeat=False
            )
            return "gif"
        _check(format)
        return format

    def encode(self, fps: int = _RATE) -> None:
        """Makes the file of the frames. Raises `Error` where what the format needs is missing."""
        from pluto.core.media.movie import write_movie

        frames = self._prepare_video(self.data)
        _, self._height, self._width, self._channels = frames.shape
        path = staged(f".{self._format}")
        if self._format == "ogg":
            raise Error(
                "frames become gif, mp4 or webm; an ogg video has to be made by other means and given as a file"
            )
        try:
            write_movie(frames, "THWC", fps, self._format, Path(path))
        except ImportError as error:
            raise Error(f"wandb.Video: {error}") from error
        self._set_file(path, is_tmp=True)

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/videos`."""
        return os.path.join("media", "videos")

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The file, and the size of a video that was made of frames."""
        found = {**super().to_json(run_or_artifact), "_type": self._log_type}
        found.update({"width": self._width} if self._width is not None else {})
        found.update({"height": self._height} if self._height is not None else {})
        return found

    def _prepare_video(self, video: Any) -> Any:
        """The frames as (time, height, width, channels); those of a batch are tiles of one picture."""
        import numpy

        if video.ndim < 4:
            raise ValueError("Video must be at least 4 dimensions: time, channels, height, width")
        video = video[numpy.newaxis] if video.ndim == 4 else video
        if video.ndim != 5 or video.shape[2] not in (1, 3, 4) or not video.size:
            raise ValueError(
                "a video is (time, channels, height, width) with 1, 3 or 4 channels, or a batch of them, and not"
                f" {video.shape}"
            )
        if video.dtype != numpy.uint8:
            _log.warning("Converting video data to uint8")
            video = video.astype(numpy.uint8)
        count, time, channels, height, width = video.shape
        tiles = 1 << (count - 1).bit_length()
        video = numpy.concatenate([video, numpy.zeros((tiles - count, *video.shape[1:]), numpy.uint8)])
        rows = 2 ** ((count.bit_length() - 1) // 2)
        columns = tiles // rows
        video = video.reshape(rows, columns, time, channels, height, width).transpose(2, 0, 4, 1, 5, 3)
        return video.reshape(time, rows * height, columns * width, channels)

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:  # noqa: ARG003
        """What a row has of several videos."""
        videos = [video.to_json(run) for video in seq]
        return {"_type": "videos", "count": len(seq), "videos": videos, "captions": cls.captions(seq)}


def _check(format: str) -> None:
    if format not in Video.EXTS:
        raise ValueError(f"wandb.Video accepts {', '.join(Video.EXTS)} formats")


class _VideoFileType(_dtypes.Type):
    name = "video-file"
    types: ClassVar = [Video]


_dtypes.TypeRegistry.add(_VideoFileType)

__all__ = ["Video"]
