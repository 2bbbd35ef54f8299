"""A base for callbacks that log what a model predicts as tables."""

from __future__ import annotations

import abc
from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.boosting import require_run
from pluto.compat.wandb.integration.keras.library import keras


class WandbEvalCallback(keras().callbacks.Callback, abc.ABC):  # type: ignore[misc]  # only known at run time
    """Keeps a table of the data and, each epoch, one of the predictions. Subclasses say what stands in them.

    `data_table_columns` and `pred_table_columns` name the columns. Raises `wandb.Error` where no run is open.
    """

    def __init__(self, data_table_columns: list[str], pred_table_columns: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        require_run("WandbEvalCallback")
        self.data_table_columns = data_table_columns
        self.pred_table_columns = pred_table_columns
        self.data_table: Any = None
        self.data_table_ref: Any = None
        self.pred_table: Any = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Logs the table of the data."""
        self.init_data_table(column_names=self.data_table_columns)
        self.add_ground_truth(logs)
        self.log_data_table()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Logs the table of this epoch's predictions."""
        self.init_pred_table(column_names=self.pred_table_columns)
        self.add_model_predictions(epoch, logs)
        self.log_pred_table()

    @abc.abstractmethod
    def add_ground_truth(self, logs: dict[str, float] | None = None) -> None:
        """Adds the data to `self.data_table`."""

    @abc.abstractmethod
    def add_model_predictions(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds predictions to `self.pred_table`."""

    def init_data_table(self, column_names: list[str]) -> None:
        """Begins the table of the data."""
        self.data_table = wandb.Table(columns=column_names, allow_mixed_types=True)

    def init_pred_table(self, column_names: list[str]) -> None:
        """Begins the table of predictions."""
        self.pred_table = wandb.Table(columns=column_names)

    def log_data_table(self, name: str = "val", type: str = "dataset", table_name: str = "val_data") -> None:
        """Logs the table of the data as an artifact, whose table `data_table_ref` is from then on."""
        artifact = wandb.Artifact(name, type=type)
        artifact.add(self.data_table, table_name)
        self.data_table_ref = self.data_table
        require_run("WandbEvalCallback").log_artifact(artifact)

    def log_pred_table(
        self, type: str = "evaluation", table_name: str = "eval_data", aliases: list[str] | None = None
    ) -> None:
        """Logs the table of predictions as an artifact `run_<run id>_pred`."""
        run = require_run("WandbEvalCallback")
        artifact = wandb.Artifact(f"run_{run.id}_pred", type=type)
        artifact.add(self.pred_table, table_name)
        run.log_artifact(artifact, aliases=aliases or ["latest"])
