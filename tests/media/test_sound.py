from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pluto.core.media import Audio
from tests.media.captured import Pipeline

ONE_FOLDER = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CODES = {1: np.uint8, 2: np.dtype("<i2"), 4: np.dtype("<i4")}


def read(path: Path) -> tuple[int, np.ndarray]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), CODES[file.getsampwidth()])
        return file.getframerate(), samples.reshape(-1, file.getnchannels())


@ONE_FOLDER
@given(
    arrays.arrays(st.sampled_from([np.uint8, np.int16, np.int32]), st.tuples(st.integers(1, 3000), st.integers(1, 2))),
    st.integers(1, 200),
)
def test_integers_in_are_samples_out(pipeline: Pipeline, samples: np.ndarray, rate: int) -> None:
    (file,) = pipeline.render(Audio(samples, rate))
    found_rate, found = read(file.path)
    assert found_rate == rate
    assert found.dtype.kind == samples.dtype.kind
    assert np.array_equal(found, samples)


def test_floats_become_16_bits(pipeline: Pipeline) -> None:
    (file,) = pipeline.render(Audio(np.array([0, 1, -1, 0.5, 2, -np.inf, np.nan]), rate=8000))
    assert read(file.path)[1].ravel().tolist() == [0, 32767, -32767, 16384, 32767, -32767, 0]
    assert (file.file_type, file.file_name[-4:]) == ("wav", ".wav")
    assert file.mime in ("audio/x-wav", "audio/wav")


def test_channels_are_found_in_either_place(pipeline: Pipeline) -> None:
    stereo = np.random.default_rng(0).integers(-100, 100, (500, 2), dtype=np.int16)
    for layout in (stereo, stereo.T, np.asfortranarray(stereo), stereo.astype(">i2")):
        (file,) = pipeline.render(Audio(layout))
        assert np.array_equal(read(file.path)[1], stereo)
    (file,) = pipeline.render(Audio(np.array([1, -128], np.int8)))
    assert read(file.path)[1].ravel().tolist() == [256, -32768]


def test_sample_rate_is_the_older_name(pipeline: Pipeline) -> None:
    (file,) = pipeline.render(Audio(np.zeros(10), sample_rate=16000))
    assert read(file.path)[0] == 16000


def test_files_and_bytes_are_kept(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x01\x02" * 9)
    content = path.read_bytes()
    for value in (path, str(path), content, io.BytesIO(content)):
        (rendered,) = pipeline.render(Audio(value, caption="beep"))
        assert rendered.path.read_bytes() == content
        assert rendered.file_type == "wav"
        assert rendered.caption == "beep"


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"data": "missing.wav"}, FileNotFoundError, "Audio data"),
        ({"data": b"nothing"}, ValueError, "Audio data"),
        ({"data": [0.1]}, TypeError, "Audio data"),
        ({"data": np.zeros((100, 100))}, ValueError, "channels"),
        ({"data": np.zeros(0)}, ValueError, "empty"),
        ({"data": np.zeros(3, np.int64)}, TypeError, "int32"),
        ({"data": np.zeros(3), "rate": 0}, ValueError, "Audio rate"),
        ({"data": np.zeros(3), "rate": 44100.5}, ValueError, "Audio rate"),
        ({"data": np.zeros(3), "speed": 2}, TypeError, "'speed'"),
    ],
)
def test_bad_input_names_the_field(arguments: dict, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Audio(**arguments)
