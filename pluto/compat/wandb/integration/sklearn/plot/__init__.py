"""Functions that log a chart each."""

from pluto.compat.wandb.integration.sklearn.plot.classifier import (
    calibration_curve as plot_calibration_curve,
)
from pluto.compat.wandb.integration.sklearn.plot.classifier import class_proportions as plot_class_proportions
from pluto.compat.wandb.integration.sklearn.plot.classifier import classifier as plot_classifier
from pluto.compat.wandb.integration.sklearn.plot.classifier import confusion_matrix as plot_confusion_matrix
from pluto.compat.wandb.integration.sklearn.plot.classifier import feature_importances as plot_feature_importances
from pluto.compat.wandb.integration.sklearn.plot.classifier import precision_recall as plot_precision_recall
from pluto.compat.wandb.integration.sklearn.plot.classifier import roc as plot_roc
from pluto.compat.wandb.integration.sklearn.plot.clusterer import clusterer as plot_clusterer
from pluto.compat.wandb.integration.sklearn.plot.clusterer import elbow_curve as plot_elbow_curve
from pluto.compat.wandb.integration.sklearn.plot.clusterer import silhouette as plot_silhouette
from pluto.compat.wandb.integration.sklearn.plot.regressor import outlier_candidates as plot_outlier_candidates
from pluto.compat.wandb.integration.sklearn.plot.regressor import regressor as plot_regressor
from pluto.compat.wandb.integration.sklearn.plot.regressor import residuals as plot_residuals
from pluto.compat.wandb.integration.sklearn.plot.shared import learning_curve as plot_learning_curve
from pluto.compat.wandb.integration.sklearn.plot.shared import summary_metrics as plot_summary_metrics

__all__ = [
    "plot_calibration_curve", "plot_class_proportions", "plot_classifier", "plot_clusterer", "plot_confusion_matrix",
    "plot_elbow_curve", "plot_feature_importances", "plot_learning_curve", "plot_outlier_candidates",
    "plot_precision_recall", "plot_regressor", "plot_residuals", "plot_roc", "plot_silhouette", "plot_summary_metrics",
]  # fmt: skip
