"""Precision and recall."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from pluto.compat.wandb.plot import curves

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart

_T = TypeVar("_T")


def pr_curve(
    y_true: Iterable[_T] | None = None,
    y_probas: Iterable[numbers.Number] | None = None,
    labels: list[str] | None = None,
    classes_to_plot: list[_T] | None = None,
    interp_size: int = 21,
    title: str = "Precision-Recall Curve",
    split_table: bool = False,
) -> CustomChart | None:
    """Precision over recall, at `interp_size` even steps of recall, for each class of `y_true`.

    `y_probas` has a column of scores for each class, in the order of the classes; `labels` names classes that are
    numbers; `classes_to_plot` chooses. `split_table`: the table is shown in a section of its own. None, with a message,
    where one of the two is missing. Raises `Error` without scikit-learn.
    """
    if not curves.given(y_true=y_true, y_probas=y_probas):
        return None
    import numpy

    metrics = curves.metrics()
    recalls = numpy.linspace(0, 1, interp_size)[::-1]

    def curve(truth: Any, scores: Any, label: Any) -> tuple[Any, Any]:
        precision, recall, _ = metrics.precision_recall_curve(truth, scores, pos_label=label)
        at = numpy.searchsorted(recall[::-1], recalls, side="left")
        return numpy.maximum.accumulate(precision)[::-1][at], recalls

    texts = {"title": title, "x-axis-title": "Recall", "y-axis-title": "Precision"}
    return curves.chart(
        y_true, y_probas, labels, classes_to_plot, curve, ("precision", "recall"), ("recall", "precision"), texts,
        split_table,
    )  # fmt: skip


__all__ = ["pr_curve"]
