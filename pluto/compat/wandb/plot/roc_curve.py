"""How many are found, over how many are found wrongly."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.plot import curves

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart


def roc_curve(
    y_true: Sequence[numbers.Number],
    y_probas: Sequence[Sequence[float]] | None = None,
    labels: list[str] | None = None,
    classes_to_plot: list[numbers.Number] | None = None,
    title: str = "ROC Curve",
    split_table: bool = False,
) -> CustomChart | None:
    """The rate of true positives over that of false ones, for each class of `y_true`.

    `y_probas` has a column of scores for each class, in the order of the classes; `labels` names classes that are
    numbers; `classes_to_plot` chooses. `split_table`: the table is shown in a section of its own. None, with a message,
    where one of the two is missing. Raises `Error` without scikit-learn.
    """
    if not curves.given(y_true=y_true, y_probas=y_probas):
        return None
    metrics = curves.metrics()

    def curve(truth: Any, scores: Any, label: Any) -> tuple[Any, Any]:
        false, true, _ = metrics.roc_curve(truth, scores, pos_label=label)
        return false, true

    texts = {"title": title, "x-axis-title": "False positive rate", "y-axis-title": "True positive rate"}
    return curves.chart(
        y_true, y_probas, labels, classes_to_plot, curve, ("fpr", "tpr"), ("fpr", "tpr"), texts, split_table
    )


__all__ = ["roc_curve"]
