"""Charts of clusterers."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import calculate, utils


def clusterer(model: Any, X_train: Any, cluster_labels: Any, labels: Any = None, model_name: str = "Clusterer") -> None:
    """Logs all charts of a fitted clusterer."""
    wandb.termlog(f"\nPlotting {model_name}.")
    if isinstance(model, utils.sklearn("cluster").KMeans):
        elbow_curve(model, X_train)
        wandb.termlog("Logged elbow curve.")
        silhouette(model, X_train, cluster_labels, labels=labels, kmeans=True)
    else:
        silhouette(model, X_train, cluster_labels, kmeans=False)
    wandb.termlog("Logged silhouette plot.")


def elbow_curve(
    clusterer: Any = None, X: Any = None, cluster_ranges: Any = None, n_jobs: int = 1, show_cluster_time: bool = True
) -> None:
    """Logs `elbow_curve`; fits the clusterer with growing numbers of clusters."""
    if not hasattr(clusterer, "n_clusters"):
        wandb.termerror('"n_clusters" attribute not in classifier. Cannot plot elbow method.')
        return
    if utils.usable(clusterer=clusterer) and utils.test_fitted(clusterer):
        chart = calculate.elbow_curve(clusterer, X, cluster_ranges, n_jobs, show_cluster_time)
        wandb.log({"elbow_curve": chart})


def silhouette(
    clusterer: Any = None,
    X: Any = None,
    cluster_labels: Any = None,
    labels: Any = None,
    metric: str = "euclidean",
    kmeans: bool = True,
) -> None:
    """Logs `silhouette_plot` of a fitted clusterer."""
    if utils.usable(clusterer=clusterer) and utils.test_fitted(clusterer):
        chart = calculate.silhouette(clusterer, X, cluster_labels, labels, metric, kmeans)
        wandb.log({"silhouette_plot": chart})
