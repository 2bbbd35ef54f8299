"""XGBoost and LightGBM, where they are installed, and what is said where they are not."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.compat.wandb.journals import config, history


def data() -> Any:
    np = pytest.importorskip("numpy")
    dice = np.random.default_rng(0)
    features = dice.normal(size=(60, 3))
    return features, (features[:, 0] > 0).astype(int)


def test_xgboost(wandb: Any, root: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    from pluto.compat.wandb.integration.xgboost import WandbCallback

    features, truth = data()
    with pytest.raises(wandb.Error, match=r"must call wandb\.init"):
        WandbCallback()
    run = wandb.init()
    model = xgboost.XGBClassifier(n_estimators=4, callbacks=[WandbCallback(log_model=True)], eval_metric="logloss")
    model.fit(features, truth, eval_set=[(features, truth)], verbose=False)
    summary = run.summary["validation_0-logloss"]
    run.finish()
    rows = [row for row in history(root) if "epoch" in row]
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3]
    losses = [row["validation_0-logloss"] for row in rows]
    assert summary["min"] == min(losses)
    found = config(root)
    assert found["learner"]["objective"]["name"] == "binary:logistic"
    assert "Feature Importance" in found["_wandb"]["visualize"]
    assert (Path(run.dir) / f"{run.id}_model.json").exists()


def test_lightgbm(wandb: Any, root: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    from pluto.compat.wandb.integration.lightgbm import log_summary, wandb_callback

    features, truth = data()
    run = wandb.init()
    train = lightgbm.Dataset(features, truth)
    model = lightgbm.train(
        {"objective": "binary", "verbose": -1, "metric": "auc"},
        train,
        num_boost_round=3,
        valid_sets=[train],
        valid_names=["train"],
        callbacks=[wandb_callback()],
    )
    log_summary(model, save_model_checkpoint=True)
    assert run.summary["train_auc"]["max"] <= 1
    assert run.summary["best_score"]["train"]["auc"] <= 1
    with pytest.raises(wandb.Error, match=r"instance of lightgbm\.basic\.Booster"):
        log_summary("model")
    run.finish()
    assert [row["iteration"] for row in history(root) if "iteration" in row] == [0, 1, 2]
    assert config(root)["objective"] == "binary"


def test_lightgbm_names_means_and_deviations_of_a_cross_validation(wandb: Any, root: Path) -> None:
    pytest.importorskip("lightgbm")
    from pluto.compat.wandb.integration.lightgbm import wandb_callback

    with wandb.init():
        callback = wandb_callback(log_params=False)
        assert (callback.order, callback.before_iteration) == (20, False)  # type: ignore[attr-defined]
        result = [("cv_agg", "valid l2", 0.5, False, 0.1)]
        callback(SimpleNamespace(iteration=0, begin_iteration=0, params={}, evaluation_result_list=result))
    assert history(root)[0] | {"valid_l2-mean": 0.5, "valid_l2-stdv": 0.1, "iteration": 0} == history(root)[0]


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("xgboost", "xgboost"), ("lightgbm", "lightgbm"), ("catboost", "catboost"), ("keras", "keras"),
        ("sb3", "stable-baselines3"), ("sacred", "sacred"), ("fastai", "fastai"), ("ultralytics", "ultralytics"),
        ("metaflow", "metaflow"), ("lightning.fabric", "lightning"), ("dspy", "dspy"), ("tensorflow", "tensorflow"),
        ("openai.fine_tuning", "openai"),
    ],
)  # fmt: skip
def test_a_missing_library_is_named(module: str, package: str) -> None:
    first = {"sb3": "stable_baselines3"}.get(module, package)
    if importlib.util.find_spec(first) is not None:
        pytest.skip(f"{package} is installed here")
    with pytest.raises(ModuleNotFoundError, match=f"needs {package}, which is not installed: pip install {package}"):
        importlib.import_module(f"pluto.compat.wandb.integration.{module}")


def test_what_is_no_part_of_pluto_says_what_to_use(wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    from pluto.compat.wandb.errors import UnsupportedError

    monkeypatch.setitem(sys.modules, "ultralytics", types.ModuleType("ultralytics"))
    with pytest.raises(UnsupportedError, match="logs to the open run by itself"):
        importlib.import_module("pluto.compat.wandb.integration.ultralytics")
    with pytest.raises(UnsupportedError, match=r"wandb\.Table"):
        wandb.integration.prodigy.upload_dataset("x")


def test_the_module_has_them_by_short_names(wandb: Any) -> None:
    assert wandb.tensorboard.patch is wandb.integration.tensorboard.patch
    assert wandb.sklearn.plot_roc is wandb.integration.sklearn.plot_roc
    if importlib.util.find_spec("xgboost") is not None:
        assert wandb.xgboost is importlib.import_module("pluto.compat.wandb.integration.xgboost")
