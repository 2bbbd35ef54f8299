"""Tables about classifiers."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import utils

_IMPORTANCES = ("feature_importances_", "feature_log_prob_", "coef_")


def calibration_curves(clf: Any, X: Any, y: Any, clf_name: str) -> Any:
    """How far the probabilities of the model's calibrations, and of a logistic regression, can be believed."""
    import numpy as np

    calibration = utils.sklearn("calibration")
    logistic = utils.sklearn("linear_model").LogisticRegression(C=1.0)
    models = {
        "Logistic": logistic,
        f"{clf_name} Isotonic": calibration.CalibratedClassifierCV(clf, cv=2, method="isotonic"),
        f"{clf_name} Sigmoid": calibration.CalibratedClassifierCV(clf, cv=2, method="sigmoid"),
    }
    if isinstance(clf, utils.sklearn("naive_bayes").ComplementNB):
        X = X - X.min()
    split = utils.sklearn("model_selection").train_test_split
    x_train, x_test, y_train, y_test = split(X, y, test_size=0.9, random_state=42)
    data: list[list[Any]] = [["Perfectly calibrated", 0, 0, 0, 0], ["Perfectly calibrated", 1, 1, 0, 0]]
    for name, model in models.items():
        model.fit(x_train, y_train)
        likely = model.predict_proba(x_test)[:, 1]
        counts, edges = np.histogram(likely, bins=10)
        fractions, means = calibration.calibration_curve(y_test, likely, n_bins=10)
        for index, (fraction, mean) in enumerate(zip(fractions, means, strict=True)):
            data.append([name, utils.round_3(fraction), utils.round_3(mean), counts[index], edges[index]])
    columns = ["model", "fraction_of_positives", "mean_predicted_value", "hist_dict", "edge_dict"]
    return wandb.visualize("wandb/calibration/v1", wandb.Table(columns=columns, data=data))


def class_proportions(y_train: Any, y_test: Any, labels: Any) -> Any:
    """How many there are of each class, in training and test."""
    import numpy as np

    classes = utils.sklearn("utils.multiclass").unique_labels(y_train, y_test)
    named = labels is not None and isinstance(classes[0], (int, np.integer))
    data: list[list[Any]] = []
    for count, one in enumerate(classes):
        shown = labels[one] if named else one
        data.append([shown, "train", int(np.sum(np.asarray(y_train) == one))])
        data.append([shown, "test", int(np.sum(np.asarray(y_test) == one))])
        if utils.check_against_limit(count, "class_proportions", utils.chart_limit):
            break
    table = wandb.Table(columns=["class", "dataset", "count"], data=data)
    return wandb.visualize("wandb/class_proportions/v1", table)


def confusion_matrix(
    y_true: Any = None,
    y_pred: Any = None,
    labels: Any = None,
    true_labels: Any = None,
    pred_labels: Any = None,
    normalize: bool = False,
) -> Any:
    """How often which class was taken for which. `true_labels` and `pred_labels` choose classes."""
    import numpy as np

    matrix = utils.sklearn("metrics").confusion_matrix(y_true, y_pred)
    found = utils.sklearn("utils.multiclass").unique_labels(y_true, y_pred)
    if normalize:
        with np.errstate(invalid="ignore"):
            matrix = np.nan_to_num(np.around(matrix / matrix.sum(axis=1)[:, np.newaxis], decimals=2))
    named = labels is not None and isinstance(found[0], (int, np.integer))
    shown = [labels[index] if named else one for index, one in enumerate(found)]
    data: list[list[Any]] = []
    for row, true in enumerate(shown):
        for column, pred in enumerate(shown):
            if true_labels is not None and true not in true_labels:
                continue
            if pred_labels is not None and pred not in pred_labels:
                continue
            if utils.check_against_limit(len(data) + 1, "confusion_matrix", utils.chart_limit):
                break
            data.append([pred, true, matrix[row, column]])
    table = wandb.Table(columns=["Predicted", "Actual", "Count"], data=data)
    return wandb.visualize("wandb/confusion_matrix/v1", table)


def feature_importances(model: Any, feature_names: Any, max_num_features: int = 50) -> Any:
    """How much each feature counts, the most important first; None where the model does not say."""
    import numpy as np

    attribute = next((one for one in _IMPORTANCES if hasattr(model, one)), None)
    if attribute is None:
        wandb.termwarn(
            f"could not find any of attributes {', '.join(_IMPORTANCES)} on classifier."
            " Cannot plot feature importances."
        )
        return None
    found = np.asarray(getattr(model, attribute))
    if found.ndim > 1:
        if sum(size > 1 for size in found.shape) > 1:
            wandb.termwarn(
                f"{found.ndim}-dimensional feature importances array passed to plot_feature_importances."
                " Only one-dimensional ones can be plotted: these are left away."
            )
            return None
        found = np.squeeze(found)
    order = np.argsort(found)[::-1][:max_num_features]
    names = order if feature_names is None else np.asarray(feature_names)[order]
    data = [[name, value] for name, value in zip(names, found[order], strict=True)]
    table = wandb.Table(columns=["feature_names", "importances"], data=data)
    return wandb.visualize("wandb/feature_importances/v1", table)
