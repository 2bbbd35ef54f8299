"""`wandb.watch`: histograms in the rows of the run, under the original's names."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from pluto.compat.wandb.sdk import wandb_watch
from pluto.protocol.records import Kind
from tests.compat.wandb.journals import history
from tests.core import journals


@pytest.fixture
def wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    import itertools

    import pluto.compat.wandb as module

    monkeypatch.chdir(tmp_path)
    for name, value in {"MODE": "offline", "CONSOLE": "off", "_DISABLE_STATS": "true"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    monkeypatch.setattr(wandb_watch, "_count", itertools.count())
    yield module
    module.teardown()


def model() -> Any:
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))


def train(module: Any, run: Any, passes: int) -> None:
    for step in range(passes):
        module(torch.randn(4, 2)).sum().backward()
        run.log({"step": step})


def test_gradients_and_parameters(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    module = model()
    assert run.watch(module, log="all", log_freq=2) is not None
    train(module, run, 4)
    run.finish()
    rows = history(root)
    names = [name for name, _ in module.named_parameters()]
    for row in (rows[1], rows[3]):
        assert set(row) == {"step", "_step", *(f"gradients/{n}" for n in names), *(f"parameters/{n}" for n in names)}
        found = row["parameters/0.weight"]
        assert (found["_type"], len(found["values"]), len(found["bins"])) == ("histogram", 64, 65)
        assert sum(found["values"]) == 6
    assert [set(row) for row in (rows[0], rows[2])] == [{"step", "_step"}] * 2


def test_equal_values_and_none(wandb: ModuleType) -> None:
    assert wandb_watch.histogram(torch.full((5,), 2.0)) == {"_type": "histogram", "values": [5], "bins": [2.0, 2.0]}
    assert wandb_watch.histogram(torch.tensor([float("nan"), float("inf")])) is None
    assert wandb_watch.histogram(torch.tensor([])) is None
    found = wandb_watch.histogram(torch.tensor([0.0, 1.0, float("nan")]))
    assert found is not None
    assert sum(found["values"]) == 2
    sparse = torch.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (4,), check_invariants=True)
    found = wandb_watch.histogram(sparse)
    assert found is not None
    assert sum(found["values"]) == 4


def test_further_models_have_a_prefix(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    one, two = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    wandb.watch((one, two), log_freq=1)
    (one(torch.ones(1)) + two(torch.ones(1))).backward()
    run.log({})
    run.finish()
    (row,) = history(root)
    assert set(row) == {
        "gradients/weight", "gradients/bias", "gradients/graph_1weight", "gradients/graph_1bias", "_step",
    }  # fmt: skip


def test_watching_ends(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    one, two = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    run.watch([one, two], log="all", log_freq=1)
    run.unwatch(one)
    wandb.unwatch()
    (one(torch.ones(1)) + two(torch.ones(1))).backward()
    run.watch(one, log_freq=1)
    run.log({"a": 1})
    run.finish()
    one(torch.ones(1)).backward()
    assert history(root) == [{"a": 1, "_step": 0}]


def test_a_watch_that_fails_ends_quietly(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p")
    module = model()
    run.watch(module, log_freq=1)

    def broken(*_: Any) -> None:
        raise ValueError("full")

    run._rows.log = broken
    module(torch.randn(4, 2)).sum().backward()
    assert "watching ended: ValueError: full" in capsys.readouterr().err


def test_the_graph(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    module = model()
    (graph,) = run.watch(module, log=None, log_graph=True)
    for _ in range(2):
        module(torch.randn(4, 2)).sum().backward()
    assert [node.name for node in graph.nodes] == ["0", "1", "2"]
    with pytest.raises(ValueError, match="once per model"):
        run.watch(module, log_graph=True)
    kept = run.summary["graph_0"]
    assert kept["_type"] == "graph-file"
    stored = json.loads(Path(run.dir, kept["path"]).read_text())
    run.finish()
    (native,) = journals.only(root, Kind.MODEL_GRAPH)
    assert "Linear" in native.body
    assert {**stored["nodes"][0], "id": 0} == {
        "name": "0", "id": 0, "class_name": "Linear(in_features=2, out_features=3, bias=True)",
        "parameters": [["weight", [3, 2]], ["bias", [3]]], "output_shape": [[4, 3]], "num_parameters": [6, 3],
    }  # fmt: skip


def test_watched_modules_are_pickled_and_compiled(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    module = model()
    run.watch(module, log="parameters", log_freq=1, log_graph=True)
    again = pickle.loads(pickle.dumps(module))
    compiled = torch.compile(module, backend="eager")
    for one in (again, compiled):
        one(torch.randn(4, 2)).sum().backward()
    run.log({"a": 1})
    run.finish()
    (row,) = history(root)
    assert set(row) == {"a", "_step", *(f"parameters/{name}" for name, _ in module.named_parameters())}


@pytest.mark.parametrize(("given", "error"), [({"log": "some"}, ValueError), ({"models": 3}, TypeError)])
def test_what_can_not_be_watched(wandb: ModuleType, given: dict[str, Any], error: type[Exception]) -> None:
    run = wandb.init(project="p")
    with pytest.raises(error):
        run.watch(**{"models": model(), **given})


def test_tensors_are_numbers(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    weight = torch.ones(3, requires_grad=True)
    run.log({
        "zero": weight.sum(), "one": torch.tensor([2.5]), "few": weight, "many": torch.arange(100),
        "half": torch.tensor(0.5, dtype=torch.bfloat16), "flag": torch.tensor(True),
    })  # fmt: skip
    run.config.update({"t": torch.tensor([1, 2])})
    assert run.config["t"] == [1, 2]
    run.finish()
    (row,) = history(root)
    assert len(row.pop("many")["values"]) == 32
    assert row == {"zero": 3.0, "one": 2.5, "few": [1.0, 1.0, 1.0], "half": 0.5, "flag": True, "_step": 0}
