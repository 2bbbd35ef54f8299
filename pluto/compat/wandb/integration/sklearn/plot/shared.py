"""Charts of any model."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import calculate, utils


def summary_metrics(model: Any = None, X: Any = None, y: Any = None, X_test: Any = None, y_test: Any = None) -> None:
    """Logs `summary_metrics` of a fitted classifier or regressor."""
    given = {"model": model, "X": X, "y": y, "X_test": X_test, "y_test": y_test}
    if utils.usable(**given) and utils.test_fitted(model):
        wandb.log({"summary_metrics": calculate.summary_metrics(model, X, y, X_test, y_test)})


def learning_curve(
    model: Any = None,
    X: Any = None,
    y: Any = None,
    cv: Any = None,
    shuffle: bool = False,
    random_state: Any = None,
    train_sizes: Any = None,
    n_jobs: int = 1,
    scoring: Any = None,
) -> None:
    """Logs `learning_curve`; fits the model to parts of the data."""
    if utils.usable(model=model, X=X, y=y):
        chart = calculate.learning_curve(model, X, y, cv, shuffle, random_state, train_sizes, n_jobs, scoring)
        wandb.log({"learning_curve": chart})
