"""The distributions of a sweep's parameters, by the names and fields W&B uses."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from pluto.sweeps.beta import Beta

_EDGE: Final = 1e-12
"""Normal distributions have no value at 0 and 1: points are kept this far inside."""


class SweepConfigError(ValueError):
    """A sweep's config that can't be used; the text begins with the field."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One parameter. A point is a number from 0 to 1; equal ranges of points are equally likely."""

    name: str
    value: Callable[[float], Any]
    """The value at a point."""
    choices: Sequence[Any] | None = None
    """All values in order, where they can be counted."""

    @property
    def constant(self) -> bool:
        """Whether there is nothing to choose."""
        return self.choices is not None and len(self.choices) == 1

    def at(self, point: int | float) -> Any:
        """The value of a choice by its number (int), or at a place from 0 to 1 (float)."""
        if isinstance(point, int):
            assert self.choices is not None
            return self.choices[point]
        return self.value(point)


def parse(field: str, spec: dict[str, Any]) -> Distribution:
    """The distribution of a parameter's spec. Raises `SweepConfigError` that says what is wrong with which field."""
    name = spec.get("distribution") or _inferred(field, spec)
    if name not in _MAKERS:
        raise SweepConfigError(f"{field}.distribution: {name!r} is unknown; there are {', '.join(sorted(_MAKERS))}")
    takes, make = _MAKERS[name]
    for given in spec:
        if given not in takes and given != "distribution":
            raise SweepConfigError(f"{field}.{given}: {name!r} takes {', '.join(takes) or 'nothing'}")
    return make(field, name, spec)


def _inferred(field: str, spec: dict[str, Any]) -> str:
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical"
    if "min" in spec and "max" in spec:
        whole = all(isinstance(spec[bound], int) and not isinstance(spec[bound], bool) for bound in ("min", "max"))
        return "int_uniform" if whole else "uniform"
    raise SweepConfigError(f"{field}: give value, values, min and max, or a distribution")


def _number(field: str, spec: dict[str, Any], name: str, default: float | None = None) -> Any:
    value = spec.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SweepConfigError(f"{field}.{name}: {'is missing' if value is None else f'{value!r} is no finite number'}")
    return value


def _range(field: str, spec: dict[str, Any]) -> tuple[Any, Any]:
    low, high = _number(field, spec, "min"), _number(field, spec, "max")
    if low > high:
        raise SweepConfigError(f"{field}.min: {low!r} is greater than max, {high!r}")
    return low, high


def _quantum(field: str, spec: dict[str, Any]) -> Any:
    q = _number(field, spec, "q", 1)
    if q <= 0:
        raise SweepConfigError(f"{field}.q: {q!r} is not above 0")
    return q


def _multiple(value: float, q: Any) -> Any:
    return round(value / q) * q if isinstance(q, int) else round(round(value / q) * q, 12)


def _constant(field: str, name: str, spec: dict[str, Any]) -> Distribution:
    if "value" not in spec:
        raise SweepConfigError(f"{field}.value: is missing")
    value = spec["value"]
    return Distribution(name, lambda _: value, [value])


def _categorical(field: str, name: str, spec: dict[str, Any]) -> Distribution:
    values = spec.get("values")
    if not isinstance(values, (list, tuple)) or not values:
        raise SweepConfigError(f"{field}.values: is a list with something in it, not {values!r}")
    weights = spec.get("probabilities")
    if weights is None:
        if name == "categorical_w_probabilities":
            raise SweepConfigError(f"{field}.probabilities: is missing")
        weights = [1.0] * len(values)
    elif not isinstance(weights, (list, tuple)) or len(weights) != len(values):
        raise SweepConfigError(f"{field}.probabilities: is a list of {len(values)} numbers, one for each value")
    for weight in weights:
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
            raise SweepConfigError(f"{field}.probabilities: {weight!r} is no probability")
    if "probabilities" in spec and not math.isclose(sum(weights), 1, rel_tol=1e-6):
        raise SweepConfigError(f"{field}.probabilities: add up to {sum(weights):g}, not to 1")
    ends = [total / sum(weights) for total in itertools.accumulate(weights)]
    possible = [index for index, weight in enumerate(weights) if weight > 0]

    def value(point: float) -> Any:
        index = bisect.bisect_right(ends, point)
        return values[index if index < len(values) and weights[index] > 0 else possible[-1]]

    return Distribution("categorical_w_probabilities" if "probabilities" in spec else name, value, list(values))


def _int_uniform(field: str, name: str, spec: dict[str, Any]) -> Distribution:
    low, high = _range(field, spec)
    if low != int(low) or high != int(high):
        raise SweepConfigError(f"{field}: int_uniform takes whole numbers for min and max")
    low, high = int(low), int(high)
    count = high - low + 1
    return Distribution(name, lambda point: min(low + int(point * count), high), range(low, high + 1))


def _between(field: str, name: str, spec: dict[str, Any]) -> Distribution:
    """All that are a straight line on some scale: `uniform`, the logarithmic ones, and their multiples of q."""
    low, high = _range(field, spec)
    kind = name.removeprefix("q_")
    if kind.endswith("_values") and low <= 0:
        raise SweepConfigError(f"{field}.min: {name} takes numbers above 0, not {low!r}")
    if kind.endswith("log_uniform"):
        for bound in ("min", "max"):
            if abs(spec[bound]) > 700:
                raise SweepConfigError(
                    f"{field}.{bound}: is an exponent of e here and {spec[bound]!r} is too big;"
                    f" {name}_values takes the values themselves"
                )

    def plain(point: float) -> float:
        if kind == "uniform":
            return float(low + (high - low) * point)
        inverse = kind.startswith("inv_")
        at = 1 - point if inverse else point
        if kind.endswith("_values"):
            value = math.exp(math.log(low) + (math.log(high) - math.log(low)) * at)
            return min(max(value, float(low)), float(high))
        exponent = low + (high - low) * (point if inverse else at)
        return math.exp(-exponent if inverse else exponent)

    if not name.startswith("q_"):
        return Distribution(name, plain)
    q = _quantum(field, spec)
    bottom, top = sorted((plain(0.0), plain(1.0)))
    first, last = math.ceil(round(bottom / q, 9)), math.floor(round(top / q, 9))
    if first > last:
        raise SweepConfigError(f"{field}.q: there is no multiple of {q!r} between {bottom:g} and {top:g}")
    count = last - first + 1
    # The evenly spread one can be counted: each multiple is equally likely.
    if kind == "uniform":
        multiples = _Multiples(first, count, q)
        return Distribution(name, lambda point: multiples[min(int(point * count), count - 1)], multiples)
    return Distribution(name, lambda point: _multiple(min(max(plain(point), first * q), last * q), q))


class _Multiples(Sequence[Any]):
    """Multiples of q, made when asked for."""

    def __init__(self, first: int, count: int, q: Any) -> None:
        self._first, self._count, self._q = first, count, q

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return _multiple((self._first + index) * self._q, self._q)


def _normal(field: str, name: str, spec: dict[str, Any]) -> Distribution:
    mu, sigma = _number(field, spec, "mu", 0.0), _number(field, spec, "sigma", 1.0)
    if sigma <= 0:
        raise SweepConfigError(f"{field}.sigma: {sigma!r} is not above 0")
    curve = NormalDist(mu, sigma)
    logarithmic, q = "log_" in name, _quantum(field, spec) if name.startswith("q_") else None

    def value(point: float) -> Any:
        found = curve.inv_cdf(min(max(point, _EDGE), 1 - _EDGE))
        if logarithmic:
            found = math.exp(min(found, 700.0))
        return found if q is None else _multiple(found, q)

    return Distribution(name, value)


def _beta(field: str, name: str, spec: dict[str, Any]) -> Distribution:
    shapes = {shape: _number(field, spec, shape) for shape in ("a", "b")}
    for shape, value in shapes.items():
        if value <= 0:
            raise SweepConfigError(f"{field}.{shape}: {value!r} is not above 0")
    curve = Beta(**shapes)
    if name == "beta":
        return Distribution(name, curve.inv_cdf)
    q = _quantum(field, spec)
    return Distribution(name, lambda point: _multiple(curve.inv_cdf(point), q))


_MAKERS: Final[dict[str, tuple[tuple[str, ...], Callable[[str, str, dict[str, Any]], Distribution]]]] = {
    "constant": (("value",), _constant),
    "categorical": (("values", "probabilities"), _categorical),
    "categorical_w_probabilities": (("values", "probabilities"), _categorical),
    "int_uniform": (("min", "max"), _int_uniform),
    "beta": (("a", "b"), _beta),
    "q_beta": (("a", "b", "q"), _beta),
    **{
        name: (("min", "max", "q") if name.startswith("q_") else ("min", "max"), _between)
        for name in (
            "uniform", "q_uniform", "log_uniform", "q_log_uniform", "log_uniform_values", "q_log_uniform_values",
            "inv_log_uniform", "inv_log_uniform_values",
        )
    },
    **{
        name: (("mu", "sigma", "q") if name.startswith("q_") else ("mu", "sigma"), _normal)
        for name in ("normal", "q_normal", "log_normal", "q_log_normal")
    },
}  # fmt: skip
