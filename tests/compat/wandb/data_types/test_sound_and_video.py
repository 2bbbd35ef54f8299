"""Sounds and videos made of numbers."""

from __future__ import annotations

import importlib.util
import io
import sys
import wave
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from pluto.compat.wandb.sdk.data_types.audio import wav

FRAMES = (np.arange(3 * 3 * 4 * 6) % 256).astype(np.uint8).reshape(3, 3, 4, 6)


@given(
    st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=30),
    st.sampled_from(["float64", "float32", "int32", "int16"]),
    st.sampled_from([1, 8000, 44100]),
    st.sampled_from([1, 2]),
)
def test_sounds_are_what_soundfile_writes(samples: list[float], dtype: str, rate: int, channels: int) -> None:
    soundfile = pytest.importorskip("soundfile")
    array = np.array(samples * channels)
    scale = {"int32": 2**30, "int16": 2**14}.get(dtype, 1)
    array = (array * scale).clip(-(2**31), 2**31 - 1).astype(dtype)
    array = array if channels == 1 else array.reshape(-1, channels)
    expected = io.BytesIO()
    soundfile.write(expected, array, rate, format="WAV")
    assert wav(array, rate) == expected.getvalue()


def test_what_is_no_number_is_silent() -> None:
    with wave.open(io.BytesIO(wav(np.array([np.nan, 0.0]), 8000))) as file:
        assert file.readframes(2) == b"\0\0\0\0"


@pytest.mark.parametrize("samples", [np.zeros((2, 2, 2)), np.zeros(3, np.uint8), np.zeros((2, 0)), ["a"]])
def test_what_is_no_sound_is_refused(samples: Any) -> None:
    with pytest.raises(ValueError, match="Audio samples"):
        wav(samples, 8000)


def frames(video: Any) -> list[Any]:
    with Pillow.open(video._path) as picture:
        found = []
        for index in range(picture.n_frames):
            picture.seek(index)
            found.append((picture.size, picture.info["duration"], picture.convert("RGB").getpixel((0, 0))))
    return found


def test_frames_become_a_gif(wandb: ModuleType) -> None:
    video = wandb.Video(FRAMES, fps=10, format="gif")
    assert [(size, duration) for size, duration, _ in frames(video)] == [((6, 4), 100)] * 3
    assert [colour for *_, colour in frames(video)] == [tuple(map(int, frame[:, 0, 0])) for frame in FRAMES]


def test_a_batch_is_shown_side_by_side(wandb: ModuleType) -> None:
    with wandb.init(project="p") as run:
        run.log({"v": wandb.Video(np.stack([FRAMES] * 3), format="gif")})
        found = run.summary["v"]
    assert (found["width"], found["height"]) == (24, 4)


@pytest.mark.parametrize("make", [lambda wandb: wandb.Video(FRAMES), lambda wandb: wandb.Video(io.BytesIO(b"GIF89a"))])
def test_older_scripts_say_no_format(wandb: ModuleType, capsys: pytest.CaptureFixture[str], make: Any) -> None:
    assert make(wandb)._path.endswith(".gif")
    assert capsys.readouterr().err.count("wants a `format`") == 1


@pytest.mark.parametrize("form", ["mp4", "webm"])
@pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="needs the extra video")
def test_frames_become_a_movie(wandb: ModuleType, form: str) -> None:
    import av

    video = wandb.Video(FRAMES, fps=5, format=form)
    with av.open(video._path) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


def test_without_the_extra_it_is_said_what_is_missing(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(wandb.Error, match=r"pluto-ml\[video\]"):
        wandb.Video(FRAMES, format="mp4")


def test_frames_do_not_become_ogg(wandb: ModuleType) -> None:
    with pytest.raises(wandb.Error, match="gif, mp4 or webm"):
        wandb.Video(FRAMES, format="ogg")


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 5, 4, 4), (1, 1, 2, 3, 4, 4)])
def test_what_is_no_video_is_refused(wandb: ModuleType, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a video is"):
        wandb.Video(np.zeros(shape, np.uint8), format="gif")


def test_a_rate_means_nothing_for_a_file(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    wandb.Video(io.BytesIO(b"GIF89a"), fps=4, format="gif")
    assert "does not affect the frame rate" in capsys.readouterr().err
