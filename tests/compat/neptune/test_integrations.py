"""Python's logging into a run, and integrations that live in packages of their own."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.exceptions import NeptuneLegacyIncompatibilityException, NeptuneMissingRequirementException
from pluto.compat.neptune.handler import Handler
from pluto.compat.neptune.integrations.python_logger import NeptuneHandler
from pluto.compat.neptune.integrations.utils import RunType, expect_not_an_experiment, join_paths, verify_type
from tests.programs import Scripts

EXTERNAL = {
    "aws": "neptune_aws",
    "detectron2": "neptune_detectron2",
    "fastai": "neptune_fastai",
    "kedro": "kedro_neptune",
    "lightgbm": "neptune_lightgbm",
    "mosaicml": "composer",
    "optuna": "neptune_optuna",
    "prophet": "neptune_prophet",
    "pytorch": "neptune_pytorch",
    "pytorch_lightning": "pytorch_lightning",
    "sacred": "neptune_sacred",
    "sklearn": "neptune_sklearn",
    "tensorboard": "neptune_tensorboard",
    "tensorflow_keras": "neptune_tensorflow_keras",
    "transformers": "transformers",
    "xgboost": "neptune_xgboost",
}


@pytest.fixture
def run() -> Iterator[neptune.Run]:
    with neptune.init_run(mode="debug", git_ref=False, source_files=[]) as opened:
        yield opened


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.Logger("training", logging.DEBUG)
    yield made
    made.handlers.clear()


def lines(run: neptune.Run, path: str) -> list[str]:
    return list(run[path].fetch_values()["value"])


def test_records_become_a_string_series(run: neptune.Run, logger: logging.Logger) -> None:
    logger.addHandler(NeptuneHandler(run=run))
    logger.info("epoch %d", 1)
    logger.debug("done")
    assert lines(run, f"{run.monitoring_namespace}/python_logger") == ["epoch 1", "done"]
    assert run["source_code/integrations/neptune-python-logger"].fetch() == neptune.__version__


def test_level_path_and_format(run: neptune.Run, logger: logging.Logger) -> None:
    handler = NeptuneHandler(run=run, level=logging.WARNING, path="my/log")
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.info("not this")
    logger.warning("this")
    try:
        raise RuntimeError("boom")
    except RuntimeError:
        logger.exception("it failed")
    first, second = lines(run, "my/log")
    assert first == "WARNING: this"
    assert second.startswith("ERROR: it failed\nTraceback")
    assert second.endswith("RuntimeError: boom")


def test_what_is_logged_while_a_record_is_appended_is_left_out(run: neptune.Run, logger: logging.Logger) -> None:
    handler = NeptuneHandler(run=run, path="log")

    class Chatty(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            logger.warning("inside")
            return super().format(record)

    handler.setFormatter(Chatty())
    logger.addHandler(handler)
    threads = [threading.Thread(target=logger.info, args=(f"{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lines(run, "log")) == ["0", "1", "2", "3"]


def test_after_the_end_of_the_run_nothing_happens(logger: logging.Logger) -> None:
    run = neptune.init_run(mode="debug", git_ref=False, source_files=[])
    logger.addHandler(NeptuneHandler(run=run))
    run.stop()
    logger.info("too late")


@pytest.mark.parametrize(
    "parameters", [{"run": None}, {"run": "x"}, {"level": "INFO"}, {"path": 5}], ids=["none", "text", "level", "path"]
)
def test_bad_arguments(run: neptune.Run, parameters: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        NeptuneHandler(**{"run": run, **parameters})  # type: ignore[arg-type]


def test_a_handler_is_no_run(run: neptune.Run) -> None:
    with pytest.raises(TypeError):
        NeptuneHandler(run=run["namespace"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "package"), EXTERNAL.items())
def test_an_integration_without_its_package_says_what_to_install(name: str, package: str) -> None:
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    with pytest.raises(NeptuneMissingRequirementException, match=f"pip install {package}"):
        importlib.import_module(f"pluto.compat.neptune.integrations.{name}")


def test_every_external_integration_is_tested() -> None:
    folder = Path(importlib.import_module("pluto.compat.neptune.integrations").__file__ or "").parent
    own = {"__init__", "external", "pandas", "python_logger", "utils"}
    assert {path.stem for path in folder.glob("*.py")} - own == set(EXTERNAL)


PACKAGE = """
from neptune import Run
from neptune.handler import Handler
from neptune.integrations.utils import expect_not_an_experiment, verify_type
from neptune.types import File
__all__ = ["Callback", "File"]
hidden = 1

class Callback:
    def __init__(self, run):
        expect_not_an_experiment(run)
        verify_type("run", run, (Run, Handler))
        run["by/callback"] = 1
"""


def test_an_integration_finds_this_package_as_neptune(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "neptune_optuna").mkdir()
    (tmp_path / "neptune_optuna" / "__init__.py").write_text("")
    (tmp_path / "neptune_optuna" / "impl.py").write_text(PACKAGE)
    scripts.run(
        """
        import pluto.compat.neptune as neptune
        from pluto.compat.neptune.integrations.optuna import Callback, File
        import pluto.compat.neptune.integrations.optuna as module
        import neptune_optuna.impl
        assert Callback is neptune_optuna.impl.Callback
        assert File is neptune.types.File
        assert not hasattr(module, "hidden")
        run = neptune.init_run(mode="debug", git_ref=False, source_files=[])
        Callback(run)
        Callback(run["namespace"])
        assert run["namespace/by/callback"].fetch() == 1
        run.stop()
        """
    )


def test_an_integration_does_not_mix_two_clients(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "neptune_optuna.py").write_text("")
    (tmp_path / "neptune.py").write_text("")
    scripts.run(
        """
        import neptune
        try:
            import pluto.compat.neptune.integrations.optuna
        except ImportError as error:
            assert "has imported neptune already" in str(error), error
        else:
            raise AssertionError
        """
    )


def test_what_integrations_share(run: neptune.Run) -> None:
    assert RunType == neptune.Run | Handler
    assert join_paths("a", "b/c") == "a/b/c"
    verify_type("run", run["x"], (neptune.Run, Handler))
    expect_not_an_experiment(run)
    expect_not_an_experiment(None)
    former = type("Experiment", (), {"__module__": "neptune.legacy.experiments"})()
    with pytest.raises(NeptuneLegacyIncompatibilityException):
        expect_not_an_experiment(former)
