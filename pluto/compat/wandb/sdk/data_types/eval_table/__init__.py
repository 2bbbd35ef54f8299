"""Tables of evaluations."""

from pluto.compat.wandb.sdk.data_types.eval_table.eval_table import EvalTable, UnsupportedMediaMode

__all__ = ["EvalTable", "UnsupportedMediaMode"]
