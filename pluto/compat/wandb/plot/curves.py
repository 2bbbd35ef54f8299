"""What the curves of classifiers have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart

SPEC = "wandb/area-under-curve/v0"


def metrics() -> Any:
    """`sklearn.metrics`. Raises `Error` without scikit-learn."""
    try:
        import sklearn.metrics
    except ImportError as error:
        raise Error("the curve requires the scikit library, install with `pip install scikit-learn`") from error
    return sklearn.metrics


def chart(
    y_true: Any,
    y_probas: Any,
    labels: Sequence[Any] | None,
    classes_to_plot: Any,
    curve: Callable[[Any, Any, Any], tuple[Any, Any]],
    columns: tuple[str, str],
    axes: tuple[str, str],
    texts: dict[str, str],
    split_table: bool,
) -> CustomChart:
    """A chart with a curve for each class.

    `curve` gives, of the true classes, the scores of one class and that class, the values of the two `columns`, in this
    order; `axes` are the columns that are x and y.
    """
    import numpy

    from pluto.compat.wandb.sdk.data_types.table import Table

    truth, scores = numpy.asarray(y_true), numpy.asarray(y_probas)
    classes = numpy.unique(truth)
    wanted = classes if classes_to_plot is None else classes_to_plot
    found: dict[Any, tuple[Any, Any]] = {}
    for index in numpy.nonzero(numpy.isin(classes, wanted))[0]:
        label = classes[index]
        if labels is not None and isinstance(classes[0], numpy.integer):
            label = labels[label]
        found[label] = curve(truth, scores[..., index], classes[index])
    if not found:
        raise ValueError(f"none of the classes {list(wanted)} is in y_true, which has {classes.tolist()}")
    rows = [
        [label, first, second]
        for label, (firsts, seconds) in found.items()
        for first, second in zip(firsts.round(3).tolist(), seconds.round(3).tolist(), strict=True)
    ]
    if len(rows) > Table.MAX_ROWS:
        rows = _fewer(rows, Table.MAX_ROWS)
    plain = [[label.item() if hasattr(label, "item") else label, *rest] for label, *rest in rows]
    fields = {"x": axes[0], "y": axes[1], "class": "class"}
    return plot_table(SPEC, Table(["class", *columns], plain), fields, texts, split_table)


def _fewer(rows: list[list[Any]], limit: int) -> list[list[Any]]:
    """A sample of rows in which each class has its share."""
    import sklearn.utils

    termwarn(f"wandb uses only {limit} data points to create the plots.")
    kept = sklearn.utils.resample(
        range(len(rows)), replace=False, n_samples=limit, random_state=42, stratify=[row[0] for row in rows]
    )
    return sorted((rows[index] for index in kept), key=lambda row: (row[1], row[2], str(row[0])))


def given(**arrays: Any) -> bool:
    """Whether all are there; what is missing is told."""
    from pluto.compat.wandb.plot.utils import test_missing

    return test_missing(**arrays)
