"""Charts of scikit-learn models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.compat.wandb.journals import config

pytest.importorskip("sklearn")

from sklearn import cluster, datasets, ensemble, linear_model


def test_a_classifier(wandb: Any, root: Path) -> None:
    features, truth = datasets.make_classification(120, 5, random_state=0)
    model = ensemble.RandomForestClassifier(5, random_state=0).fit(features, truth)
    likely = model.predict_proba(features)
    with wandb.init() as run:
        wandb.sklearn.plot_classifier(
            model, features, features, truth, truth, model.predict(features), likely, ["no", "yes"],
            is_binary=True, log_learning_curve=True, feature_names=list("abcde"),
        )  # fmt: skip
        tables = {path.name.partition("_table_")[0]: json.loads(path.read_text()) for path in _tables(run)}
    charts = {
        "feature_importances", "learning_curve", "confusion_matrix", "summary_metrics", "class_proportions",
        "calibration_curve", "roc", "precision_recall",
    }  # fmt: skip
    known = config(root)["_wandb"]
    assert charts <= known.get("visualize", {}).keys() | known.get("viz", {}).keys()
    assert tables


def _tables(run: Any) -> list[Path]:
    return sorted((Path(run.dir) / "media" / "table").glob("*.json"))


def test_a_regressor_and_clusters(wandb: Any, root: Path) -> None:
    features, truth = datasets.make_regression(80, 3, noise=1, random_state=0)
    points, _ = datasets.make_blobs(60, random_state=0)
    with wandb.init():
        model = linear_model.LinearRegression().fit(features, truth)
        wandb.sklearn.plot_regressor(model, features, features, truth, truth, "line")
        groups = cluster.KMeans(3, n_init=1, random_state=0).fit(points)
        wandb.sklearn.plot_clusterer(groups, points, groups.labels_, labels=["a", "b", "c"])
    known = config(root)["_wandb"]
    charts = {"summary_metrics", "learning_curve", "outlier_candidates", "residuals", "elbow_curve", "silhouette_plot"}
    assert charts <= known.get("visualize", {}).keys() | known.get("viz", {}).keys()


def test_what_is_not_right_is_said_and_nothing_raised(wandb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with wandb.init() as run:
        wandb.sklearn.plot_residuals(linear_model.LinearRegression(), [[1.0]], None)
        wandb.sklearn.plot_residuals(linear_model.LinearRegression(), [[1.0], [2.0]], [1, 2])
        wandb.sklearn.plot_summary_metrics(3, [[1.0]], [1], [["a"]], [1])
        wandb.sklearn.plot_elbow_curve(linear_model.LinearRegression())
        assert run.step == 0
    told = capsys.readouterr().err
    for text in (
        "y is None", "Please fit the model", "not numbers", '"n_clusters" attribute not in classifier',
    ):  # fmt: skip
        assert text in told
