"""Keeps checkpoints as artifacts."""

from __future__ import annotations

import os
import string
from typing import Any, Literal

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.boosting import require_run
from pluto.compat.wandb.integration.keras.library import keras


class WandbModelCheckpoint(keras().callbacks.ModelCheckpoint):  # type: ignore[misc]  # only known at run time
    """Keras's own checkpoints, each of them a version of the artifact `run_<run id>_model`.

    The arguments are those of `keras.callbacks.ModelCheckpoint`. Raises `wandb.Error` where no run is open.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: Literal["auto", "min", "max"] = "auto",
        save_freq: Literal["epoch"] | int = "epoch",
        initial_value_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filepath=filepath,
            monitor=monitor,
            verbose=verbose,
            save_best_only=save_best_only,
            save_weights_only=save_weights_only,
            mode=mode,
            save_freq=save_freq,
            initial_value_threshold=initial_value_threshold,
            **kwargs,
        )
        require_run("WandbModelCheckpoint")
        self.save_weights_only = save_weights_only
        fields = [field for _, field, _, _ in string.Formatter().parse(str(self.filepath)) if field is not None]
        if save_best_only and not fields:
            wandb.termwarn(
                "When using `save_best_only`, ensure that the `filepath` argument contains formatting placeholders"
                " like `{epoch:02d}` or `{batch:02d}`. This ensures correct interpretation of the logged artifacts.",
                repeat=False,
            )

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Saves and logs the model where `save_freq` is a number of batches that has passed."""
        if self._should_save_on_batch(batch):
            self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
            path = self._get_file_path(epoch=self._current_epoch, batch=batch, logs=logs)
            self._keep(path, ["latest", f"epoch_{self._current_epoch}_batch_{batch}"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves and logs the model where `save_freq` is `epoch`."""
        super().on_epoch_end(epoch, logs)
        if self.save_freq == "epoch":
            self._keep(self._get_file_path(epoch=epoch, batch=None, logs=logs), ["latest", f"epoch_{epoch}"])

    @property
    def is_old_tf_keras_version(self) -> bool:
        """Whether this is a Keras before 2.6, which can't be used here."""
        return False

    def _keep(self, path: str, aliases: list[str]) -> None:
        artifact = wandb.Artifact(f"run_{require_run('WandbModelCheckpoint').id}_model", type="model")
        if os.path.isdir(path):
            artifact.add_dir(path)
        elif os.path.isfile(path):
            artifact.add_file(path)
        else:  # with save_best_only, a model that was not the best is not there
            return
        wandb.log_artifact(artifact, aliases=aliases)
