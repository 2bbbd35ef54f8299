"""What is written for TensorBoard as metrics of a run: `wandb.init(sync_tensorboard=True)`, or `patch()`."""

from pluto.compat.wandb.integration.tensorboard.log import _log, log, reset_state, tf_summary_to_dict
from pluto.compat.wandb.integration.tensorboard.monkeypatch import patch, unpatch

__all__ = ["_log", "log", "patch", "reset_state", "tf_summary_to_dict", "unpatch"]
