"""The tables behind the charts."""

from pluto.compat.wandb.integration.sklearn.calculate.classification import (
    calibration_curves,
    class_proportions,
    confusion_matrix,
    feature_importances,
)
from pluto.compat.wandb.integration.sklearn.calculate.clusters import elbow_curve, silhouette
from pluto.compat.wandb.integration.sklearn.calculate.regression import outlier_candidates, residuals
from pluto.compat.wandb.integration.sklearn.calculate.scores import learning_curve, summary_metrics

__all__ = [
    "calibration_curves", "class_proportions", "confusion_matrix", "elbow_curve", "feature_importances",
    "learning_curve", "outlier_candidates", "residuals", "silhouette", "summary_metrics",
]  # fmt: skip
