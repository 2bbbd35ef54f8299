"""Callbacks for `xgboost.train` and the estimators."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration import boosting
from pluto.compat.wandb.integration.needs import need

xgboost = need("xgboost", "xgboost")

MINIMIZE_METRICS = (
    "rmse", "rmsle", "mae", "mape", "mphe", "logloss", "error", "error@t", "merror",
)  # fmt: skip
MAXIMIZE_METRICS = ("auc", "aucpr", "ndcg", "map", "ndcg@n", "map@n", "ndcg-", "map-", "ndcg@n-", "map@n-")


def wandb_callback() -> Callable[[Any], None]:
    """A callback of the kind that XGBoost took before 1.3. Use `WandbCallback`."""
    wandb.termwarn(
        "wandb_callback will be deprecated in favor of WandbCallback. Please use WandbCallback.", repeat=False
    )

    def callback(env: Any) -> None:
        for name, value in env.evaluation_result_list:
            wandb.log({name: value}, commit=False)
        wandb.log({})

    return callback


class WandbCallback(xgboost.callback.TrainingCallback):  # type: ignore[misc, name-defined]  # a class only known at run time
    """Logs each iteration's metrics as `<set>-<metric>` with `epoch`, and the booster's configuration as config.

    Args:
        log_model: Whether the model becomes the artifact `<run id>_model.json`.
        log_feature_importance: Whether a chart `Feature Importance` is logged at the end.
        importance_type: `weight`, `gain`, `cover`, `total_gain` or `total_cover`.
        define_metric: Whether the summary holds the best value of each metric.

    Raises `wandb.Error` where no run is open.
    """

    def __init__(
        self,
        log_model: bool = False,
        log_feature_importance: bool = True,
        importance_type: str = "gain",
        define_metric: bool = True,
    ) -> None:
        super().__init__()
        boosting.require_run("WandbCallback")
        self.log_model = log_model
        self.log_feature_importance = log_feature_importance
        self.importance_type = importance_type
        self.define_metric = define_metric

    def before_training(self, model: Any) -> Any:
        """Takes the booster's configuration into the config."""
        wandb.config.update(json.loads(model.save_config()))
        return model

    def after_training(self, model: Any) -> Any:
        """Logs the model, its features' importance, and its best score."""
        run = boosting.require_run("WandbCallback")
        if self.log_model:
            name = f"{run.id}_model.json"
            path = Path(run.dir) / name
            model.save_model(str(path))
            boosting.log_model_file(name, path)
        if self.log_feature_importance:
            scores = model.get_score(importance_type=self.importance_type)
            wandb.log({"Feature Importance": boosting.importance_chart(list(scores.items()))})
        if model.attr("best_score") is not None:
            wandb.log(
                {"best_score": float(model.attr("best_score")), "best_iteration": int(model.attr("best_iteration"))}
            )
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        """Logs the iteration's metrics; never ends the training."""
        for data, metrics in evals_log.items():
            for metric, values in metrics.items():
                if self.define_metric:
                    boosting.define(f"{data}-{metric}", metric, MINIMIZE_METRICS, MAXIMIZE_METRICS)
                wandb.log({f"{data}-{metric}": values[-1]}, commit=False)
        wandb.log({"epoch": epoch})
        self.define_metric = False
        return False
