from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core.data import Histogram, Table
from pluto.core.media import Text

PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
CELLS = PLAIN | st.text(st.characters(exclude_categories=["Cs"]))


def payload(*args: Any, **kwargs: Any) -> dict:
    kind, text = Table(*args, **kwargs).to_data()
    assert kind == "TABLE"
    found = json.loads(text)
    assert (found.pop("type"), found.pop("v")) == ("Table", 1)
    return found


@given(st.integers(0, 6).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), max_size=8)))
def test_rows_of_plain_cells_come_back(rows: list[list[Any]]) -> None:
    assert payload(rows) == {"table": rows}
    names = [str(i) for i in range(len(rows[0]))] if rows else ["a"]
    found = payload(rows, columns=names)
    assert [column["name"] for column in found.get("col", [])] == names


@given(
    st.lists(
        st.lists(
            st.recursive(
                CELLS | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
            ),
            min_size=2,
            max_size=2,
        ),
        max_size=4,
    )
)
def test_any_json_like_cell_gives_valid_json(rows: list[list[Any]]) -> None:
    def refuse(token: str) -> None:
        raise AssertionError(token)

    json.loads(Table(rows).to_data()[1], parse_constant=refuse)


class Colour(enum.Enum):
    RED = "red"


def test_cells_are_converted_by_rule() -> None:
    cells = [
        (np.int64(3), 3, "int"),
        (np.float32(0.5), 0.5, "float"),
        (np.bool_(True), True, "bool"),
        (math.nan, "NaN", "float"),
        (-math.inf, "-Infinity", "float"),
        (2**70, str(2**70), "int"),
        (None, None, "NoneType"),
        (pd.NaT, None, "NoneType"),
        (pd.NA, None, "NoneType"),
        (np.datetime64("NaT"), None, "datetime"),
        (np.datetime64("2020-01-02"), "2020-01-02", "datetime"),
        (datetime.date(2020, 1, 2), "2020-01-02", "date"),
        (pd.Timestamp("2020-01-02 03:04"), "2020-01-02T03:04:00", "datetime"),
        (Path("a/b"), "a/b", "PosixPath"),
        (decimal.Decimal("1.5"), "1.5", "Decimal"),
        (Colour.RED, "red", "Colour"),
        ((1, [2]), [1, [2]], "tuple"),
        (np.array([[1.5]]), [[1.5]], "ndarray"),
        ({1: np.float64(2)}, {"1": 2.0}, "dict"),
        (b"\xff!", "\ufffd!", "bytes"),
    ]
    found = payload([[cell for cell, _, _ in cells]], columns=[str(i) for i in range(len(cells))])
    assert found["table"] == [[expected for _, expected, _ in cells]]
    assert [column["dtype"] for column in found["col"]] == [dtype for _, _, dtype in cells]


def test_dtypes_of_columns_and_rows() -> None:
    found = payload([[1, "a", None, 1], [2.5, "b", 3, "x"]], columns="wxyz", rows=[10, 20])
    assert found["col"] == [
        {"name": "w", "dtype": "float"},
        {"name": "x", "dtype": "str"},
        {"name": "y", "dtype": "int"},
        {"name": "z", "dtype": "object"},
    ]
    assert found["row"] == [{"name": "10", "dtype": "object"}, {"name": "20", "dtype": "object"}]


@pytest.mark.parametrize("name", ["data", "table", "dataframe"])
def test_frames(name: str) -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": ["a", None], "t": pd.to_datetime(["2020-01-01", None])})
    found = payload(**{name: frame})
    assert found["table"] == [[1, "a", "2020-01-01T00:00:00"], [2, None, None]]
    assert [(column["name"], column["dtype"]) for column in found["col"]] == [
        ("x", "int"),
        ("y", "str"),
        ("t", "datetime"),
    ]
    assert "row" not in found
    assert payload(frame.set_index("y"))["row"][0]["name"] == "a"
    assert [c["name"] for c in payload(frame, columns=["p", "q", "r"])["col"]] == ["p", "q", "r"]
    assert payload(frame["x"])["table"] == [[1], [2]]


def test_arrow_tables() -> None:
    import pyarrow

    assert payload(pyarrow.table({"x": [1, None]}))["table"] == [[1], [None]]


def test_rows_as_dicts_and_columns_as_lists() -> None:
    rows = [{"a": 1, "b": 2}, {"b": 3, "c": 4}]
    assert payload(rows)["table"] == [[1, 2, None], [None, 3, 4]]
    assert [column["name"] for column in payload(rows)["col"]] == ["a", "b", "c"]
    assert payload(rows, columns=["c", "b"])["table"] == [[None, 2], [4, 3]]
    assert payload({"a": [1, 2], "b": np.array([3, 4])})["table"] == [[1, 3], [2, 4]]


def test_arrays() -> None:
    assert payload(np.arange(4).reshape(2, 2))["table"] == [[0, 1], [2, 3]]
    assert payload(np.arange(2))["table"] == [[0], [1]]
    structured = np.array([(1, 2.5)], dtype=[("x", "i4"), ("y", "f4")])
    assert payload(structured)["table"] == [[1, 2.5]]
    assert payload(structured)["col"][1] == {"name": "y", "dtype": "float"}
    assert payload(np.zeros((0, 3)))["table"] == []


def test_nothing_at_all() -> None:
    assert payload() == {"table": []}
    assert payload(columns=["a"]) == {"table": [], "col": [{"name": "a", "dtype": "NoneType"}]}


def test_the_cells_are_taken_as_they_are_now() -> None:
    rows = [[1, {"a": 2}]]
    table = Table(rows)
    rows[0][1]["a"] = 3
    rows.append([4, 5])
    assert json.loads(table.to_data()[1])["table"] == [[1, {"a": 2}]]


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"data": 5}, TypeError, "Table data"),
        ({"data": "text"}, TypeError, "Table data"),
        ({"data": [1, 2]}, TypeError, "Table row 0"),
        ({"data": [[1], "ab"]}, TypeError, "Table row 1"),
        ({"data": [[1], [1, 2]]}, ValueError, "row 1 has 2 cells, row 0 has 1"),
        ({"data": {"a": 1}}, TypeError, "Table column 'a'"),
        ({"data": {"a": [1], "b": []}}, ValueError, "Table column 'b'"),
        ({"data": np.zeros((1, 1, 1))}, ValueError, "one or two dimensions"),
        ({"data": [[1]], "columns": ["a", "b"]}, ValueError, "Table columns: 2 names for 1"),
        ({"data": [[1]], "rows": ["a", "b"]}, ValueError, "Table rows"),
        ({"data": [[1]], "table": [[2]]}, TypeError, "only one of"),
        ({"data": [[1]], "cols": []}, TypeError, "'cols'"),
        ({"data": [[1, Text("x")]]}, TypeError, r"Table cell \[0\]\[1\]: Text can't be inside"),
        ({"data": [[{"a": [Histogram([1])]}]]}, TypeError, r"\['a'\]\[0\]: Histogram can't"),
        ({"data": [[LOOP]]}, ValueError, "contains itself"),
    ],
)
def test_bad_input_names_the_field(arguments: dict, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Table(**arguments)
