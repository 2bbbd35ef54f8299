"""Types of columns."""

from __future__ import annotations

import copy
import datetime
import json
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pluto.compat.wandb.data_types import Html, Image
from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.table import Table

Registry = _dtypes.TypeRegistry
CELLS: Any = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.just("wandb-artifact://x")
    | st.dates()
    | st.lists(st.integers() | st.text(max_size=2), max_size=3)
    | st.dictionaries(st.sampled_from("ab"), st.integers() | st.none(), max_size=2)
)


@given(st.lists(CELLS, max_size=6))
def test_a_type_can_be_written_and_read(cells: list[Any]) -> None:
    kind: _dtypes.Type = _dtypes.OptionalType(_dtypes.UnknownType())
    for cell in cells:
        became = kind.assign(cell)
        kind = kind if isinstance(became, _dtypes.InvalidType) else became
    assert Registry.type_from_dict(json.loads(json.dumps(kind.to_json()))) == kind


@given(CELLS)
def test_what_a_type_has_taken_it_takes_again(cell: Any) -> None:
    kind = _dtypes.OptionalType(_dtypes.UnknownType()).assign(cell)
    assume("Invalid" not in str(kind))  # a list of this and that is taken, and then no list fits any more
    assert kind.assign(cell) == kind


@given(st.lists(CELLS, max_size=8), st.booleans())
@example(["wandb-artifact://x", "wandb-artifact://x", ""], False)
@example([None, "a", float("nan"), 1.5], True)
def test_a_table_takes_what_its_types_take(cells: list[Any], optional: bool) -> None:
    """However often the same classes of cells were there before."""
    table = Table(columns=["a"], optional=optional)
    for cell in cells:
        before = copy.deepcopy(table._column_types)
        became = before.assign({"a": cell})
        if isinstance(became, _dtypes.InvalidType):
            with pytest.raises(TypeError, match="incompatible types"):
                table.add_data(cell)
            assert table._column_types == before
        else:
            table.add_data(cell)
            assert table._column_types == became


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "Number"),
        (np.float16(1), "Number"),
        (True, "Boolean"),
        (np.bool_(True), "Boolean"),
        ("a", "String"),
        (None, "None"),
        (float("nan"), "None"),
        (datetime.date(2020, 1, 1), "Timestamp"),
        (np.datetime64("2020"), "Timestamp"),
        ([1, 2], "Number[]"),
        ([1, None], "None or Number[]"),
        ([1, "a"], "Invalid[]"),
        (np.zeros((2, 3)), "Ndarray(shape:[2, 3])"),
        ({"a": 1}, "{'a': Number}"),
        (object(), "Pythonobject(class_name:object)"),
        (np.timedelta64(1), "Pythonobject(class_name:timedelta64)"),
        (Html("x"), "Html-file"),
    ],
)
def test_what_values_are(value: Any, text: str) -> None:
    assert str(Registry.type_of(value)) == text


def test_why_a_row_does_not_fit_is_said(wandb: ModuleType) -> None:
    table = wandb.Table(columns=["n", "s"], data=[[1, "a"]])
    with pytest.raises(TypeError) as error:
        table.add_data("x", "b")
    assert str(error.value).split("\n")[2:] == [
        "Key 'n':",
        "\tString not assignable to None or Number",
        "\t\tString not assignable to None",
        "\tand",
        "\t\tString not assignable to Number",
    ]


def test_images_are_one_type_whatever_layers_they_have() -> None:
    def image(layer: str, number: int) -> Any:
        box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": number, "scores": {layer: 1}}
        return Image(np.zeros((2, 2)), boxes={layer: {"box_data": [box], "class_labels": {number: f"n{number}"}}})

    table = Table(columns=["i"], data=[[image("a", 1)], [image("b", 2)], [Image(np.zeros((2, 2)))]])
    kind = table._column_types.params["type_map"]["i"].params["allowed_types"][0]
    assert kind.part("box_layers") == {"a": {1}, "b": {2}}
    assert kind.part("box_score_keys") == {"a", "b"}
    assert kind.part("box_class_maps") == {"a": {"1": "n1"}, "b": {"2": "n2"}}
    assert kind.part("class_map") == {"1": "n1", "2": "n2"}


@pytest.mark.parametrize("json_obj", [{}, {"wb_type": "nothing of the kind"}])
def test_json_of_no_type_is_refused(json_obj: Any) -> None:
    with pytest.raises(TypeError, match=r"wb_type|missing type handler"):
        Registry.type_from_dict(json_obj)


def test_ids_of_classes_are_a_type(wandb: ModuleType) -> None:
    classes = wandb.Classes([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    table = wandb.Table(columns=["c"], dtype=[classes.get_type()], data=[[1]])
    table.add_data(2)
    table.add_data(None)
    with pytest.raises(TypeError, match="incompatible types"):
        table.add_data(3)
    kind = classes.get_type()
    assert Registry.type_from_dict(json.loads(json.dumps(kind.to_json()))) == kind
