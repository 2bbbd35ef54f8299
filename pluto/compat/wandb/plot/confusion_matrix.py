"""Which classes are taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart

_T = TypeVar("_T")


def confusion_matrix(
    probs: Sequence[Sequence[float]] | None = None,
    y_true: Sequence[_T] | None = None,
    preds: Sequence[_T] | None = None,
    class_names: Sequence[str] | None = None,
    title: str = "Confusion Matrix Curve",
    split_table: bool = False,
) -> CustomChart:
    """How often each class of `y_true` was taken for each class of `preds`, or for the likeliest of `probs`.

    `class_names` names the classes 0, 1, …; without it they are those that occur, called `Class_1`, …. `split_table`:
    the table is shown in a section of its own. Raises `ValueError` for both or none of `preds` and `probs`, for lists
    of different lengths, and for more classes than names.
    """
    from pluto.compat.wandb.sdk.data_types.table import Table

    if probs is not None and preds is not None:
        raise ValueError("Only one of `probs` or `preds` should be provided, not both.")
    if y_true is None or (probs is None and preds is None):
        raise ValueError("`y_true`, and one of `probs` and `preds`, have to be provided.")
    predicted = _likeliest(probs) if probs is not None else _list(preds)
    actual = _list(y_true)
    if len(predicted) != len(actual):
        raise ValueError("The number of predictions and true labels must be equal.")
    if class_names is not None:
        names = list(class_names)
        classes: list[Any] = list(range(len(names)))
        for said, found in (("predicted classes", predicted), ("true labels", actual)):
            if len(set(found)) > len(names):
                raise ValueError(f"The number of unique {said} exceeds the number of class names.")
            if unknown := set(found).difference(classes):
                raise ValueError(f"{said}: with class_names they are numbers from 0 to {len(names) - 1}; not {unknown}")
    else:
        classes = sorted({*predicted, *actual})
        names = [f"Class_{index + 1}" for index in range(len(classes))]
    counts = Counter(zip(actual, predicted, strict=True))
    rows = [
        [name, other_name, float(counts[one, other])]
        for one, name in zip(classes, names, strict=True)
        for other, other_name in zip(classes, names, strict=True)
    ]
    columns: list[Any] = ["Actual", "Predicted", "nPredictions"]
    fields = {column: column for column in columns}
    return plot_table("wandb/confusion_matrix/v1", Table(columns, rows), fields, {"title": title}, split_table)


def _likeliest(probs: Any) -> list[Any]:
    import numpy

    found: list[Any] = numpy.argmax(probs, axis=1).tolist()
    return found


def _list(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


__all__ = ["confusion_matrix"]
