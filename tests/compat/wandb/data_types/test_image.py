"""Images as older scripts make them, and what recorded scripts can't show."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow


class Tensor:
    """What of a tensor of torch images need."""

    def __init__(self, array: Any, requires_grad: bool = False) -> None:
        self.array, self.requires_grad = array, requires_grad
        self.shape, self.ndim = array.shape, array.ndim

    def detach(self) -> Tensor:
        return Tensor(self.array)

    def permute(self, *axes: int) -> Tensor:
        return Tensor(self.array.transpose(*axes))

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        assert not self.requires_grad, "a tensor that is still part of a computation has no array"
        return self.array


Tensor.__module__ = "torch"


class Eager:
    """Something else that has an array, with its channels last."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def numpy(self) -> Any:
        return self._array


def values(image: Any) -> Any:
    return np.asarray(image.image)


def test_a_tensor_has_its_channels_first(wandb: ModuleType) -> None:
    array = np.arange(24).reshape(3, 2, 4)
    image = wandb.Image(Tensor(array, requires_grad=True))
    assert image.image.mode == "RGB"
    assert (values(image) == array.transpose(1, 2, 0)).all()


def test_a_tensor_of_two_dimensions_is_grey(wandb: ModuleType) -> None:
    image = wandb.Image(Tensor(np.arange(6).reshape(2, 3)))
    assert image.image.mode == "L"
    assert (values(image) == np.arange(6).reshape(2, 3)).all()


def test_a_tensor_of_one_channel_is_grey(wandb: ModuleType) -> None:
    assert values(wandb.Image(Tensor(np.ones((1, 2, 3))))).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_what_has_an_array_is_taken_as_one(wandb: ModuleType) -> None:
    assert values(wandb.Image(Eager(np.full((2, 2, 3), 9)))).tolist() == [[[9] * 3] * 2] * 2


@pytest.mark.parametrize(
    ("given", "bytes_"),
    [
        ([[0.0, 0.5, 1.0]], [[0, 127, 255]]),
        ([[-1.0, 0.0, 1.0]], [[0, 127, 255]]),
        ([[0.0, 100.4, 300.0]], [[0, 100, 255]]),
        ([[-5.0, 2.6, 9.0]], [[0, 3, 9]]),
    ],
)
def test_older_scripts_have_their_numbers_stretched(
    wandb: ModuleType, capsys: pytest.CaptureFixture[str], given: Any, bytes_: Any
) -> None:
    assert values(wandb.Image(np.array(given), normalize=True)).tolist() == bytes_
    assert capsys.readouterr().err.count("older releases") == 1


def test_without_it_they_are_taken_as_they_are(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    data = np.array([[0.0, 0.5, 1.0, 300.0]])
    assert values(wandb.Image(data)).tolist() == [[0, 0, 1, 44]]
    assert values(wandb.Image(data, normalize=False)).tolist() == [[0, 0, 1, 44]]


def test_an_image_of_an_image_has_its_caption_unless_it_is_given_one(wandb: ModuleType) -> None:
    first = wandb.Image(np.zeros((2, 2)), caption="a")
    assert wandb.Image(first)._caption == "a"
    assert wandb.Image(first, caption="b")._caption == "b"


def test_an_alpha_channel_is_left_out_where_the_format_has_none(
    wandb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wandb.Image(np.zeros((2, 2, 4)), file_type="jpg").image.mode == "RGB"
    assert "does not support transparency" in capsys.readouterr().err


def test_a_callers_boxes_and_masks_stay_as_they_are(wandb: ModuleType) -> None:
    boxes = {"p": {"box_data": [{"position": {"middle": (1, 2), "width": 1, "height": 1}, "class_id": 1}]}}
    masks = {"m": {"mask_data": np.zeros((2, 2), int)}}
    wandb.Image(np.zeros((2, 2)), boxes=boxes, masks=masks)
    assert list(masks["m"]) == ["mask_data"]
    assert list(boxes["p"]) == ["box_data"]


def test_figures_are_drawn(wandb: ModuleType) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(1, 1), dpi=50)
    axes = figure.subplots()
    axes.plot([1, 2])
    assert wandb.Image(figure).image.size == (50, 50)
    assert wandb.Image(axes).image.size == (50, 50)
    assert wandb.Image(axes.lines[0]).image.size == (50, 50)


def test_a_picture_of_pillow_keeps_its_mode(wandb: ModuleType) -> None:
    assert wandb.Image(Pillow.new("RGBA", (2, 2))).image.mode == "RGBA"


def test_keys_that_would_leave_the_folder_stay_in_it(wandb: ModuleType) -> None:
    with wandb.init(project="p") as run:
        run.log({"../../out": wandb.Image(np.zeros((2, 2))), "/etc/x": wandb.Image(np.ones((2, 2)))})
        assert run.summary["../../out"]["path"].startswith("media/images/__/__/out_0_")
        assert run.summary["/etc/x"]["path"].startswith("media/images/etc/x_0_")
