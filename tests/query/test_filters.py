from __future__ import annotations

from typing import Any

import pytest

from pluto.query.filters import check


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"status": "COMPLETED", "name": {"$regex": "lr"}},
        {"$or": [{"state": "running"}, {"heartbeat_at": {"$gte": "2026-01-01"}}, {"$not": {"tags": {"$in": ["a"]}}}]},
        {"config.model": {"width": 3}},
        {"summary_metrics.val/loss": {"$lt": 0.5, "$gt": 0.1}},
    ],
)
def test_the_grammar(filters: dict[str, Any]) -> None:
    check(filters)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ([], "a filter is a dict, not list"),
        ({"$or": {"name": "x"}}, r"\$or takes a list of filters, not dict"),
        ({"$nor": []}, "'\\$nor' is no operator between filters"),
        ({"nmae": "x"}, "'nmae' is no field to filter by"),
        ({"config.": 1}, "'config.' is no field"),
        ({"name": {"$like": "x"}}, r"'\$like' on 'name' is no operator"),
    ],
)
def test_what_is_not_in_it_is_named(filters: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        check(filters)


def test_depth_is_bounded() -> None:
    filters: dict[str, Any] = {"name": "x"}
    for _ in range(60):
        filters = {"$not": filters}
    with pytest.raises(ValueError, match="more than 50 deep"):
        check(filters)
