"""Logs what `fit` measures."""

from __future__ import annotations

from typing import Any, Literal

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.boosting import require_run
from pluto.compat.wandb.integration.keras.library import as_number, keras


class WandbMetricsLogger(keras().callbacks.Callback):  # type: ignore[misc]  # a class only known at run time
    """Logs metrics as `epoch/<metric>`, or as `batch/<metric>`, with the learning rate.

    Args:
        log_freq: "epoch", "batch", or every how many batches. With batches, epochs are logged as well.
        initial_global_step: The batches of an earlier part of the training, for the schedule of the learning rate.
        *args: For Keras's `Callback`.
        **kwargs: The same.

    Raises `wandb.Error` where no run is open.
    """

    def __init__(
        self,
        log_freq: Literal["epoch", "batch"] | int = "epoch",
        initial_global_step: int = 0,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        require_run("WandbMetricsLogger")
        every = 1 if log_freq == "batch" else log_freq
        self.logging_batch_wise = isinstance(every, int)
        self.log_freq: Any = every if self.logging_batch_wise else None
        self.global_batch = 0
        self.global_step = initial_global_step
        if self.logging_batch_wise:
            wandb.define_metric("batch/batch_step")
            wandb.define_metric("batch/*", step_metric="batch/batch_step")
        else:
            wandb.define_metric("epoch/epoch")
            wandb.define_metric("epoch/*", step_metric="epoch/epoch")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the epoch."""
        self._log("epoch", {**(logs or {}), "epoch": epoch})

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the batch, if it is one of those to be logged."""
        self.global_step += 1
        if self.logging_batch_wise and batch % self.log_freq == 0:
            self._log("batch", {**(logs or {}), "batch_step": self.global_batch})
            self.global_batch += self.log_freq

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """The same, as Keras calls it now."""
        self.on_batch_end(batch, logs)

    def _log(self, kind: str, values: dict[str, Any]) -> None:
        rate = self._learning_rate()
        if rate is not None:
            values = {**values, "learning_rate": rate}
        wandb.log({f"{kind}/{name}": value for name, value in values.items()})

    def _learning_rate(self) -> float | None:
        try:
            rate = self.model.optimizer.learning_rate
            return as_number(rate(step=self.global_step) if callable(rate) else rate)
        except Exception as error:  # noqa: BLE001  optimizers differ, and a training does not end for this
            wandb.termerror(f"Unable to log learning rate: {error}", repeat=False)
            return None
