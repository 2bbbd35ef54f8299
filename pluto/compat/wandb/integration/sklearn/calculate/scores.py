"""Tables about any model."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import utils


def learning_curve(
    model: Any,
    X: Any,
    y: Any,
    cv: Any = None,
    shuffle: bool = False,
    random_state: Any = None,
    train_sizes: Any = None,
    n_jobs: int = 1,
    scoring: Any = None,
) -> Any:
    """The score, in training and test, of models fitted to parts of the data of growing size."""
    import numpy as np

    sizes, train, test = utils.sklearn("model_selection").learning_curve(
        model,
        X,
        y,
        cv=cv,
        n_jobs=n_jobs,
        train_sizes=np.linspace(0.1, 1.0, 5) if train_sizes is None else train_sizes,
        scoring=scoring,
        shuffle=shuffle,
        random_state=random_state,
    )
    data: list[list[Any]] = []
    for index, size in enumerate(sizes):
        if utils.check_against_limit(index, "learning_curve", utils.chart_limit / 2):
            break
        data.append(["train", utils.round_2(np.mean(train[index])), size])
        data.append(["test", utils.round_2(np.mean(test[index])), size])
    table = wandb.Table(columns=["dataset", "score", "train_size"], data=data)
    return wandb.visualize("wandb/learning_curve/v1", table)


def summary_metrics(model: Any = None, X: Any = None, y: Any = None, X_test: Any = None, y_test: Any = None) -> Any:  # noqa: ARG001
    """A classifier's accuracy, precision, recall and F1, or a regressor's errors, on the test data."""
    base, metrics = utils.sklearn("base"), utils.sklearn("metrics")
    predicted = model.predict(X_test)
    found: dict[str, float] = {}
    if base.is_classifier(model):
        found["accuracy_score"] = metrics.accuracy_score(y_test, predicted)
        for name in ("precision", "recall", "f1_score"):
            score = getattr(metrics, name if name.endswith("_score") else f"{name}_score")
            found[name] = score(y_test, predicted, average="weighted")
    else:
        found["mae"] = metrics.mean_absolute_error(y_test, predicted)
        found["mse"] = metrics.mean_squared_error(y_test, predicted)
        found["r2_score"] = metrics.r2_score(y_test, predicted)
    data = [[name, utils.round_2(value), type(model).__name__] for name, value in found.items()]
    table = wandb.Table(columns=["metric_name", "metric_value", "model_name"], data=data)
    return wandb.visualize("wandb/metrics/v1", table)
