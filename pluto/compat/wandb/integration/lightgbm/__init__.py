"""Training of LightGBM models as rows of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration import boosting
from pluto.compat.wandb.integration.needs import need

lightgbm = need("lightgbm", "lightgbm")
Booster = lightgbm.Booster

MINIMIZE_METRICS = (
    "l1", "l2", "rmse", "mape", "huber", "fair", "poisson", "gamma", "binary_logloss",
)  # fmt: skip
MAXIMIZE_METRICS = ("map", "auc", "average_precision")


class _WandbCallback:
    """Logs each iteration's evaluation. `order` and `before_iteration` are what LightGBM asks for."""

    def __init__(self, log_params: bool = True, define_metric: bool = True) -> None:
        self.order = 20
        self.before_iteration = False
        self.log_params = log_params
        self.define_metric_bool = define_metric

    def __call__(self, env: Any) -> None:
        first = env.iteration == env.begin_iteration
        if first and self.log_params:
            wandb.config.update(env.params)
        for item in env.evaluation_result_list:
            for data, metric, value in _values(item):
                name = f"{data}_{metric}"
                if first and self.define_metric_bool:
                    boosting.define(name, metric, MINIMIZE_METRICS, MAXIMIZE_METRICS)
                wandb.log({name: value}, commit=False)
        wandb.log({"iteration": env.iteration}, commit=True)


def _values(item: Any) -> list[tuple[str, str, Any]]:
    """The set, metric and value of what was evaluated; of a cross validation mean and deviation."""
    if len(item) == 4:
        return [(item[0], item[1], item[2])]
    data, metric = item[1].split() if " " in item[1] else (item[0], item[1])
    return [(data, f"{metric}-mean", item[2]), (data, f"{metric}-stdv", item[4])]


def wandb_callback(log_params: bool = True, define_metric: bool = True) -> Callable[[Any], None]:
    """A callback that logs each iteration's metrics as `<set>_<metric>`, with `iteration`.

    `log_params` takes the parameters into the config, `define_metric` has the summary hold the best values.
    """
    return _WandbCallback(log_params, define_metric)


def log_summary(model: Any, feature_importance: bool = True, save_model_checkpoint: bool = False) -> None:
    """Puts the best iteration and score into the summary, logs a chart `Feature Importance`, and the best model.

    `save_model_checkpoint` makes the model the artifact `model_<run id>` with the alias `best`. Raises `wandb.Error`
    where no run is open, or the model is no Booster.
    """
    run = boosting.require_run("WandbCallback")
    if not isinstance(model, Booster):
        raise wandb.Error("Model should be an instance of lightgbm.basic.Booster")
    run.summary["best_iteration"] = model.best_iteration
    run.summary["best_score"] = model.best_score
    if feature_importance:
        rows = list(zip(model.feature_name(), model.feature_importance().tolist(), strict=True))
        wandb.log({"Feature Importance": boosting.importance_chart(rows)}, commit=False)
    if save_model_checkpoint:
        path = Path(run.dir) / f"model_ckpt_{model.best_iteration}.txt"
        model.save_model(path, num_iteration=model.best_iteration)
        boosting.log_model_file(f"model_{run.id}", path, ["best"])
