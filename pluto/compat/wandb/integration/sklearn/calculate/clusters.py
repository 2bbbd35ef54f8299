"""Tables about clusters."""

from __future__ import annotations

import time
from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import utils


def elbow_curve(clusterer: Any, X: Any, cluster_ranges: Any, n_jobs: int, show_cluster_time: bool) -> Any:
    """How well so many clusters fit, and how long it takes to find them."""
    ranges = range(1, 10, 2) if cluster_ranges is None else sorted(cluster_ranges)
    parallel = utils.sklearn("utils.parallel")
    score = parallel.delayed(_score)
    results = parallel.Parallel(n_jobs=n_jobs)(score(clusterer, X, count) for count in ranges)
    data = [
        [count, abs(error), seconds if show_cluster_time else None]
        for count, (error, seconds) in zip(ranges, results, strict=True)
    ]
    table = wandb.Table(columns=["cluster_ranges", "errors", "clustering_time"], data=data)
    return wandb.visualize("wandb/elbow/v1", table)


def _score(clusterer: Any, X: Any, count: int) -> tuple[float, float]:
    began = time.time()
    model = utils.sklearn("base").clone(clusterer)
    model.n_clusters = count
    return float(model.fit(X).score(X)), time.time() - began


def silhouette(clusterer: Any, X: Any, cluster_labels: Any, labels: Any, metric: str, kmeans: bool) -> Any:
    """How near each point is to its own cluster, and how far from the next. `labels` names the clusters."""
    import numpy as np

    metrics = utils.sklearn("metrics")
    X, cluster_labels = np.asarray(X), np.asarray(cluster_labels)
    average = metrics.silhouette_score(X, cluster_labels, metric=metric)
    samples = metrics.silhouette_samples(X, cluster_labels, metric=metric)
    columns = ["x", "y", "colors", "centerx", "centery", "y_sil", "x1", "x2", "color_sil", "silhouette_avg"]
    data: list[list[Any]] = []
    height = 10
    for number, cluster in enumerate(np.unique(cluster_labels)):
        values = np.sort(samples[cluster_labels == cluster])
        for offset, value in enumerate(values):
            index = len(data)
            if utils.check_against_limit(index + 1, "silhouette", utils.chart_limit):
                break
            color = cluster_labels[index]
            center = clusterer.cluster_centers_[color][:2] if kmeans else (None, None)
            shown = color if labels is None or labels is False else labels[color]
            row = [X[index, 0], X[index, 1], shown, center[0], center[1], height + offset, 0, value, number, average]
            data.append(row)
        height += len(values) + 10
    return wandb.visualize("wandb/silhouette_/v1", wandb.Table(columns=columns, data=data))
