"""The callback for `fit`, and what to log after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration import boosting
from pluto.compat.wandb.integration.needs import need

catboost = need("catboost", "catboost")


class WandbCallback:
    """Logs metrics as `<set>-<metric>` each time CatBoost has evaluated them.

    `metric_period` is what the model was given, and names the column of iterations. Raises `wandb.Error` where no run
    is open.
    """

    def __init__(self, metric_period: int = 1) -> None:
        boosting.require_run("WandbCallback")
        self.metric_period = metric_period
        self._num_values = 0

    def after_iteration(self, info: Any) -> bool:
        """Logs what is new; always lets the training go on."""
        count = sum(len(values) for metrics in info.metrics.values() for values in metrics.values())
        if count > self._num_values:
            self._num_values = count
            for data, metrics in info.metrics.items():
                for metric, values in metrics.items():
                    wandb.log({f"{data}-{metric}": values[-1]}, commit=False)
            wandb.log({f"iteration@metric-period-{self.metric_period}": info.iteration})
        return True


def log_summary(
    model: Any, log_all_params: bool = True, save_model_checkpoint: bool = False, log_feature_importance: bool = True
) -> None:
    """Takes a trained model's parameters into the config, and its best iteration and score into the summary.

    `save_model_checkpoint` makes it the artifact `model_<run id>`, `log_feature_importance` logs a chart. Raises
    `wandb.Error` where no run is open, or the model is neither CatBoostClassifier nor CatBoostRegressor.
    """
    run = boosting.require_run("log_summary")
    if not isinstance(model, (catboost.CatBoostClassifier, catboost.CatBoostRegressor)):
        raise wandb.Error("Model should be an instance of CatBoostClassifier or CatBoostRegressor")
    params = model.get_all_params()
    if log_all_params:
        wandb.config.update(params)
    run.summary["best_iteration"] = model.get_best_iteration()
    run.summary["best_score"] = model.get_best_score()
    if save_model_checkpoint:
        path = Path(run.dir) / "model"
        model.save_model(str(path))
        boosting.log_model_file(f"model_{run.id}", path, ["best" if params.get("use_best_model") else "last"])
    if log_feature_importance:
        found = model.get_feature_importance(prettified=True)
        rows = list(zip(found["Feature Id"], found["Importances"], strict=True))
        wandb.log({"Feature Importance": boosting.importance_chart(rows)}, commit=False)
