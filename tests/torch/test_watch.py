from __future__ import annotations

import copy
import gc
import io
import json
import pickle
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import pluto
from pluto.compat import torch as door
from pluto.compat.torch import histogram, unwatch, watch
from pluto.core.op import Op
from pluto.protocol.records import Kind
from tests.torch.journal import histograms, records


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 4)
        self.second = nn.Linear(4, 4)
        self.head = nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x.flatten(1)))
        return self.head(x + self.second(x))


def train(module: nn.Module, passes: int = 1) -> None:
    for _ in range(passes):
        module(torch.randn(5, 2, 3)).sum().backward()


def test_every_nth_pass_is_logged_with_the_step_of_the_next_log(op: Op, root: Path) -> None:
    net = Net()
    op.watch(net, log_freq=3)
    for _ in range(7):
        train(net)
        op.log({"loss": 1.0})
    found = histograms(root)
    names = [name for name, _ in net.named_parameters()]
    assert sorted(found) == sorted([f"grad/{name}" for name in names] + [f"param/{name}" for name in names])
    for series in found.values():
        assert [step for step, _ in series] == [3, 6]
    assert [record.step for record in records(root, Kind.METRICS)] == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_counted_is_the_gradient_of_the_pass(op: Op, root: Path) -> None:
    net = nn.Linear(30, 20)
    watch(net, log="gradients", log_freq=1, bins=7)
    x = torch.randn(4, 30)
    for _ in range(2):  # accumulated: each pass alone is counted
        net(x).square().sum().backward()
    grad = (net.weight.grad / 2).numpy()
    for _, payload in histograms(root)["grad/weight"]:
        assert payload["bins"] == {"min": float(grad.min()), "max": float(grad.max()), "num": 7}
        assert sum(payload["freq"]) == 600
    assert not any(name.startswith("param/") for name in histograms(root))


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({"log": "parameters"}, {"param"}),
        ({"log": "gradients"}, {"grad"}),
        ({"log": None}, set()),
        ({"disable_grad": True}, {"param"}),
        ({"disable_param": True}, {"grad"}),
    ],
)
def test_log_chooses(op: Op, root: Path, options: dict, kinds: set[str]) -> None:
    net = Net()
    watch(net, op, freq=1, **options)
    train(net)
    assert {name.partition("/")[0] for name in histograms(root)} == kinds


def test_labels_come_from_the_settings(root: Path) -> None:
    quiet = {"disable_console": True, "disable_system_metrics": True, "x_grad_label": "g", "x_param_label": "p"}
    with pluto.init(project="watch", mode="offline", settings=quiet) as run:
        net = nn.Linear(2, 1)
        run.watch(net, log_freq=1)
        net(torch.ones(1, 2)).sum().backward()
        assert sorted(histograms(root)) == ["g/bias", "g/weight", "p/bias", "p/weight"]


def test_shared_frozen_and_unused_parameters(op: Op, root: Path) -> None:
    net = Net()
    net.second.weight = net.first.weight = nn.Parameter(torch.randn(4, 4))
    net.head.weight.requires_grad_(False)
    net.unused = nn.Linear(2, 2)
    watch(net, log_freq=1)
    x = torch.randn(3, 4)
    net.head(net.second(net.first(x))).sum().backward()
    found = histograms(root)
    assert len(found["grad/first.weight"]) == 1
    assert "grad/second.weight" not in found
    assert "grad/head.weight" not in found
    assert "param/head.weight" in found
    assert "grad/unused.weight" not in found


def test_gradients_that_are_not_finite_bfloat16_or_sparse(op: Op, root: Path) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(10, 2, sparse=True)
            self.narrow = nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
            self.bad = nn.Parameter(torch.tensor([0.0, 1.0]))
            self.turned = nn.Parameter(torch.ones(2, dtype=torch.complex64))

        def forward(self) -> torch.Tensor:
            rest = self.bad.log().sum() * 0 + self.turned.abs().sum()
            return self.words(torch.tensor([1, 1, 3])).sum() + self.narrow.float().sum() + rest

    net = Odd()
    watch(net, log_freq=1, bins=4)
    net().backward()
    found = {name: series[0][1] for name, series in histograms(root).items()}
    assert found["grad/words.weight"]["freq"] == [16, 0, 2, 2]
    assert found["grad/narrow"]["freq"] == [0, 0, 3, 0]
    assert found["grad/bad"]["nonFinite"] == 1
    assert sum(found["grad/turned"]["freq"]) == 4


def test_hooks_go_away(op: Op, root: Path) -> None:
    net = Net()
    handle = watch(net, log_freq=1, log_graph=True)
    handle.remove()
    train(net)
    watch(net, log_freq=1)
    unwatch(net)
    watch(net, log_freq=1)
    unwatch()
    train(net)
    unwatch(net)
    assert histograms(root) == {}
    for part in net.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks
    for parameter in net.parameters():
        assert not parameter._backward_hooks
    assert not door._watches


def test_watching_again_replaces_the_watch(op: Op, root: Path) -> None:
    net = Net()
    watch(net, log_freq=1)
    watch(net, log_freq=2, log="gradients")
    train(net, 2)
    found = histograms(root)
    assert all(len(series) == 1 for series in found.values())
    assert {name.partition("/")[0] for name in found} == {"grad"}


def test_nothing_is_kept_alive(op: Op) -> None:
    net = Net()
    handle = weakref.ref(watch(net, log_freq=1, log_graph=True))
    train(net, 2)
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None
    assert handle() is None
    assert not door._watches


def test_copies_and_pickles_are_unwatched_modules(op: Op, root: Path) -> None:
    net = Net()
    before = set(vars(net)), list(net.state_dict())
    watch(net, log_freq=1, log_graph=True)
    assert (set(vars(net)), list(net.state_dict())) == before
    out = io.BytesIO()
    torch.save(net, out)
    out.seek(0)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), torch.load(out, weights_only=False)):
        train(twin)
    assert histograms(root) == {}
    assert not records(root, Kind.MODEL_GRAPH)
    train(net)
    assert len(histograms(root)) == 12


def test_after_the_run_training_goes_on(root: Path) -> None:
    quiet = {"disable_console": True, "disable_system_metrics": True}
    run = pluto.init(project="watch", mode="offline", settings=quiet)
    net = Net()
    run.watch(net, log_freq=1)
    run.finish()
    train(net, 3)
    assert not door._watches
    assert histograms(root) == {}


def test_a_failing_watch_ends_itself_and_says_so(
    op: Op, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no histogram today")

    monkeypatch.setattr(door, "histogram", broken)
    net = Net()
    watch(net, log_freq=1)
    train(net, 3)
    assert caplog.text.count("no histogram today") == 1
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_a_pass_that_breaks_off_does_not_stop_the_count(op: Op, root: Path) -> None:
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: object, grad: torch.Tensor) -> torch.Tensor:
            raise ArithmeticError("broken")

    net = Net()
    watch(net, log_freq=1)
    hidden = net.first(torch.randn(2, 6))
    with pytest.raises(ArithmeticError):
        net.head(Broken.apply(hidden)).sum().backward()
    assert histograms(root) == {}
    train(net)
    assert len(histograms(root)["grad/first.weight"]) == 1


def test_the_graph_is_logged_once(op: Op, root: Path) -> None:
    net = Net()
    watch(net, log=None, log_graph=True)
    net(torch.randn(5, 2, 3))
    train(net, 2)
    (record,) = records(root, Kind.MODEL_GRAPH)
    graph = json.loads(record.body)
    assert graph["format"] == "torch"
    nodes = graph["nodes"]
    assert list(nodes) == [".", "first", "second", "head"]
    root_node = nodes["."]
    assert (root_node["type"], root_node["depth"], root_node["node_type"]) == ("Net", 0, "CONTAINER")
    assert root_node["edges"] == [
        ["in_0", "s_1"],
        ["s_1", "s_2"],
        ["s_2", "s_3"],
        ["s_1", "s_3"],
        ["s_3", "out_0"],
    ]
    head = nodes["head"]
    assert (head["type"], head["depth"], head["order"], head["args"]) == ("Linear", 1, 2, [4, 1])
    assert head["params"] == {"weight": [1, 4], "bias": [1]}
    assert head["kwargs"]["in_features"] == 4
    assert head["node_type"] == "MODULE"


def test_graph_of_nested_shared_and_keyword_modules(op: Op, root: Path) -> None:
    class Block(nn.Module):
        def __init__(self, shared: nn.Module) -> None:
            super().__init__()
            self.inner = shared

        def forward(self, *, value: torch.Tensor, **_: object) -> dict[str, torch.Tensor]:
            return {"out": self.inner(value)}

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            shared = nn.Linear(3, 3)
            self.blocks = nn.ModuleList([Block(shared), Block(shared)])
            self.nothing = None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for block in self.blocks:
                x = block(value=x)["out"]
            return x

    net = Outer()
    watch(net, log_graph=True)
    net(torch.randn(2, 3))
    (record,) = records(root, Kind.MODEL_GRAPH)
    nodes = json.loads(record.body)["nodes"]
    assert list(nodes) == [".", "blocks", "blocks.0", "blocks.0.inner", "blocks.1", "blocks.1.inner"]
    ids = {name: node["node_id"] for name, node in nodes.items()}
    assert nodes["."]["edges"] == [
        ["in_0", ids["blocks.0"]],
        [ids["blocks.0"], ids["blocks.1"]],
        [ids["blocks.1"], "out_0"],
    ]


def test_a_forward_pass_that_fails_leaves_no_broken_graph(op: Op, root: Path) -> None:
    net = Net()
    watch(net, log_graph=True)
    with pytest.raises(RuntimeError):
        net(torch.randn(5, 99))
    train(net)
    (record,) = records(root, Kind.MODEL_GRAPH)
    assert json.loads(record.body)["nodes"]["."]["edges"][0] == ["in_0", "s_1"]


@pytest.mark.parametrize("order", ["compiled first", "watched first"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_compiled_modules(op: Op, root: Path, order: str) -> None:
    torch._dynamo.reset()
    net = Net()
    if order == "compiled first":
        compiled = torch.compile(net, backend="aot_eager")
        watch(compiled, log_freq=2, log_graph=True)
    else:
        watch(net, log_freq=2, log_graph=True)
        compiled = torch.compile(net, backend="aot_eager")
    train(compiled, 4)
    found = histograms(root)
    assert "grad/first.bias" in found
    assert len(found) == 12
    assert all(len(series) == 2 for series in found.values())
    (record,) = records(root, Kind.MODEL_GRAPH)
    assert list(json.loads(record.body)["nodes"]) == [".", "first", "second", "head"]


def test_data_parallel_names_are_the_modules_own(op: Op, root: Path) -> None:
    net = Net()
    watch(nn.DataParallel(net), log_freq=1, log="gradients")
    train(net)
    assert "grad/first.weight" in histograms(root)


def test_disabled_runs_leave_the_module_alone(root: Path) -> None:
    with pluto.init(project="watch", mode="disabled") as run:
        net = Net()
        run.watch(net, log_freq=1)
        assert not any(parameter._backward_hooks for parameter in net.parameters())
        train(net)


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"module": "net"}, TypeError, "torch.nn.Module"),
        ({"module": nn.Linear(1, 1), "log": "weights"}, ValueError, "log is"),
        ({"module": nn.Linear(1, 1), "log_freq": 0}, ValueError, "log_freq"),
        ({"module": nn.Linear(1, 1), "bins": True}, ValueError, "bins"),
        ({"module": nn.Linear(1, 1), "idx": 1}, TypeError, "idx"),
    ],
)
def test_bad_arguments(op: Op, arguments: dict, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        op.watch(**arguments)


NUMBERS = st.lists(st.floats(width=32), min_size=1, max_size=50)


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 70), st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]))
def test_each_finite_value_is_counted_once(numbers: list[float], bins: int, dtype: torch.dtype) -> None:
    tensor = torch.tensor(numbers).to(dtype)
    payload = histogram(tensor, bins).to_dict()
    finite = tensor[torch.isfinite(tensor)].double()
    assert sum(payload["freq"]) == len(finite)
    assert payload.get("nonFinite", 0) == len(numbers) - len(finite)
    assert len(payload["freq"]) == payload["bins"]["num"] == bins
    if len(finite):
        assert payload["bins"]["min"] <= float(finite.min()) <= float(finite.max()) <= payload["bins"]["max"]


def test_counts_agree_with_numpy() -> None:
    values = torch.randn(100_000, dtype=torch.float64)
    payload = histogram(values).to_dict()
    expected, edges = np.histogram(values.numpy(), 64)
    assert np.abs(np.array(payload["freq"]) - expected).sum() <= 2  # on an edge, one bin or the next
    assert payload["bins"]["max"] == edges[-1]
    whole = histogram(torch.arange(10)).to_dict()
    assert sum(whole["freq"]) == 10
    assert sum(histogram(torch.eye(3).to_sparse()).to_dict()["freq"]) == 9
    assert histogram(torch.tensor([1e308, -1e308, 0], dtype=torch.float64), 3).to_dict()["freq"] == [1, 1, 1]
