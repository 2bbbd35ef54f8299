from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pluto.server.identity import decode_sqid, encode_sqid, parse_display_id, run_prefix


@pytest.mark.parametrize(
    ("project", "prefix"),
    [
        ("my-ml-project", "MMP"), ("training", "TRA"), ("resnet-50", "R50"), ("a", "A"),
        ("image-classification", "ICL"), ("a b c d e", "ABCD"), ("---", "RUN"), ("日本", "RUN"), ("demo", "DEM"),
    ],
)  # fmt: skip
def test_run_prefix(project: str, prefix: str) -> None:
    assert run_prefix(project) == prefix


@given(st.text(), st.integers(1, 999_999_999))
def test_every_display_id_is_read_back(project: str, number: int) -> None:
    prefix = run_prefix(project)
    assert 1 <= len(prefix) <= 4
    assert parse_display_id(f"{prefix}-{number}") == (prefix, number)
    assert parse_display_id(f"{prefix}-{number}".lower()) == (prefix, number)


@given(st.integers(0, 2**53))
def test_sqids_are_read_back(run: int) -> None:
    text = encode_sqid(run)
    assert len(text) >= 5
    assert text.isalnum()
    assert decode_sqid(text) == run


@given(st.one_of(st.text(), st.text(string.ascii_letters + string.digits)))
@example("000000000000")
def test_no_text_decodes_to_a_run_it_does_not_name(text: str) -> None:
    run = decode_sqid(text)
    assert run is None or encode_sqid(run) == text
    parse_display_id(text)
