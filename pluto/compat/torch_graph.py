"""The graph of a torch module: what it is made of, and which part's output goes into which other part."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch

from pluto.core.jsonable import plain

Edges = dict[str, list[tuple[str, str]]]
"""By name of a module: the edges among its children, `in_<i>` and `out_<i>` for its own inputs and outputs."""

_STEPS_LIMIT = 100_000
"""Operations looked at between two modules; a graph so deep is left without some of its edges."""


def model_graph(module: torch.nn.Module, edges: Edges) -> str:
    """The JSON text of `{"format": "torch", "nodes": …}` for a module, named `.`, and all modules in it."""
    paths = list(_paths(module))
    ids = {name: f"s_{i}" for i, (name, _, _, _) in enumerate(paths)}
    nodes: dict[str, Any] = {}
    for name, part, depth, order in paths:
        node: dict[str, Any] = {
            "type": type(part).__name__,
            "depth": depth,
            "node_id": ids[name],
            "node_type": "CONTAINER" if any(True for _ in part.children()) else "MODULE",
            "inst_id": "0",
            "label": f"{type(part).__name__} (Instance 0)",
            "args": _args(part),
            "kwargs": _kwargs(part),
            "edges": [[ids.get(end, end) for end in edge] for edge in edges.get(name, [])],
        }
        if order is not None:
            node["order"] = order
        params = {key: list(p.shape) for key, p in part.named_parameters(recurse=False) if not _lazy(p)}
        if params:
            node["params"] = params
        nodes[name] = node
    return json.dumps({"format": "torch", "nodes": nodes}, allow_nan=False, separators=(",", ":"))


def _paths(module: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module, int, int | None]]:
    """Name, module, depth and place among its siblings; a module that is in several places is named in each."""
    stack: list[tuple[str, torch.nn.Module, int, int | None, frozenset[int]]] = [(".", module, 0, None, frozenset())]
    while stack:
        name, part, depth, order, above = stack.pop()
        yield name, part, depth, order
        within = above | {id(part)}
        children = [
            (key if name == "." else f"{name}.{key}", child, depth + 1, i, within)
            for i, (key, child) in enumerate(part._modules.items())
            if child is not None and id(child) not in within
        ]
        stack += reversed(children)


def _args(part: torch.nn.Module) -> list[int]:
    for first, second in (("in_channels", "out_channels"), ("in_features", "out_features")):
        sizes = getattr(part, first, None), getattr(part, second, None)
        if all(isinstance(size, int) for size in sizes):
            return [int(size) for size in sizes if size is not None]
    return []


def _kwargs(part: torch.nn.Module) -> dict[str, Any]:
    simple = (bool, int, float, str)
    return {
        key: plain(value)
        for key, value in vars(part).items()
        if not key.startswith("_")
        and (isinstance(value, simple) or (isinstance(value, tuple) and all(isinstance(v, simple) for v in value)))
    }


def _lazy(parameter: torch.Tensor) -> bool:
    return bool(torch.nn.parameter.is_lazy(parameter))


class Tracer:
    """Looks on at one forward pass, and calls `done` after it. Touches no tensor."""

    def __init__(self, module: torch.nn.Module, done: Callable[[], None]) -> None:
        self.edges: Edges = {}
        self._done = done
        self._made: dict[str, list[Any]] = {}
        self._calls: list[_Call] = []
        self._handles: list[Any] = []
        self._thread: int | None = None
        named: dict[int, str] = {}
        for name, part, _, _ in _paths(module):
            if id(part) not in named:
                named[id(part)] = name
                before, after = _Hook(self._enter, name), _Hook(self._leave, name)
                self._handles.append(part.register_forward_pre_hook(before, with_kwargs=True))
                self._handles.append(part.register_forward_hook(after, with_kwargs=True))

    def remove(self) -> None:
        """Stops looking, and lets go of what was seen."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._calls = [], []

    def _enter(self, name: str, *inputs: Any) -> None:
        if self._thread is None:
            self._thread = threading.get_ident()
        elif self._thread != threading.get_ident():  # a replica of the module, at work on another device
            return
        self._calls.append(_Call(name))
        for i, tensor in enumerate(_tensors(inputs)):
            self._calls[-1].mark(tensor, f"in_{i}")
            if len(self._calls) > 1:
                self._connect(self._calls[-2], tensor, name)

    def _leave(self, name: str, _: Any, __: Any, outputs: Any) -> None:
        if self._thread != threading.get_ident():
            return
        if not self._calls or self._calls[-1].name != name:  # a forward pass that was left by an exception
            self._calls = []
            return
        call = self._calls.pop()
        for i, tensor in enumerate(_tensors(outputs)):
            self._connect(call, tensor, f"out_{i}")
            if self._calls:
                self._calls[-1].mark(tensor, name)
        if not self._calls:
            self.remove()
            self._done()

    def _connect(self, call: _Call, tensor: torch.Tensor, target: str) -> None:
        edges = self.edges.setdefault(call.name, [])
        for source in call.sources(tensor):
            if source != target and (source, target) not in edges:
                edges.append((source, target))


class _Call:
    """One call of a module, and who made the tensors seen in it so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._seen: dict[int, tuple[weakref.ref[torch.Tensor], Any, str]] = {}
        self._functions: dict[Any, str] = {}

    def mark(self, tensor: torch.Tensor, maker: str) -> None:
        self._seen[id(tensor)] = weakref.ref(tensor), tensor.grad_fn, maker
        if tensor.grad_fn is not None:
            self._functions[tensor.grad_fn] = maker

    def sources(self, tensor: torch.Tensor) -> list[str]:
        """Who made the tensor, or what it was computed from."""
        if id(tensor) in self._seen:
            known, function, maker = self._seen[id(tensor)]
            if function is tensor.grad_fn and known() is tensor:  # not changed in place since
                return [maker]
        if tensor.grad_fn is None:
            return self._sharing(tensor)
        found: dict[str, None] = {}
        seen: set[Any] = set()
        waiting: list[Any] = [tensor.grad_fn]
        while waiting and len(seen) < _STEPS_LIMIT:
            function = waiting.pop()
            if function is None or function in seen:
                continue
            seen.add(function)
            if function in self._functions:
                found[self._functions[function]] = None
            else:
                waiting += [earlier for earlier, _ in function.next_functions]
        return list(found) or self._unknown()

    def _sharing(self, tensor: torch.Tensor) -> list[str]:
        """Whose tensors have the same memory: without gradients, a view can be told by nothing else."""
        for known, _, maker in self._seen.values():
            other = known()
            if other is not None and _memory(other) == _memory(tensor) != 0:
                return [maker]
        return self._unknown()

    def _unknown(self) -> list[str]:
        """What has no history is taken to come from those inputs that have none, as data do."""
        return [maker for _, function, maker in self._seen.values() if function is None and maker.startswith("in_")]


def _memory(tensor: torch.Tensor) -> int:
    try:
        return int(tensor.untyped_storage().data_ptr())
    except (NotImplementedError, RuntimeError):  # sparse, fake or wrapped
        return 0


class _Hook:
    """A hook that is left behind when its module is pickled or copied, and that a compiler takes for nothing."""

    def __init__(self, act: Callable[..., None], name: str) -> None:
        self._act = act
        self._name = name

    def __call__(self, _: torch.nn.Module, *seen: Any) -> None:
        if not torch.compiler.is_compiling():
            self._act(self._name, *seen)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Nothing, ()


class _Nothing:
    def __call__(self, *_: Any) -> None:
        return None


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from _tensors(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors(value)
