"""The callback of older scripts."""

from __future__ import annotations

import os
from typing import Any, Final

import pluto.compat.wandb as wandb
from pluto.compat.wandb.errors.errors import UnsupportedError
from pluto.compat.wandb.integration.boosting import log_model_file, require_run
from pluto.compat.wandb.integration.keras.library import as_number, keras

_MAXIMIZED: Final = ("acc", "fmeasure", "auc")
_UNSUPPORTED: Final = {
    "data_type": None, "training_data": None, "validation_data": None, "generator": None, "predictions": 36,
    "labels": (), "log_evaluation": False, "validation_steps": None, "class_colors": None, "input_type": None,
    "output_type": None, "compute_flops": False, "log_gradients": False, "infer_missing_processors": True,
    "validation_indexes": None, "validation_row_processor": None, "prediction_row_processor": None,
    "log_evaluation_frequency": 0,
}  # fmt: skip


def patch_tf_keras() -> None:
    """Does nothing: no release of Keras that runs here needs to be patched."""


class WandbCallback(keras().callbacks.Callback):  # type: ignore[misc]  # a class only known at run time
    """Logs each epoch's metrics with `epoch`, keeps the best model, and its best value in the summary.

    Old: `WandbMetricsLogger` and `WandbModelCheckpoint` take its place. Its tables of predictions, gradients and
    evaluation are not here: `UnsupportedError` says so; use `WandbEvalCallback`.

    Args:
        monitor: The metric by which a model is the best.
        verbose: Says when a model is saved.
        mode: "min", "max", or "auto".
        save_weights_only: Saves weights, not the model.
        log_weights: Logs histograms of the weights each epoch.
        save_model: Keeps the best model as `model-best.keras` and as an artifact.
        log_batch_frequency: Logs metrics every so many batches as well.
        log_best_prefix: What the summary's best value is called; None leaves it away.
        save_graph: Has no effect: the model's layers are in the saved model.
        **others: Of the arguments that are not here, None and what they are by default.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        verbose: int = 0,
        mode: str = "auto",
        save_weights_only: bool = False,
        log_weights: bool = False,
        save_model: bool = True,
        log_batch_frequency: int | None = None,
        log_best_prefix: str | None = "best_",
        save_graph: bool = True,  # noqa: ARG002
        **others: Any,
    ) -> None:
        super().__init__()
        self._run = require_run("WandbCallback")
        for name, value in others.items():
            if name not in _UNSUPPORTED:
                raise TypeError(f"WandbCallback() got an unexpected keyword argument {name!r}")
            if value is not None and value != _UNSUPPORTED[name]:
                raise UnsupportedError(
                    f"WandbCallback({name}=) is not supported: use WandbEvalCallback for predictions"
                )
        wandb.termwarn(
            "WandbCallback is of older releases: use WandbMetricsLogger and WandbModelCheckpoint", repeat=False
        )
        if mode not in ("auto", "min", "max"):
            wandb.termwarn(f"WandbCallback mode {mode} is unknown, fallback to auto mode.")
            mode = "auto"
        self.monitor, self.verbose = monitor, verbose
        self.save_weights_only, self.save_model, self.log_weights = save_weights_only, save_model, log_weights
        self.log_batch_frequency, self.log_best_prefix = log_batch_frequency, log_best_prefix
        self._maximize = mode == "max" or (mode == "auto" and any(word in monitor for word in _MAXIMIZED))
        self.best: float | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs a batch, if it is one of those to be logged."""
        if self.log_batch_frequency and batch % self.log_batch_frequency == 0:
            self._run.log(dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the epoch; keeps the model where it is the best so far."""
        values = dict(logs or {})
        if self.log_weights:
            values.update(
                {f"parameters/{layer.name}.weights": wandb.Histogram(layer.get_weights()[0])
                 for layer in self.model.layers if layer.get_weights()}
            )  # fmt: skip
        self._run.log({"epoch": epoch, **values})
        now = values.get(self.monitor)
        if now is None:
            return
        now = as_number(now)
        if self.best is not None and (now <= self.best if self._maximize else now >= self.best):
            return
        self.best = now
        if self.log_best_prefix is not None:
            self._run.summary[f"{self.log_best_prefix}{self.monitor}"] = now
            self._run.summary[f"{self.log_best_prefix}epoch"] = epoch
        if self.save_model:
            self._keep()

    def _keep(self) -> None:
        from pathlib import Path

        name = "model-best.weights.h5" if self.save_weights_only else "model-best.keras"
        path = os.path.join(self._run.dir, name)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose:
            wandb.termlog(f"saved the best model so far as {path}")
        log_model_file(f"model-{self._run.id}", Path(path), ["best", "latest"])
