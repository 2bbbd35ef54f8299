from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow

from pluto.core.media import Image
from tests.media.captured import Pipeline

ONE_FOLDER = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pixels(path: Path) -> np.ndarray:
    with Pillow.open(path) as image:
        return np.asarray(image)


def encoded(form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (4, 3), (1, 2, 3)).save(out, form)
    return out.getvalue()


SHAPES = st.one_of(
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.tuples(st.integers(1, 30), st.integers(1, 30), st.sampled_from([1, 2, 3, 4])),
)


@ONE_FOLDER
@given(arrays.arrays(np.uint8, SHAPES))
def test_bytes_in_are_pixels_out(pipeline: Pipeline, array: np.ndarray) -> None:
    (file,) = pipeline.render(Image(array))
    found = pixels(file.path)
    assert np.array_equal(found, array[..., 0] if array.shape[2:] == (1,) else array)
    assert (file.file_type, file.mime) == ("png", "image/png")


@ONE_FOLDER
@given(arrays.arrays(np.uint16, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_grey_of_16_bits_stays_exact(pipeline: Pipeline, array: np.ndarray) -> None:
    (file,) = pipeline.render(Image(array))
    assert np.array_equal(pixels(file.path), array)


@ONE_FOLDER
@given(arrays.arrays(st.sampled_from([np.float16, np.float32, np.float64, np.int64, np.uint32, np.bool_]), SHAPES))
def test_any_numbers_become_some_picture(pipeline: Pipeline, array: np.ndarray) -> None:
    (file,) = pipeline.render(Image(array))
    assert pixels(file.path).shape[:2] == array.shape[:2]


@pytest.mark.parametrize("order", ["C", "F", "reversed", "big endian"])
def test_any_memory_layout_gives_the_same_picture(pipeline: Pipeline, order: str) -> None:
    array = np.arange(7 * 5 * 3, dtype=np.float32).reshape(7, 5, 3) / 105
    given = {
        "C": array,
        "F": np.asfortranarray(array),
        "reversed": array[::-1, ::-1].copy()[::-1, ::-1],
        "big endian": array.astype(">f4"),
    }[order]
    (file,) = pipeline.render(Image(given))
    assert np.array_equal(pixels(file.path), np.rint(array * 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0.0, 0.5, 1.0]], [[0, 128, 255]]),
        ([[0.0, 1.5, 300.0]], [[0, 2, 255]]),
        ([[-1.0, 0.0, 1.0]], [[0, 128, 255]]),
        ([[0.0, np.nan, np.inf]], [[0, 0, 255]]),
        ([[np.nan, np.nan, np.nan]], [[0, 0, 0]]),
        ([[-np.inf, 0.25, np.inf]], [[0, 64, 255]]),
        ([[-1e308, 0.0, 1e308]], [[0, 128, 255]]),
    ],
)
def test_floats_follow_the_documented_rule(pipeline: Pipeline, values: list, expected: list) -> None:
    (file,) = pipeline.render(Image(np.array(values)))
    assert pixels(file.path).tolist() == expected


def test_booleans_and_integers(pipeline: Pipeline) -> None:
    (file,) = pipeline.render(Image(np.array([[True, False]])))
    assert pixels(file.path).tolist() == [[255, 0]]
    (file,) = pipeline.render(Image(np.array([[-5, 1, 7, 300]])))
    assert pixels(file.path).tolist() == [[0, 1, 7, 255]]
    (file,) = pipeline.render(Image(np.full((2, 2, 3), 0x1234, np.uint16)))
    assert set(pixels(file.path).ravel().tolist()) == {0x12}


def test_channels_last_in_arrays_and_first_where_only_that_fits(pipeline: Pipeline) -> None:
    ambiguous = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    (file,) = pipeline.render(Image(ambiguous))
    assert np.array_equal(pixels(file.path), ambiguous)
    first = np.random.default_rng(0).integers(0, 256, (3, 9, 7), dtype=np.uint8)
    (file,) = pipeline.render(Image(first))
    assert np.array_equal(pixels(file.path), np.moveaxis(first, 0, -1))


def test_a_batch_becomes_a_grid(pipeline: Pipeline) -> None:
    batch = np.random.default_rng(0).integers(1, 256, (10, 4, 6, 3), dtype=np.uint8)
    (file,) = pipeline.render(Image(batch))
    grid = pixels(file.path)
    assert grid.shape == (2 * 4 + 2, 8 * 6 + 7 * 2, 3)
    assert np.array_equal(grid[:4, 8:14], batch[1])
    assert np.array_equal(grid[6:10, 8:14], batch[9])
    assert not grid[6:10, 16:].any()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_pillow_images_of_each_mode(pipeline: Pipeline, mode: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    image = Pillow.fromarray(noise).convert(mode)
    (file,) = pipeline.render(Image(image))
    expected = image if mode in ("L", "LA", "RGB", "RGBA") else image.convert("L" if mode == "1" else "RGB")
    assert np.array_equal(pixels(file.path), np.asarray(expected))


def test_pillow_images_of_numbers(pipeline: Pipeline) -> None:
    (file,) = pipeline.render(Image(Pillow.fromarray(np.array([[0.0, 1.0]], np.float32))))
    assert pixels(file.path).tolist() == [[0, 255]]
    (file,) = pipeline.render(Image(Pillow.fromarray(np.array([[1, 300]], np.int32))))
    assert pixels(file.path).tolist() == [[1, 255]]
    (file,) = pipeline.render(Image(Pillow.fromarray(np.array([[1, 40000]], np.uint16))))
    assert pixels(file.path).tolist() == [[1, 40000]]


def test_a_transparent_palette_keeps_its_transparency(pipeline: Pipeline) -> None:
    image = Pillow.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 1
    (file,) = pipeline.render(Image(image))
    assert pixels(file.path).tolist() == [[[255, 0, 0, 255], [0, 0, 255, 0]]]


@pytest.mark.parametrize(("form", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")])
def test_encoded_bytes_are_kept_under_the_extension_they_are(pipeline: Pipeline, form: str, extension: str) -> None:
    content = encoded(form)
    for value in (content, bytearray(content), memoryview(content), io.BytesIO(content)):
        (file,) = pipeline.render(Image(value))
        assert file.path.read_bytes() == content
        assert file.file_type == extension
        assert file.file_name.endswith("." + extension)
        assert file.mime.startswith("image/")


def test_a_written_out_buffer_is_taken_from_its_start(pipeline: Pipeline) -> None:
    buffer = io.BytesIO()
    Pillow.new("L", (2, 2)).save(buffer, "PNG")
    (file,) = pipeline.render(Image(buffer))
    assert file.path.read_bytes() == buffer.getvalue()


def test_an_open_file_is_read(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded())
    with (tmp_path / "a.png").open("rb") as file:
        (rendered,) = pipeline.render(Image(file))
    assert rendered.path.read_bytes() == encoded()


def test_a_path_is_read_when_logged(pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "a.jpeg"
    path.write_bytes(b"early")
    image = Image(str(path), caption="It’s: a/b")
    path.write_bytes(encoded("JPEG"))
    (file,) = pipeline.render(image)
    assert file.path.read_bytes() == encoded("JPEG")
    assert file.file_name.endswith(".jpeg")
    assert file.caption == "It’s: a/b"


def test_matplotlib_figures_axes_and_pyplot(pipeline: Pipeline) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(2, 1), dpi=50)
    (line,) = axes.plot([1, 2, 3])
    try:
        seen = [pixels(pipeline.render(Image(part))[0].path) for part in (figure, axes, line, pyplot)]
        assert seen[0].shape[:2] == (50, 100)
        assert all(np.array_equal(seen[0], other) for other in seen[1:])
        assert seen[0].min() < 255
        before = Image(figure)
        axes.clear()
        assert np.array_equal(pixels(pipeline.render(before)[0].path), seen[0])
        sub = figure.subfigures(1, 2)[0]
        assert pixels(pipeline.render(Image(sub))[0].path).shape[:2] == (50, 100)
    finally:
        pyplot.close(figure)


def test_later_changes_have_no_effect(pipeline: Pipeline) -> None:
    array = np.full((200, 200, 3), 7, np.uint8)
    picture = Pillow.new("RGB", (3, 3), (9, 9, 9))
    first, second = Image(array), Image(picture)
    array[:] = 0
    picture.putpixel((0, 0), (0, 0, 0))
    drafts = [*pipeline.capture(first), *pipeline.capture(second)]
    assert set(pixels(pipeline.make(drafts[0])[0].path).ravel()) == {7}
    assert set(pixels(pipeline.make(drafts[1])[0].path).ravel()) == {9}


def test_nothing_is_encoded_in_the_caller(pipeline: Pipeline) -> None:
    array = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    (draft,) = pipeline.capture(Image(array))
    assert draft.inline is None
    assert pipeline.blob(draft.blob or "").read_bytes() == array.tobytes()
    small = array[:10, :10].copy()
    (draft,) = pipeline.capture(Image(small))
    assert (draft.blob, draft.inline) == (None, small.tobytes())


def test_importing_and_logging_a_path_needs_neither_numpy_nor_pillow(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded())
    program = f"""
import sys
from pluto.core.media import Image
Image({str(tmp_path / "a.png")!r}).capture(None)
Image(open({str(tmp_path / "a.png")!r}, "rb").read()).capture(None)
print(sorted({{"numpy", "PIL", "matplotlib", "torch"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


BOX = {"position": {"minX": 1, "maxX": 2, "minY": 3, "maxY": 4}, "class_id": 2, "scores": {"p": 0.5}}


def test_boxes_in_the_layout_of_dashboards(pipeline: Pipeline) -> None:
    middle = {"position": {"middle": (0.5, np.float32(0.25)), "width": 0.1, "height": 0.2}, "domain": None}
    boxes = {"predictions": {"box_data": [{**BOX, "class_id": np.int64(2)}, middle], "class_labels": {2: "cat"}}}
    (file,) = pipeline.render(Image(encoded(), boxes=boxes))
    assert json.loads(file.annotations or "") == {
        "boxes": {
            "predictions": {
                "box_data": [
                    {**BOX, "domain": "pixel"},
                    {"position": {"middle": [0.5, 0.25], "width": 0.1, "height": 0.2}, "domain": None},
                ],
                "class_labels": {"2": "cat"},
            }
        }
    }


def test_masks_become_files_of_their_own(pipeline: Pipeline, tmp_path: Path) -> None:
    classes = np.random.default_rng(0).integers(0, 256, (40, 30))
    (tmp_path / "m.png").write_bytes(encoded())
    masks = {
        "array": {"mask_data": classes, "class_labels": {1: "dog"}},
        "rows": {"mask_data": [[0, 1], [2, 255]]},
        "file": {"path": tmp_path / "m.png"},
    }
    image, *files = pipeline.render(Image(encoded(), masks=masks, caption="c"))
    references = json.loads(image.annotations or "")["masks"]
    assert [references[layer]["fileName"] for layer in masks] == [file.file_name for file in files]
    assert references["array"]["class_labels"] == {"1": "dog"}
    assert {file.file_type for file in files} == {"mask"}
    assert {file.mime for file in files} == {"image/png"}
    assert image.file_type == "png"
    found = pixels(files[0].path)
    assert np.array_equal(found[..., 0], classes)
    assert not found[..., 1:].any()
    assert pixels(files[1].path)[..., 0].tolist() == [[0, 1], [2, 255]]
    assert files[2].path.read_bytes() == encoded()


def test_ready_made_annotations_are_kept_and_added_to(pipeline: Pipeline) -> None:
    ready = {"boxes": {"old": {"box_data": []}}, "more": [1, "x"]}
    for form in (ready, json.dumps(ready)):
        (file,) = pipeline.render(Image(encoded(), annotations=form))
        assert json.loads(file.annotations or "") == ready
        (file,) = pipeline.render(Image(encoded(), annotations=form, boxes={"new": {"box_data": []}}))
        assert set(json.loads(file.annotations or "")["boxes"]) == {"old", "new"}
    (file,) = pipeline.render(Image(encoded()))
    assert file.annotations is None


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"data": "missing.png"}, FileNotFoundError, "Image data: there is no file 'missing.png'"),
        ({"data": "/"}, ValueError, "Image data"),
        ({"data": b""}, ValueError, "Image data"),
        ({"data": b"no picture at all"}, ValueError, "Image data"),
        ({"data": 5}, TypeError, "Image data"),
        ({"data": None}, TypeError, "Image data"),
        ({"data": [[1, 2], [3, 4]]}, TypeError, "Image data"),
        ({"data": np.zeros(5)}, ValueError, "Image data: the shape is"),
        ({"data": np.zeros((0, 4, 3))}, ValueError, "Image data"),
        ({"data": np.zeros((5, 6, 7))}, ValueError, "1 to 4 channels"),
        ({"data": np.zeros((2, 2), complex)}, TypeError, "Image data"),
        ({"data": np.array([[None]])}, TypeError, "Image data"),
        ({"boxes": []}, None, ""),
        ({"boxes": [1]}, TypeError, "Image boxes"),
        ({"boxes": {"l": []}}, TypeError, r"Image boxes\['l'\]"),
        ({"boxes": {"l": {}}}, TypeError, r"boxes\['l'\] box_data"),
        ({"boxes": {"l": {"box_data": [], "boxdata": 1}}}, ValueError, "unknown field 'boxdata'"),
        ({"boxes": {"l": {"box_data": [{}]}}}, TypeError, r"box_data\[0\] position"),
        ({"boxes": {"l": {"box_data": [{"position": {"minX": 0}}]}}}, ValueError, "position"),
        ({"boxes": {"l": {"box_data": [{**BOX, "class_id": "cat"}]}}}, TypeError, "class_id"),
        ({"boxes": {"l": {"box_data": [{**BOX, "scores": {"p": float("nan")}}]}}}, ValueError, r"scores\['p'\]"),
        ({"boxes": {"l": {"box_data": [{**BOX, "domain": "inch"}]}}}, ValueError, "domain"),
        (
            {"boxes": {"l": {"box_data": [{"position": {"middle": 1, "width": 2, "height": 3}}]}}},
            ValueError,
            r"position\['middle'\]",
        ),
        ({"masks": {"l": {}}}, ValueError, r"masks\['l'\]: give either"),
        ({"masks": {"l": {"mask_data": [[300]]}}}, ValueError, "0 to 255"),
        ({"masks": {"l": {"mask_data": [[1], [1, 2]]}}}, ValueError, "one length"),
        ({"masks": {"l": {"mask_data": np.array([[-1]])}}}, ValueError, "0 to 255"),
        ({"masks": {"l": {"mask_data": np.array([[0.5]])}}}, ValueError, "whole numbers"),
        ({"masks": {"l": {"mask_data": np.array([[np.nan]])}}}, ValueError, "whole numbers"),
        ({"masks": {"l": {"mask_data": np.zeros((1, 2, 3), int)}}}, ValueError, "rows and columns"),
        ({"masks": {"l": {"path": "missing.png"}}}, FileNotFoundError, r"masks\['l'\] path"),
        ({"masks": {"l": {"mask_data": [[1]], "class_labels": ["cat"]}}}, TypeError, "class_labels"),
        ({"annotations": "{"}, ValueError, "Image annotations: not JSON"),
        ({"annotations": "[1]"}, TypeError, "Image annotations"),
    ],
)
def test_bad_input_names_the_field(arguments: dict, error: type[Exception] | None, named: str) -> None:
    given = {"data": encoded(), **arguments}
    if error is None:
        Image(**given)
    else:
        with pytest.raises(error, match=named):
            Image(**given)
