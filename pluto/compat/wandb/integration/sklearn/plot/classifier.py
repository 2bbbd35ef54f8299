"""Charts of classifiers."""

from __future__ import annotations

from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.sklearn import calculate, utils
from pluto.compat.wandb.integration.sklearn.plot import shared


def classifier(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    y_pred: Any,
    y_probas: Any,
    labels: Any,
    is_binary: bool = False,
    model_name: str = "Classifier",
    feature_names: Any = None,
    log_learning_curve: bool = False,
) -> None:
    """Logs all charts of a fitted classifier. `is_binary` adds the calibration curve."""
    wandb.termlog(f"\nPlotting {model_name}.")
    multinomial = isinstance(model, utils.sklearn("naive_bayes").MultinomialNB)
    if not multinomial:
        feature_importances(model, feature_names)
        wandb.termlog("Logged feature importances.")
    if log_learning_curve:
        shared.learning_curve(model, X_train, y_train)
        wandb.termlog("Logged learning curve.")
    confusion_matrix(y_test, y_pred, labels)
    wandb.termlog("Logged confusion matrix.")
    shared.summary_metrics(model, X=X_train, y=y_train, X_test=X_test, y_test=y_test)
    wandb.termlog("Logged summary metrics.")
    class_proportions(y_train, y_test, labels)
    wandb.termlog("Logged class proportions.")
    if is_binary and not multinomial:
        calibration_curve(model, X_train, y_train, model_name)
        wandb.termlog("Logged calibration curve.")
    roc(y_test, y_probas, labels)
    wandb.termlog("Logged roc curve.")
    precision_recall(y_test, y_probas, labels)
    wandb.termlog("Logged precision-recall curve.")


def roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Any = None,
    plot_micro: bool = True,  # noqa: ARG001  the original's chart has no averages either
    plot_macro: bool = True,  # noqa: ARG001
    classes_to_plot: Any = None,
) -> None:
    """Logs `roc`, one curve for each class."""
    wandb.log({"roc": wandb.plot.roc_curve(y_true, y_probas, labels, classes_to_plot)})


def confusion_matrix(
    y_true: Any = None,
    y_pred: Any = None,
    labels: Any = None,
    true_labels: Any = None,
    pred_labels: Any = None,
    normalize: bool = False,
) -> None:
    """Logs `confusion_matrix`."""
    if utils.usable(y_true=y_true, y_pred=y_pred):
        chart = calculate.confusion_matrix(y_true, y_pred, labels, true_labels, pred_labels, normalize)
        wandb.log({"confusion_matrix": chart})


def precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Any = None,
    plot_micro: bool = True,  # noqa: ARG001  the original's chart has no averages either
    classes_to_plot: Any = None,
) -> None:
    """Logs `precision_recall`, one curve for each class."""
    wandb.log({"precision_recall": wandb.plot.pr_curve(y_true, y_probas, labels, classes_to_plot)})


def feature_importances(
    model: Any = None, feature_names: Any = None, title: str = "Feature Importance", max_num_features: int = 50
) -> None:
    """Logs `feature_importances` of a fitted model, at most `max_num_features`. The panel's `title` is its own."""
    if utils.usable(model=model) and utils.test_fitted(model):
        chart = calculate.feature_importances(model, feature_names, max_num_features)
        if chart is not None:
            if title != "Feature Importance":
                wandb.termwarn("plot_feature_importances: the panel has a title of its own", repeat=False)
            wandb.log({"feature_importances": chart})


def class_proportions(y_train: Any = None, y_test: Any = None, labels: Any = None) -> None:
    """Logs `class_proportions`."""
    if utils.usable(y_train=y_train, y_test=y_test):
        wandb.log({"class_proportions": calculate.class_proportions(y_train, y_test, labels)})


def calibration_curve(clf: Any = None, X: Any = None, y: Any = None, clf_name: str = "Classifier") -> None:
    """Logs `calibration_curve` of a fitted classifier with two classes; fits variations of it."""
    if utils.usable(clf=clf, X=X, y=y) and utils.test_fitted(clf):
        wandb.log({"calibration_curve": calculate.calibration_curves(clf, X, y, clf_name)})
