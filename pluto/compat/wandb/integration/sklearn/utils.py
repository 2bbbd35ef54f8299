"""Checks of what is to be plotted: what does not fit is told, and the chart left away."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.needs import need

chart_limit = 1000
_ARRAYS = ("X", "X_test", "y", "y_test", "y_true", "y_probas")


def sklearn(part: str = "") -> Any:
    """scikit-learn, or a module of it. Raises `ModuleNotFoundError` that says how to get it."""
    return need(f"sklearn.{part}" if part else "sklearn", "sklearn", "scikit-learn")


def check_against_limit(count: int, chart: str, limit: float | None = None) -> bool:
    """Whether a chart has more points than it may; says so."""
    most = chart_limit if limit is None else limit
    if count > most:
        wandb.termwarn(f"using only the first {most} datapoints to create chart {chart}")
        return True
    return False


def encode_labels(df: Any) -> None:
    """Turns the columns of a frame that hold no numbers into numbers, in place."""
    encoder = sklearn("preprocessing").LabelEncoder()
    for name in df.select_dtypes(exclude=["number"]).columns:
        df[name] = encoder.fit_transform(df[name])


def usable(**given: Any) -> bool:
    """Whether values are there, of the right kind, and models fitted; says what is not."""
    return test_missing(**given) and test_types(**given)


def test_missing(**given: Any) -> bool:
    """Whether nothing is None, and features are numbers without gaps."""
    fine = True
    for name, value in given.items():
        if value is None:
            wandb.termerror(f"{name} is None. Please try again.")
            fine = False
        elif name in ("X", "X_test"):
            fine = _numbers(name, value) and fine
    return fine


def _numbers(name: str, value: Any) -> bool:
    import numpy as np

    found = np.asarray(value.toarray() if hasattr(value, "toarray") else value)
    if found.dtype.kind not in "biufc":
        try:
            found = found.astype(float)
        except (TypeError, ValueError):
            wandb.termerror(
                f"{name} contains values that are not numbers. Please vectorize, label encode or one hot encode {name}"
                " and call the plotting function again."
            )
            return False
    missing = int(np.isnan(found).sum()) if found.dtype.kind in "fc" else 0
    if missing:
        wandb.termwarn(f"{name} contains {missing} missing values. ")
    return not missing


def test_types(**given: Any) -> bool:
    """Whether arrays are arrays, and models what they should be."""
    base = sklearn("base")
    kinds = {
        "model": ("classifier or regressor", lambda one: base.is_classifier(one) or base.is_regressor(one)),
        "clf": ("classifier", base.is_classifier),
        "binary_clf": ("classifier", base.is_classifier),
        "regressor": ("regressor", base.is_regressor),
        "clusterer": ("clusterer", _is_clusterer),
    }
    fine = True
    for name, value in given.items():
        if name in _ARRAYS and not hasattr(value, "__iter__"):
            wandb.termerror(f"{name} is not an array. Please try again.")
            fine = False
        elif name in kinds and not kinds[name][1](value):
            wandb.termerror(f"{name} is not a {kinds[name][0]}. Please try again.")
            fine = False
    return fine


def _is_clusterer(model: Any) -> bool:
    known = getattr(sklearn("base"), "is_clusterer", None)
    return bool(known(model)) if known else getattr(model, "_estimator_type", None) == "clusterer"


def test_fitted(model: Any) -> bool:
    """Whether a model is fitted; says where it is not."""
    try:
        sklearn("utils.validation").check_is_fitted(model)
    except sklearn("exceptions").NotFittedError:
        wandb.termerror("Please fit the model before passing it in.")
        return False
    except TypeError:  # a model of another library that only behaves like one
        return True
    return True


def round_3(n: float) -> float:
    """Three decimals."""
    return round(n, 3)


def round_2(n: float) -> float:
    """Two decimals."""
    return round(n, 2)
