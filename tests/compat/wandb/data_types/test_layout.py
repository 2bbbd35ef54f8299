"""The text of JSON files."""

from __future__ import annotations

import datetime
import enum
import json
import pathlib
import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_it_is_what_was_written(value: Any) -> None:
    assert json.loads(json_text(value)) == value


class Kind(enum.Enum):
    ONE = "uno"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # as the original's files have them
        ([1e-5, 1e-6, 1.5e-5, -2e-5, 1e16, 1.5e300, 0.0001], "[0.00001,1e-6,0.000015,-0.00002,1e16,1.5e300,0.0001]"),
        (["1e-05", 1e-7, 'a"1e+16"'], '["1e-05",1e-7,"a\\"1e+16\\""]'),
        ([float("nan"), float("inf"), -float("inf")], "[NaN,Infinity,-Infinity]"),
        ({"ü": "é", 1: None}, '{"ü":"é","1":null}'),
        (datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.timezone.utc), '"2020-01-02T03:00:00Z"'),
        (datetime.datetime(2020, 1, 2, 3), '"2020-01-02T03:00:00"'),
        (Kind.ONE, '"uno"'),
        (pathlib.PurePosixPath("a/b"), '"a/b"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (np.arange(40), f"[{','.join(map(str, range(40)))}]"),
        (np.float32(0.5), "0.5"),
        (b"x", '"x"'),
    ],
)
def test_how_it_is_written(value: Any, text: str) -> None:
    assert json_text(value) == text


def test_what_has_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        json_text([object()])
