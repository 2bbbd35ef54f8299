"""`watch`: gradients and parameters of torch modules as histograms in the rows of a run, and their graph."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn
from pluto.protocol.records import ModelGraph

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.run_history import RunHistory

BINS: Final = 64
_count = itertools.count()
"""Numbers the modules watched in this process."""


def _watch(
    run: RunHistory,
    models: Any,
    criterion: Any = None,
    log: str | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> list[Any]:
    """See `Run.watch`. Gives the graphs, which are filled in the next forward pass, one a model."""
    if log not in ("gradients", "parameters", "all", None):
        raise ValueError("log must be one of 'gradients', 'parameters', 'all', or None")
    try:
        import torch
    except ImportError as error:
        raise Error("wandb.watch only works with pytorch, couldn't import torch.") from error
    chosen = tuple(models) if isinstance(models, (tuple, list)) else (models,)
    for model in chosen:
        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"Expected a pytorch model (torch.nn.Module). Received {type(model)}")
    watches: list[Watched] = run.__dict__.setdefault("_watches", [])
    if log_graph:
        _once(watches, chosen)
    graphs = []
    for offset, model in enumerate(chosen):
        number = next(_count)
        place = number if idx is None else idx + offset
        prefix = f"graph_{place}" if place > 0 else ""
        watched = Watched(run, model, prefix, log_freq)
        if log in ("parameters", "all"):
            watched.parameters()
        if log in ("gradients", "all"):
            watched.gradients()
        if log_graph:
            graphs.append(watched.graph(f"graph_{place}", criterion))
        watches.append(watched)
    return graphs


def _once(watches: Sequence[Watched], models: Sequence[Any]) -> None:
    if any(watched.graphed and watched.model is model for watched in watches for model in models):
        raise ValueError(
            "You can only call `wandb.watch` once per model.  Pass a new instance of the model if you need to call"
            " wandb.watch again in your code."
        )


def _unwatch(run: RunHistory, models: Any = None) -> None:
    """See `Run.unwatch`."""
    watches: list[Watched] = run.__dict__.get("_watches", [])
    if models is None:
        chosen = list(watches)
    else:
        wanted: Sequence[Any] = models if isinstance(models, (tuple, list)) else (models,)
        chosen = [watched for watched in watches if any(watched.model is model for model in wanted)]
        for model in wanted:
            if not any(watched.model is model for watched in watches):
                termwarn(f"{type(model).__name__} model has not been watched")
    for watched in chosen:
        watched.remove()
        watches.remove(watched)


class Watched:
    """A module with hooks in it. Whatever goes wrong in one ends the watching, and never a training."""

    def __init__(self, run: RunHistory, model: Any, prefix: str, every: int) -> None:
        self.model = model
        self._run = run
        self._prefix = prefix
        self._every = max(1, every)
        self._handles: list[Any] = []
        self.graphed = False
        """Whether its graph was asked for."""

    def parameters(self) -> None:
        """Logs the parameters after every so many forward passes."""
        due = self._counter()

        def after() -> None:
            if due():
                for name, parameter in self.model.named_parameters():
                    self._log(f"parameters/{self._prefix}{name}", parameter)

        self._handles.append(self.model.register_forward_hook(_Forward(lambda: self._guarded(after))))

    def gradients(self) -> None:
        """Logs the gradient of each parameter every so many times it has one."""
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                self._handles.append(parameter.register_hook(self._hook(f"gradients/{self._prefix}{name}")))

    def graph(self, key: str, criterion: Any) -> Any:
        """Keeps the modules and how they are connected in the first forward pass; the layers in the summary, too."""
        from pluto.compat.torch_graph import Tracer, model_graph
        from pluto.compat.wandb.sdk.lib.torch_graph import TorchGraph

        def keep() -> None:
            edges = tracer.edges
            tracer.remove()
            if not self._run._is_finished:
                self._run._op.write(ModelGraph(time.time_ns() // 1000, model_graph(self.model, edges)))

        self.graphed = True
        tracer = Tracer(self.model, lambda: self._guarded(keep))
        graph = TorchGraph(self.model, lambda made: self._guarded(lambda: self._run.summary.update({key: made})))
        graph.criterion, graph.criterion_passed = criterion, criterion is not None
        self._handles += tracer, graph
        return graph

    def remove(self) -> None:
        """Takes the hooks out."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _hook(self, name: str) -> Callable[[Any], None]:
        due = self._counter()

        def hook(gradient: Any) -> None:
            if due():
                self._guarded(lambda: self._log(name, gradient))

        return hook

    def _counter(self) -> Callable[[], bool]:
        calls = itertools.count(1)
        return lambda: next(calls) % self._every == 0

    def _log(self, name: str, tensor: Any) -> None:
        found = histogram(tensor)
        if found is not None:
            self._run.log({name: found}, commit=False)

    def _guarded(self, act: Callable[[], object]) -> None:
        if self._run._is_finished:
            self.remove()
            return
        try:
            act()
        except Exception as error:  # noqa: BLE001  nothing of ours may end a training
            self.remove()
            termwarn(f"watching ended: {type(error).__name__}: {error}", repeat=False)


class _Forward:
    """A hook after a forward pass: stays behind where the module is pickled or copied, and is not compiled with it."""

    def __init__(self, act: Callable[[], None]) -> None:
        import torch

        self._act = torch.compiler.disable(act)

    def __call__(self, *_: Any) -> None:
        self._act()

    def __reduce__(self) -> tuple[Any, ...]:
        from pluto.compat.wandb.sdk.lib.torch_graph import Nothing

        return Nothing, ()


def histogram(tensor: Any) -> dict[str, Any] | None:
    """The distribution of a tensor's finite values in 64 bins, in one where they are all equal; None without any."""
    import torch

    from pluto.compat import torch as engine

    with torch.no_grad():
        values = tensor.detach()
        values = values.to_local() if hasattr(values, "to_local") else values
        values = torch.view_as_real(values) if values.is_complex() else values
        dense = values.layout == torch.strided
        values = values if dense else values.coalesce().values()
        finite = values[torch.isfinite(values)]
        if finite.numel() == 0:
            return None
        low, high = (float(edge) for edge in torch.aminmax(finite.float() if finite.is_floating_point() else finite))
    if low == high and dense:
        return {"_type": "histogram", "values": [int(finite.numel())], "bins": [low, high]}
    counted = engine.histogram(tensor, BINS)
    return {"_type": "histogram", "values": counted.counts, "bins": counted.edges}
