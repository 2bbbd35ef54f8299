from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pluto.core.media import File, Image
from pluto.core.media.names import NAME_LIMIT, safe_name, unique_name
from pluto.core.media.render import RenderError, render
from pluto.protocol import records
from tests.media.captured import Pipeline


@given(st.text(max_size=400))
def test_any_name_becomes_one_harmless_component(name: str) -> None:
    for safe in (safe_name(name), unique_name(name, ".png")):
        assert 0 < len(safe) <= NAME_LIMIT
        assert safe.isascii()
        assert not set(safe) & set("/\\\0:")
        assert not safe.startswith(".")
        assert safe_name(safe) == safe


def media(form: str, content: bytes, file_name: str = "a", **parameters: object) -> records.Media:
    return records.Media(
        time=1,
        step=1,
        name="k",
        index=0,
        type="IMAGE",
        form=form,
        file_name=file_name,
        inline=content,
        parameters=dict(parameters),
    )


def test_equal_names_under_two_keys_are_two_files(pipeline: Pipeline) -> None:
    (one,) = pipeline.capture(File(b"one", "same.txt"))
    (two,) = pipeline.capture(File(b"two", "same.txt"))
    (first,), (second,) = pipeline.make(one, "a"), pipeline.make(two, "b")
    assert first.file_name == second.file_name == "same.txt"
    assert first.path != second.path
    assert (first.path.read_bytes(), second.path.read_bytes()) == (b"one", b"two")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_nothing_is_written_outside_the_folder(pipeline: Pipeline, name: str) -> None:
    for record in (media("file", b"x", name), media("mask", b"\1", name, shape=[1, 1])):
        (file,) = render(record, None, pipeline.out)
        assert file.path.parent == pipeline.out
        assert Path(file.file_name).name == file.file_name
        assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "record",
    [
        media("hologram", b"x"),
        media("pixels", b"x"),
        media("pixels", b"x", shape=[2, 2], dtype="|u1", axes="HW"),
        media("pixels", b"", shape=[0, 2], dtype="|u1", axes="HW"),
        media("pixels", b"12345678", shape=[1], dtype="|O", axes="HW"),
        media("pixels", b"x", shape=[1, 1], dtype="nonsense", axes="HW"),
        media("pixels", b"xx", shape=[1, 1, 2], dtype="|u1", axes="H"),
        media("pixels", b"x" * 5, shape=[1, 1, 5], dtype="|u1", axes="HWC"),
        media("mask", b"x", shape="?"),
        media("samples", b"x", shape=[1], dtype="|u1"),
        media("samples", b"x", shape=[1], dtype="|u1", channels_first=False, rate=0),
        media("frames", b"x" * 3, shape=[1, 1, 1, 3], dtype="|u1", axes="THWC", rate=0, format="gif"),
        media("frames", b"x" * 3, shape=[1, 1, 1, 3], dtype="|u1", axes="THWC", rate=1, format="exe"),
        records.Media(1, 1, "k", 0, "FILE", "file", "a"),
    ],
)
def test_what_can_never_become_a_file_says_so_and_leaves_nothing(pipeline: Pipeline, record: records.Media) -> None:
    with pytest.raises(RenderError):
        render(record, None, pipeline.out)
    assert not list(pipeline.out.iterdir())


def test_a_full_disk_is_no_fault_of_the_value(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image as Pillow

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Pillow.Image, "save", full)
    (draft,) = pipeline.capture(Image(np.zeros((2, 2), np.uint8)))
    with pytest.raises(OSError, match="No space"):
        pipeline.make(draft)
    assert not list(pipeline.out.iterdir())


def test_content_that_is_a_file_already_is_not_copied(pipeline: Pipeline) -> None:
    (draft,) = pipeline.capture(File(b"x" * 200_000))
    (file,) = pipeline.make(draft)
    assert file.path == pipeline.blob(draft.blob or "")
    assert not list(pipeline.out.iterdir())


def test_records_survive_the_journal(pipeline: Pipeline) -> None:
    boxes = {"b": {"box_data": [{"position": {"minX": 1, "maxX": 2, "minY": 3, "maxY": 4}}]}}
    for draft in pipeline.capture(Image(np.ones((2, 2)), "c", boxes=boxes, masks={"m": {"mask_data": [[1]]}})):
        record = draft.record(5, 1.5, "k", 3)
        again = records.decode(records.Kind.MEDIA, records.encode(record))
        assert again == record
        assert render(again, None, pipeline.out)[0].file_name == draft.file_name
