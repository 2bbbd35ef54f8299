"""The callback for `learn`."""

from __future__ import annotations

import logging
import os
from typing import Any, Literal

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.boosting import require_run
from pluto.compat.wandb.integration.needs import need

callbacks = need("stable_baselines3.common.callbacks", "sb3", "stable-baselines3")
logger = logging.getLogger(__name__)


class WandbCallback(callbacks.BaseCallback):  # type: ignore[misc, name-defined]  # a class only known at run time
    """Takes the model's hyperparameters into the config, keeps its checkpoints, and may watch its policy.

    Args:
        verbose: As of the library's own callbacks.
        model_save_path: Folder where `model.zip` is saved.
        model_save_freq: Every how many calls; it is saved at the end in any case. 0: only then.
        gradient_save_freq: Every how many batches gradients are logged; 0: never.
        log: `gradients`, `parameters`, `all`, or None.

    Raises `wandb.Error` where no run is open, `ValueError` for a frequency without a path.
    """

    def __init__(
        self,
        verbose: int = 0,
        model_save_path: str | None = None,
        model_save_freq: int = 0,
        gradient_save_freq: int = 0,
        log: Literal["gradients", "parameters", "all"] | None = "all",
    ) -> None:
        super().__init__(verbose)
        require_run("WandbCallback")
        if log not in ("gradients", "parameters", "all", None):
            wandb.termwarn("`log` must be one of `None`, 'gradients', 'parameters', or 'all', falling back to 'all'")
            log = "all"
        self.log: Any = log
        self.model_save_path = model_save_path
        self.model_save_freq = model_save_freq
        self.gradient_save_freq = gradient_save_freq
        if model_save_path is not None:
            os.makedirs(model_save_path, exist_ok=True)
            self.path = os.path.join(model_save_path, "model.zip")
        elif model_save_freq:
            raise ValueError("to use the `model_save_freq` you have to set the `model_save_path` parameter")

    def _init_callback(self) -> None:
        values: dict[str, Any] = {"algo": type(self.model).__name__}
        for name, value in vars(self.model).items():
            if name not in wandb.config:
                values[name] = value if type(value) in (float, int, str) else str(value)
        if self.gradient_save_freq > 0:
            wandb.watch(self.model.policy, log_freq=self.gradient_save_freq, log=self.log)
        wandb.config.setdefaults(values)

    def _on_step(self) -> bool:
        if self.model_save_freq > 0 and self.n_calls % self.model_save_freq == 0:
            self.save_model()
        return True

    def _on_training_end(self) -> None:
        if self.model_save_path is not None:
            self.save_model()

    def save_model(self) -> None:
        """Saves the model and keeps the file with the run."""
        self.model.save(self.path)
        wandb.save(self.path, base_path=self.model_save_path)
        if self.verbose > 1:
            logger.info("Saving model checkpoint to %s", self.path)
