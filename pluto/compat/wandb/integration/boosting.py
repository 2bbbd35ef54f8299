"""What the callbacks of the boosting libraries have in common: metrics' directions, charts, models as artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pluto.compat.wandb as wandb


def require_run(what: str) -> Any:
    """The open run. Raises `wandb.Error` where there is none."""
    if wandb.run is None:
        raise wandb.Error(f"You must call wandb.init() before {what}()")
    return wandb.run


def define(name: str, metric: str, minimize: Iterable[str], maximize: Iterable[str]) -> None:
    """Has the summary hold the best value of a metric whose direction is known."""
    word = metric.lower()
    if "loss" in word or word in minimize:
        wandb.define_metric(name, summary="min")
    elif word in maximize:
        wandb.define_metric(name, summary="max")


def importance_chart(rows: Sequence[Sequence[Any]]) -> Any:
    """A bar chart of features and how much each counts."""
    table = wandb.Table(data=[list(row) for row in rows], columns=["Feature", "Importance"])
    return wandb.plot.bar(table, "Feature", "Importance", title="Feature Importance")


def log_model_file(name: str, path: Path, aliases: list[str] | None = None) -> None:
    """Logs a model's file as an artifact of type `model`."""
    artifact = wandb.Artifact(name=name, type="model")
    artifact.add_file(str(path))
    wandb.log_artifact(artifact, aliases=aliases)
