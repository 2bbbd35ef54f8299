from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.sweeps.beta import Beta
from pluto.sweeps.distributions import Distribution, SweepConfigError, parse

POINTS = st.floats(0, 1, exclude_max=True)


def made(**spec: Any) -> Distribution:
    return parse("parameters.x", spec)


def drawn(distribution: Distribution, count: int = 4000) -> list[Any]:
    dice = random.Random(7)
    return sorted(distribution.value(dice.random()) for _ in range(count))


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({"value": 3}, "constant"),
        ({"values": ["a", None, 2]}, "categorical"),
        ({"values": [1, 2], "probabilities": [0.25, 0.75]}, "categorical_w_probabilities"),
        ({"min": 1, "max": 4}, "int_uniform"),
        ({"min": 1, "max": 4.0}, "uniform"),
    ],
)
def test_the_distribution_is_inferred(spec: dict[str, Any], name: str) -> None:
    assert made(**spec).name == name


@given(POINTS)
def test_values_stay_in_their_range(point: float) -> None:
    assert 1 <= made(min=1, max=4).value(point) <= 4
    assert isinstance(made(min=1, max=4).value(point), int)
    assert -2 <= made(min=-2.0, max=5).value(point) <= 5
    assert 1e-5 <= made(distribution="log_uniform_values", min=1e-5, max=0.1).value(point) <= 0.1
    assert 1e-5 <= made(distribution="inv_log_uniform_values", min=1e-5, max=0.1).value(point) <= 0.1
    low, high = math.exp(-3), math.exp(2)
    assert low <= made(distribution="log_uniform", min=-3, max=2).value(point) <= high * (1 + 1e-9)
    assert math.exp(-2) * (1 - 1e-9) <= made(distribution="inv_log_uniform", min=-3, max=2).value(point)
    assert made(distribution="q_uniform", min=1, max=10, q=3).value(point) in (3, 6, 9)
    assert made(distribution="q_log_uniform_values", min=8, max=100, q=8).value(point) % 8 == 0
    assert math.isfinite(made(distribution="normal", mu=1, sigma=2).value(point))
    assert made(distribution="log_normal").value(point) > 0
    assert made(distribution="q_log_normal", q=2).value(point) % 2 == 0


@given(POINTS, POINTS)
def test_values_rise_with_the_point(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for name in ("uniform", "log_uniform_values", "q_uniform", "q_log_uniform_values"):
        distribution = made(distribution=name, min=1, max=90)
        assert distribution.value(low) <= distribution.value(high)


def test_shapes_are_what_the_names_say() -> None:
    middle = 2000
    assert drawn(made(distribution="log_uniform_values", min=1e-4, max=1))[middle] == pytest.approx(1e-2, rel=0.3)
    assert drawn(made(distribution="log_uniform", min=0, max=2))[middle] == pytest.approx(math.e, rel=0.1)
    assert drawn(made(distribution="inv_log_uniform", min=0, max=2))[middle] == pytest.approx(1 / math.e, rel=0.1)
    assert drawn(made(distribution="normal", mu=5, sigma=2))[middle] == pytest.approx(5, abs=0.2)
    assert drawn(made(distribution="log_normal", mu=1, sigma=0.5))[middle] == pytest.approx(math.e, rel=0.1)
    few = drawn(made(values=["a", "b", "c"], probabilities=[0.1, 0.9, 0.0]))
    assert few.count("a") == pytest.approx(400, rel=0.25)
    assert few.count("c") == 0
    ints = drawn(made(min=1, max=4))
    assert all(ints.count(value) == pytest.approx(1000, rel=0.15) for value in (1, 2, 3, 4))


def test_a_whole_q_gives_ints_and_a_fraction_gives_clean_floats() -> None:
    assert all(isinstance(value, int) for value in drawn(made(distribution="q_normal", q=2), 50))
    assert set(drawn(made(distribution="q_uniform", min=0.0, max=0.3, q=0.1))) == {0.0, 0.1, 0.2, 0.3}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "parameters.x: give value, values, min and max, or a distribution"),
        ({"values": []}, "parameters.x.values: "),
        ({"values": [1, 2], "probabilities": [0.5]}, "parameters.x.probabilities: is a list of 2"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "parameters.x.probabilities: add up to 1.1"),
        ({"values": [1, 2], "probabilities": [1.5, -0.5]}, "parameters.x.probabilities: -0.5"),
        ({"min": 3, "max": 1}, "parameters.x.min: 3 is greater than max"),
        ({"min": 3, "max": math.nan}, "parameters.x.max: nan is no finite number"),
        ({"min": True, "max": 4}, "parameters.x.min: True is no finite number"),
        ({"min": 0, "max": 1, "distribution": "log_uniform_values"}, "parameters.x.min: log_uniform_values takes"),
        ({"min": 0, "max": 1e4, "distribution": "log_uniform"}, "parameters.x.max: is an exponent of e"),
        ({"min": 0.5, "max": 4, "distribution": "int_uniform"}, "parameters.x: int_uniform takes whole numbers"),
        ({"min": 1, "max": 2, "q": 5, "distribution": "q_uniform"}, "parameters.x.q: there is no multiple of 5"),
        ({"min": 1, "max": 2, "q": 0, "distribution": "q_uniform"}, "parameters.x.q: 0 is not above 0"),
        ({"min": 1, "max": 2, "mu": 5}, "parameters.x.mu: 'int_uniform' takes min, max"),
        ({"mu": 1, "sigma": 0, "distribution": "normal"}, "parameters.x.sigma: 0 is not above 0"),
        ({"distribution": "uniform", "min": 1}, "parameters.x.max: is missing"),
        ({"distribution": "constant"}, "parameters.x.value: is missing"),
        ({"distribution": "beta", "a": 1}, "parameters.x.b: is missing"),
        ({"distribution": "gamma"}, "parameters.x.distribution: 'gamma' is unknown; there are beta, categorical"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(spec: dict[str, Any], text: str) -> None:
    with pytest.raises(SweepConfigError) as caught:
        parse("parameters.x", spec)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("a", "b", "shares"),
    [  # quantiles at 0.1, 0.5 and 0.9 by scipy.stats.beta
        (1, 1, (0.1, 0.5, 0.9)),
        (2, 5, (0.09259525891, 0.26444998329, 0.51031631018)),
        (0.5, 0.5, (0.02447174185, 0.5, 0.97552825815)),
        (5, 1, (0.63095734448, 0.87055056329, 0.97914836236)),
    ],
)
def test_beta_has_the_known_quantiles(a: float, b: float, shares: tuple[float, ...]) -> None:
    one = parse("parameters.x", {"distribution": "beta", "a": a, "b": b})
    assert [one.at(point) for point in (0.1, 0.5, 0.9)] == pytest.approx(shares, rel=1e-8)
    assert (one.at(0.0), one.at(1.0)) == (0.0, 1.0)


@given(st.floats(0.05, 200), st.floats(0.05, 200), st.floats(0.001, 0.999))
def test_beta_is_its_own_inverse(a: float, b: float, share: float) -> None:
    curve = Beta(a, b)
    x = curve.inv_cdf(share)
    assert 0 <= x <= 1
    if 1e-12 < x < 1 - 1e-6:
        assert curve.cdf(x) == pytest.approx(share, abs=1e-6)


def test_q_beta_gives_multiples() -> None:
    one = parse("parameters.x", {"distribution": "q_beta", "a": 2, "b": 2, "q": 0.25})
    assert {one.at(point / 50) for point in range(51)} == {0.0, 0.25, 0.5, 0.75, 1.0}
