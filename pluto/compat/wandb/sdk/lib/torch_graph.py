"""The layers of a torch module as a `Graph`, seen while data pass through it once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch

from pluto.compat.wandb.sdk.data_types.graph import Graph, Node

_PASSED_THROUGH = (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)


class TorchGraph(Graph):
    """A node for each child of the module, and for each in its containers, in the order in which they were used."""

    def __init__(self, module: torch.nn.Module, done: Callable[[TorchGraph], object]) -> None:
        """`done` is called with the graph once all of them have been."""
        super().__init__("torch")
        self._done = done
        self._handles: dict[int, Any] = {}
        for name, part in _layers(module):
            if id(part) not in self._handles:
                self._handles[id(part)] = part.register_forward_hook(_Look(self, name))

    def remove(self) -> None:
        """Looks no longer."""
        for handle in self._handles.values():
            handle.remove()
        self._handles = {}

    def _passed(self, name: str, part: torch.nn.Module, output: Any) -> None:
        handle = self._handles.pop(id(part), None)
        if handle is None:
            return
        handle.remove()
        parameters = [(key, list(parameter.shape)) for key, parameter in part.named_parameters()]
        self.add_node(
            Node(
                id=id(part),
                name=name,
                class_name=str(part),
                output_shape=_shape(output if isinstance(output, tuple) else (output,)),
                parameters=parameters,
                num_parameters=[math.prod(shape) for _, shape in parameters],
            )
        )
        if not self._handles:
            self._done(self)


class _Look:
    """A hook that stays behind where its module is pickled or copied, and that a compiler takes for nothing."""

    def __init__(self, graph: TorchGraph, name: str) -> None:
        self._graph = graph
        self._name = name

    def __call__(self, part: torch.nn.Module, _: Any, output: Any) -> None:
        if not torch.compiler.is_compiling():
            self._graph._passed(self._name, part, output)

    def __reduce__(self) -> tuple[Any, ...]:
        return Nothing, ()


class Nothing:
    """A hook that does nothing."""

    def __call__(self, *_: Any) -> None:
        """Takes what a hook takes."""


def _layers(module: torch.nn.Module, prefix: str = "") -> Iterator[tuple[str, torch.nn.Module]]:
    for name, part in module.named_children():
        if isinstance(part, _PASSED_THROUGH):
            yield from _layers(part, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", part


def _shape(value: Any) -> Any:
    """The shapes of the tensors in nested lists, as the original has them: nothing for what has none."""
    if hasattr(value, "size") and callable(value.size):
        return list(value.size())
    if isinstance(value, (list, tuple)):
        return [_shape(item) for item in value]
    return []
