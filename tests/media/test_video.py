from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageSequence

from pluto.core.media import Video
from pluto.core.media.render import RenderError
from tests.media.captured import Pipeline

needs_av = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="not run: pip install 'pluto-ml[video]'")

# Three flat colours, each far from the others: compression leaves them recognisable.
COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
FRAMES = np.broadcast_to(COLOURS[:, None, None, :], (3, 32, 48, 3))


def gif_frames(path: Path) -> tuple[list[int], np.ndarray]:
    with Pillow.open(path) as image:
        frames = [(frame.info["duration"], np.asarray(frame.convert("RGB"))) for frame in ImageSequence.Iterator(image)]
    return [duration for duration, _ in frames], np.stack([pixels for _, pixels in frames])


def decoded(path: Path) -> tuple[float, np.ndarray]:
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return float(stream.average_rate), np.stack([f.to_ndarray(format="rgb24") for f in container.decode(stream)])


@pytest.mark.parametrize("layout", ["TCHW", "THWC", "float", "alpha"])
def test_gif_frames_are_the_frames(pipeline: Pipeline, layout: str) -> None:
    given = {
        "TCHW": np.moveaxis(FRAMES, -1, 1),
        "THWC": FRAMES,
        "float": FRAMES / 255,
        "alpha": np.concatenate([FRAMES, np.full((3, 32, 48, 1), 9, np.uint8)], -1),
    }[layout]
    (file,) = pipeline.render(Video(given, rate=10, format="gif"))
    durations, found = gif_frames(file.path)
    assert durations == [100, 100, 100]
    assert np.array_equal(found, FRAMES)
    assert (file.file_type, file.mime) == ("gif", "image/gif")


def test_grey_frames_and_a_grid_of_videos(pipeline: Pipeline) -> None:
    grey = np.zeros((4, 10, 12), np.uint8)
    grey[1::2] = 200
    (file,) = pipeline.render(Video(grey, format="gif"))
    assert np.array_equal(gif_frames(file.path)[1][..., 0], grey)
    batch = np.stack([FRAMES, FRAMES[::-1], FRAMES, FRAMES])
    (file,) = pipeline.render(Video(batch, format="gif"))
    found = gif_frames(file.path)[1]
    assert found.shape == (3, 66, 98, 3)
    assert np.array_equal(found[:, :32, 50:], FRAMES[::-1])


@needs_av
@pytest.mark.parametrize(("form", "mime"), [("mp4", "video/mp4"), ("webm", "video/webm")])
def test_encoded_frames_look_like_the_frames(pipeline: Pipeline, form: str, mime: str) -> None:
    (file,) = pipeline.render(Video(FRAMES, fps=12.5, format=form))
    rate, found = decoded(file.path)
    assert rate == pytest.approx(12.5, rel=0.01)
    assert found.shape == FRAMES.shape
    assert np.abs(found.astype(int) - FRAMES).max() < 40
    assert (file.file_type, file.mime) == (form, mime)


@needs_av
def test_odd_sizes_get_one_more_row_and_column(pipeline: Pipeline) -> None:
    (file,) = pipeline.render(Video(FRAMES[:, :31, :47], format="mp4"))
    assert decoded(file.path)[1].shape == (3, 32, 48, 3)


@needs_av
def test_without_a_format_frames_become_mp4_where_that_can_be(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = pipeline.render(Video(FRAMES, caption="run"))
    assert file.file_name.endswith(".mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (file,) = pipeline.render(Video(FRAMES))
    assert file.file_name.endswith(".gif")
    with pytest.raises(ImportError, match=r"pluto-ml\[video\]"):
        Video(FRAMES, format="webm")


def test_a_format_whose_encoder_has_gone_is_an_error_of_the_value(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    (draft,) = pipeline.capture(Video(FRAMES, format="mp4"))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(RenderError, match=r"pluto-ml\[video\]"):
        pipeline.make(draft)
    assert not list(pipeline.out.iterdir())


def test_files_and_bytes_are_kept(pipeline: Pipeline, tmp_path: Path) -> None:
    out = io.BytesIO()
    Pillow.new("L", (2, 2)).save(out, "GIF")
    path = tmp_path / "a.GIF"
    path.write_bytes(out.getvalue())
    for value in (path, str(path), out.getvalue(), out):
        (file,) = pipeline.render(Video(value))
        assert file.path.read_bytes() == out.getvalue()
        assert file.file_type == "gif"
    (file,) = pipeline.render(Video(b"whatever this is", format="webm"))
    assert file.file_type == "webm"


class Clip:
    def write_videofile(self, path: str) -> None:
        raise AssertionError("not asked for")


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"data": "missing.mp4"}, FileNotFoundError, "Video data"),
        ({"data": b"nothing"}, ValueError, "Video data"),
        ({"data": Clip()}, TypeError, "write_videofile"),
        ({"data": 3}, TypeError, "Video data"),
        ({"data": np.zeros((3, 5, 6, 7))}, ValueError, "the shape is"),
        ({"data": np.zeros((3, 5))}, ValueError, "the shape is"),
        ({"data": FRAMES, "rate": 0}, ValueError, "Video rate"),
        ({"data": FRAMES, "rate": float("nan")}, ValueError, "Video rate"),
        ({"data": FRAMES, "format": "ogg"}, ValueError, "Video format: mp4, webm, gif"),
        ({"data": FRAMES, "size": 2}, TypeError, "'size'"),
    ],
)
def test_bad_input_names_the_field(arguments: dict, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Video(**arguments)
