"""Checks of what plots are made of: what is wrong is told, and the plot is not made."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any, Final

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termerror, termwarn

_ARRAYS: Final = frozenset(
    {"X", "X_test", "y", "y_test", "y_true", "y_probas", "x_labels", "y_labels", "matrix_values"}
)
_FITTED: Final = [
    "coef_", "estimator_", "labels_", "n_clusters_", "children_", "components_", "n_components_", "n_iter_",
    "n_batch_iter_", "explained_variance_", "singular_values_", "mean_",
]  # fmt: skip


def test_missing(**kwargs: Any) -> bool:
    """Whether all of the values are there, and those called X and X_test are numbers, none of them missing."""
    passed = True
    for name, value in kwargs.items():
        if value is None:
            termerror(f"{name} is None. Please try again.")
            passed = False
        elif name in ("X", "X_test"):
            passed = _all_numbers(name, value) and passed
    return passed


def _all_numbers(name: str, value: Any) -> bool:
    import numpy

    array = numpy.asarray(value.toarray() if hasattr(value, "toarray") else value)
    cells = array.reshape(-1).tolist()
    missing = sum(cell is None or cell != cell for cell in cells)
    if missing:
        termwarn(f"{name} contains {missing} missing values. ")
    others = any(cell is not None and not isinstance(cell, numbers.Number) for cell in cells)
    if others:
        termerror(
            f"{name} contains values that are not numbers. Please vectorize, label encode or one hot encode {name} and"
            " call the plotting function again."
        )
    return not missing and not others


def test_fitted(model: Any) -> bool:
    """Whether a model has been fitted."""
    _sklearn()
    import numpy
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        try:
            model.predict(numpy.zeros((7, 3)))
        except AttributeError:
            check_is_fitted(model, _FITTED, all_or_any=any)
    except NotFittedError:
        termerror("Please fit the model before passing it in.")
        return False
    except Exception:  # noqa: BLE001  a fitted model may refuse such input for any reason
        return True
    return True


def encode_labels(df: Any) -> None:
    """Puts numbers in the place of a frame's texts."""
    _sklearn()
    from sklearn.preprocessing import LabelEncoder

    encoder = LabelEncoder()
    for name in df.select_dtypes(exclude=["int", "float", "float64", "float32", "int32", "int64"]).columns:
        df[name] = encoder.fit_transform(df[name])


def test_types(**kwargs: Any) -> bool:
    """Whether arrays are arrays, and models of the kind their names say."""
    passed = True
    for name, value in kwargs.items():
        kinds = _KINDS.get(name)
        if name in _ARRAYS and not isinstance(value, Iterable):
            termerror(f"{name} is not an array. Please try again.")
            passed = False
        elif kinds is not None and not any(_is(kind, value) for kind in kinds):
            termerror(f"{name} is not a {' or '.join(kinds)}. Please try again.")
            passed = False
    return passed


_KINDS: Final = {
    "model": ("classifier", "regressor"),
    "clf": ("classifier",),
    "binary_clf": ("classifier",),
    "regressor": ("regressor",),
    "clusterer": ("clusterer",),
}


def _is(kind: str, model: Any) -> bool:
    base = _sklearn()
    if kind == "clusterer" and not hasattr(base, "is_clusterer"):
        return getattr(model, "_estimator_type", None) == kind
    try:
        return bool(getattr(base, f"is_{kind}")(model))
    except AttributeError:  # what newer releases say of anything else
        return False


def _sklearn() -> Any:
    try:
        import sklearn.base
    except ImportError as error:
        raise Error("the plot requires the scikit library, install with `pip install scikit-learn`") from error
    return sklearn.base


__all__ = ["encode_labels", "test_fitted", "test_missing", "test_types"]
