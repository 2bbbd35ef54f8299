from __future__ import annotations

from typing import Any

import pytest

from pluto.sweeps.config import Hyperband, SweepConfigError, check

PLAIN: dict[str, Any] = {"parameters": {"lr": {"values": [0.1, 0.2]}}}


def test_nested_parameters_become_a_nested_config() -> None:
    parameters = {
        "lr": {"value": 0.1},
        "model": {"parameters": {"width": {"values": [8, 16]}, "head": {"parameters": {"bias": {"value": True}}}}},
    }
    space = check({"method": "grid", "parameters": parameters}).space
    assert space.size == 2
    assert [space.config(point) for point in space.grid()] == [
        {"lr": 0.1, "model": {"width": width, "head": {"bias": True}}} for width in (8, 16)
    ]


def test_a_grid_goes_through_everything_in_order() -> None:
    space = check({"parameters": {"a": {"values": ["x", "y"]}, "b": {"min": 1, "max": 3}}}).space
    assert [tuple(space.config(point).values()) for point in space.grid()] == [
        ("x", 1), ("x", 2), ("x", 3), ("y", 1), ("y", 2), ("y", 3),
    ]  # fmt: skip


def test_hyperband_bands() -> None:
    base = {**PLAIN, "method": "random", "metric": {"name": "loss"}}

    def bands(**rules: Any) -> Hyperband | None:
        return check({**base, "early_terminate": {"type": "hyperband", **rules}}).hyperband

    first = bands(min_iter=3)
    assert first is not None
    assert first.bands[:4] == (3, 9, 27, 81)
    assert bands(max_iter=27, s=2) == Hyperband((3, 9), 3.0, False)
    assert bands(max_iter=27, s=2, eta=2, strict=True) == Hyperband((6, 13), 2.0, True)


def test_a_declaration_is_what_a_run_carries() -> None:
    config = {**PLAIN, "method": "random", "metric": {"name": "loss", "goal": "maximize"}, "name": "mine", "run_cap": 3}
    assert check(config).declaration("abc") == {
        "id": "abc",
        "method": "random",
        "metric": {"name": "loss", "goal": "maximize"},
        "parameters": PLAIN["parameters"],
    }


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"methid": "grid"}, "methid: is no field of a sweep; is 'method' meant?"),
        ({"method": "best"}, "method: is one of grid, random, bayes, not 'best'"),
        ({"method": "bayes"}, "metric: a bayes sweep needs"),
        ({"parameters": {}}, "parameters: "),
        ({"parameters": {"lr": 0.1}}, "parameters.lr: is a dict"),
        ({"parameters": {"lr": {"min": 0.1, "max": 1.0}}}, "parameters.lr: a grid needs values"),
        ({"parameters": {"m": {"parameters": {"w": {"min": 2, "max": 1}}}}}, "parameters.m.parameters.w.min: 2 is"),
        ({"parameters": {"n": {"min": 1, "max": 10**9}}}, "parameters: the grid has 1,000,000,000"),
        ({"metric": {"goal": "minimize"}}, "metric.name: is missing"),
        ({"metric": {"name": "x", "goal": "min"}}, "metric.goal: is minimize or maximize, not 'min'"),
        ({"metric": {"name": "x", "target": "low"}}, "metric.target: is a number"),
        ({"run_cap": 0}, "run_cap: "),
        ({"early_terminate": {"type": "median"}}, "early_terminate.type: is hyperband"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 3}}, "metric: is needed for early_terminate"),
        (
            {"metric": {"name": "x"}, "early_terminate": {"type": "hyperband", "max_iter": 9}},
            "early_terminate: give min_iter, or max_iter and s",
        ),
        (
            {"metric": {"name": "x"}, "early_terminate": {"type": "hyperband", "min_iter": 3, "eta": 1}},
            "early_terminate.eta: ",
        ),
        ({"parameters": {"x": {"values": [object()]}}}, "the config holds something that JSON can't"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(change: dict[str, Any], text: str) -> None:
    with pytest.raises(SweepConfigError) as caught:
        check({**PLAIN, **change})
    assert str(caught.value).startswith(text)


def test_a_config_that_is_no_dict() -> None:
    with pytest.raises(TypeError, match="a sweep's config is a dict, not list"):
        check([])
