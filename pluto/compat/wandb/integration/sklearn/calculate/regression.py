"""Tables about regressors."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import utils

_POINTS = 100


def outlier_candidates(regressor: Any, X: Any, y: Any) -> Any:
    """Cook's distance of each point: how much the regression changes without it."""
    import numpy as np

    X, y = np.asarray(X), np.asarray(y)
    regressor.fit(X, y)
    leverage = (X * np.linalg.pinv(X).T).sum(1)
    freedom = X.shape[0] - np.linalg.matrix_rank(X)
    errors = y - regressor.predict(X)
    variance = np.dot(errors, errors) / freedom
    studentized = errors / np.sqrt(variance) / np.sqrt(1 - leverage)
    distance = studentized**2 / X.shape[1] * leverage / (1 - leverage)
    threshold = 4 / X.shape[0]
    share = utils.round_3(float((distance >= threshold).mean() * 100))
    if utils.check_against_limit(len(distance), "outlier_candidates", utils.chart_limit):
        distance = distance[: utils.chart_limit]
    data = [[value, index, share, threshold] for index, value in enumerate(distance)]
    columns = ["distance", "instance_indicies", "outlier_percentage", "influence_threshold"]
    return wandb.visualize("wandb/outliers/v1", wandb.Table(columns=columns, data=data))


def residuals(regressor: Any, X: Any, y: Any) -> Any:
    """By how much the regressor, fitted to four fifths of the data, is wrong on these and on the rest."""
    split = utils.sklearn("model_selection").train_test_split
    x_train, x_test, y_train, y_test = split(X, y, test_size=0.2)
    regressor.fit(x_train, y_train)
    scores = [regressor.score(x_train, y_train), regressor.score(x_test, y_test)]
    data: list[list[Any]] = []
    for name, features, truth in (("train", x_train, y_train), ("test", x_test, y_test)):
        predicted = regressor.predict(features)
        for count, (value, error) in enumerate(zip(predicted, predicted - truth, strict=True), 1):
            data.append([name, value, error, *scores])
            if utils.check_against_limit(count, "residuals", _POINTS):
                break
    columns = ["dataset", "y_pred", "residuals", "train_score", "test_score"]
    return wandb.visualize("wandb/residuals_plot/v1", wandb.Table(columns=columns, data=data))
