"""Trains a small network on scikit-learn's handwritten digits and logs it with Pluto. `make demo` runs it."""

from __future__ import annotations

import os
import pickle
import shlex
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import pluto
from pluto import query

CONFIG = {"hidden": 48, "learning_rate": 0.02, "batch_size": 64, "epochs": 30, "seed": 7}


def main() -> None:
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images / 16, labels, test_size=0.25, random_state=CONFIG["seed"]
    )
    model = MLPClassifier(
        hidden_layer_sizes=(CONFIG["hidden"],),
        solver="sgd",
        learning_rate_init=CONFIG["learning_rate"],
        momentum=0.9,
        random_state=CONFIG["seed"],
    )

    run = pluto.init(project="digits", name="mlp", config=CONFIG, tags=["demo", "scikit-learn"])
    shuffle = np.random.default_rng(CONFIG["seed"])
    batch = CONFIG["batch_size"]
    for epoch in range(CONFIG["epochs"]):
        order = shuffle.permutation(len(train_x))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            model.partial_fit(train_x[chosen], train_y[chosen], classes=np.arange(10))
            run.log({"train/loss": model.loss_})
        run.log(
            {
                "epoch": epoch,
                "test/accuracy": model.score(test_x, test_y),
                "test/loss": log_loss(test_y, model.predict_proba(test_x), labels=range(10)),
                "weights/first": pluto.Histogram(model.coefs_[0]),
            }
        )

    guesses = model.predict(test_x)
    confusion = confusion_matrix(test_y, guesses)
    shades = 255 - (255 * np.sqrt(confusion / confusion.max())).astype(np.uint8)
    run.log(
        {
            "test/confusion": pluto.Image(
                shades.repeat(24, axis=0).repeat(24, axis=1), caption="true digit by row, guess by column"
            )
        }
    )
    wrong = np.flatnonzero(guesses != test_y)[:5]
    run.log(
        {
            "test/mistakes": [
                pluto.Image(
                    (test_x[i].reshape(8, 8) * 255).astype(np.uint8).repeat(16, axis=0).repeat(16, axis=1),
                    caption=f"a {test_y[i]}, taken for a {guesses[i]}",
                )
                for i in wrong
            ],
            "test/by_digit": pluto.Table(
                data=[
                    [digit, int(confusion[digit].sum()), float(confusion[digit, digit] / confusion[digit].sum())]
                    for digit in range(10)
                ],
                columns=["digit", "images", "recognised"],
            ),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pickle"
        path.write_bytes(pickle.dumps(model))
        run.log({"model": pluto.Artifact(str(path), metadata={"accuracy": model.score(test_x, test_y)})})
        run.finish()
    show("digits", run.id)


def show(project: str, number: int) -> None:
    """Reads the run back the way anyone would, and says where to look on."""
    run = query.get_run(project, number)
    print(f"\nRun {run['displayId']}, {run['name']!r} in project {project!r}: {run['status']}")
    print("config    " + ", ".join(f"{key}={value}" for key, value in run["config"].items()))
    print("tags      " + ", ".join(run["tags"]))
    for name, numbers in query.summaries(project, number, ["train/loss", "test/loss", "test/accuracy"]).items():
        print(
            f"{name:<14}{numbers.count:>5} points, last {numbers.last:.4f}, from {numbers.min:.4f} to {numbers.max:.4f}"
        )
    print(f"weights/first {len(query.get_histograms(project, number, 'weights/first')):>5} histograms")
    (table,) = query.get_tables(project, number, "test/by_digit")
    rows = getattr(table["value"], "values", table["value"])  # a DataFrame where pandas is installed
    print("test/by_digit     1 table: " + ", ".join(f"{int(row[0])} {row[2]:.0%}" for row in rows))
    for file in query.get_files(project, number):
        print(
            f"{file['logName']:<14}{file['fileType']:>6}, {int(file['fileSize']):,} bytes  {file.get('caption') or ''}"
        )
    at = os.environ.get("PLUTO_DIR")
    here = f"PLUTO_DIR={shlex.quote(at)} " if at else ""
    command = shlex.quote(str(Path(sys.executable).with_name("pluto")))
    print("\nLook further:")
    for line in (
        f"query runs {project}",
        f"query run {project} {run['displayId']}",
        f"query files {project} {run['displayId']}",
        "status",
    ):
        print(f"  {here}{command} {line}")
    print(f"  or in Python: from pluto import query; query.get_run({project!r}, {run['displayId']!r})")


if __name__ == "__main__":
    main()
