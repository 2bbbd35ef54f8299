"""Charts of regressors."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import calculate, utils
from pluto.compat.wandb.integration.sklearn.plot import shared


def regressor(model: Any, X_train: Any, X_test: Any, y_train: Any, y_test: Any, model_name: str = "Regressor") -> None:
    """Logs all charts of a fitted regressor."""
    wandb.termlog(f"\nPlotting {model_name}.")
    shared.summary_metrics(model, X_train, y_train, X_test, y_test)
    wandb.termlog("Logged summary metrics.")
    shared.learning_curve(model, X_train, y_train)
    wandb.termlog("Logged learning curve.")
    outlier_candidates(model, X_train, y_train)
    wandb.termlog("Logged outlier candidates.")
    residuals(model, X_train, y_train)
    wandb.termlog("Logged residuals.")


def outlier_candidates(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Logs `outlier_candidates` of a fitted regressor, which is fitted anew."""
    if utils.usable(regressor=regressor, X=X, y=y) and utils.test_fitted(regressor):
        wandb.log({"outlier_candidates": calculate.outlier_candidates(regressor, X, y)})


def residuals(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Logs `residuals` of a fitted regressor, which is fitted anew."""
    if utils.usable(regressor=regressor, X=X, y=y) and utils.test_fitted(regressor):
        wandb.log({"residuals": calculate.residuals(regressor, X, y)})
