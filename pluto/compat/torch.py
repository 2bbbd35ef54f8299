"""Watching a torch module: its gradients and parameters as histograms, and its graph."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, Literal

import torch

from pluto.compat.torch_graph import Tracer, model_graph
from pluto.core import live
from pluto.core.data import Histogram
from pluto.core.data.histogram import widened
from pluto.core.errors import RunError
from pluto.core.op import Op
from pluto.core.say import logger
from pluto.protocol.records import Kind, ModelGraph, encode

Log = Literal["gradients", "parameters", "all"]

_CHUNK: Final = 1 << 22
"""Values counted at once, which bounds the memory it takes."""

_watches: weakref.WeakKeyDictionary[torch.nn.Module, Watch] = weakref.WeakKeyDictionary()


def watch(
    module: torch.nn.Module,
    op: Op | None = None,
    *,
    log: Log | None = "all",
    log_freq: int = 1000,
    log_graph: bool = False,
    bins: int = 64,
    freq: int | None = None,
    disable_grad: bool = False,
    disable_param: bool = False,
    disable_graph: bool | None = None,
) -> Watch:
    """Logs histograms of a module's gradients and parameters every `log_freq` backward passes; the handle to stop it.

    They are named `<x_grad_label>/<name>` and `<x_param_label>/<name>` (`grad/` and `param/` unless the settings say
    otherwise), names as in `module.named_parameters()` without what DistributedDataParallel and `torch.compile` put in
    front, and get the step of the next `log()`. `log` chooses `"gradients"`, `"parameters"`, `"all"` or None. A
    gradient is that of the one backward pass and this process, before accumulation and before ranks are averaged.
    Values that are not finite are left out and counted. Only parameters that need gradients when watching starts have
    theirs watched.

    With `log_graph` the modules and how they are connected are logged once, after the first forward pass; of a compiled
    module, the modules alone.

    `op` is the run, the latest one if None. Watching a module again replaces its watch. The module can be copied,
    pickled and compiled as before. `freq`, `disable_grad`, `disable_param` and `disable_graph` are older names: the
    same as `log_freq`, and the contrary of parts of `log` and of `log_graph`.

    Raises `TypeError` and `ValueError` for arguments that make no sense. Nothing is raised into training: a watch that
    fails says so, once, and ends.
    """
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"watch: a torch.nn.Module is needed, not {type(module).__name__}")
    if log not in ("gradients", "parameters", "all", None):
        raise ValueError(f"watch: log is 'gradients', 'parameters', 'all' or None, not {log!r}")
    every = log_freq if freq is None else freq
    numbers: dict[str, Any] = {"log_freq": every, "bins": bins}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise ValueError(f"watch: {name} is a whole number from 1 on, not {number!r}")
    inner = _unwrapped(module)
    unwatch(inner)
    watching = Watch(
        inner,
        live.latest("watch") if op is None else op,
        every,
        bins,
        gradients=log in ("gradients", "all") and not disable_grad,
        parameters=log in ("parameters", "all") and not disable_param,
        graph=log_graph if disable_graph is None else not disable_graph,
        compiled=inner is not module and hasattr(module, "_orig_mod"),
    )
    _watches[inner] = watching
    return watching


def unwatch(module: torch.nn.Module | None = None) -> None:
    """Ends the watch of a module, or all there are. Harmless where there is none."""
    watches = list(_watches.values()) if module is None else [_watches.get(_unwrapped(module))]
    for watching in watches:
        if watching is not None:
            watching.remove()


class Watch:
    """The watch of one module by one run."""

    def __init__(
        self,
        module: torch.nn.Module,
        op: Op,
        every: int,
        bins: int,
        *,
        gradients: bool,
        parameters: bool,
        graph: bool,
        compiled: bool,
    ) -> None:
        self._module = weakref.ref(module)
        self._op = weakref.ref(op)
        self._every = every
        self._bins = bins
        self._gradients = gradients
        self._parameters = parameters
        self._passes = 0
        self._pass_id = -1
        self._sampling = False
        self._found: dict[str, Histogram] = {}
        self._lock = threading.Lock()
        self._handles: list[Any] = []
        self._graph = graph
        self._tracer: Tracer | None = None
        if op.settings.mode == "disabled":
            return
        if gradients or parameters or graph:
            parameter: Any
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    self._handles.append(parameter.register_hook(self._hook(name)))
            if not self._handles and (gradients or parameters):
                logger.warning("watch: no parameter needs gradients, so there is no backward pass to watch")
        if graph and compiled:
            self._log_graph()
        elif graph:
            self._tracer = Tracer(module, self._log_graph)

    def remove(self) -> None:
        """Ends the watch: all hooks are gone."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if self._tracer is not None:
            self._tracer.remove()
        module = self._module()
        if module is not None and _watches.get(module) is self:
            del _watches[module]

    def _hook(self, name: str) -> Callable[[torch.Tensor], None]:
        pass_id: Callable[[], int] = torch._C._current_graph_task_id
        collect = partial(self._collect, name)

        def hook(gradient: torch.Tensor) -> None:
            # Called for each parameter in each pass: this line is all there is to do in most.
            if pass_id() != self._pass_id:
                self._begin(pass_id())
            if self._sampling:
                collect(gradient)

        return hook

    def _begin(self, pass_id: int) -> None:
        """The first gradient of a pass has come."""
        with self._lock:  # gradients of several devices come in threads of their own
            if pass_id == self._pass_id:
                return
            self._pass_id = pass_id
            self._passes += 1
            self._found = {}
            self._sampling = self._passes % self._every == 0
        if self._graph:
            self._guarded(self._log_graph)
        if self._sampling:
            torch.autograd.Variable._execution_engine.queue_callback(self._end)

    def _collect(self, name: str, gradient: torch.Tensor) -> None:
        if self._gradients:
            self._guarded(lambda: self._found.update({name: histogram(gradient, self._bins)}))

    def _end(self) -> None:
        """All gradients of a sampled pass have come."""
        self._sampling = False
        if self._handles:
            self._guarded(self._log)

    def _log(self) -> None:
        op, module = self._op(), self._module()
        if op is None or module is None:
            self.remove()
            return
        values = {f"{op.settings.x_grad_label}/{name}": found for name, found in self._found.items()}
        if self._parameters:
            for name, parameter in _parameters(module):
                values[f"{op.settings.x_param_label}/{name}"] = histogram(parameter, self._bins)
        self._found = {}
        if values:
            op.log(values, commit=False)

    def _log_graph(self) -> None:
        op, module = self._op(), self._module()
        with self._lock:
            due, self._graph = self._graph, False
        if not due or op is None or module is None:
            return
        edges = {} if self._tracer is None else self._tracer.edges
        body = model_graph(module, edges)
        op._put(Kind.MODEL_GRAPH, encode(ModelGraph(time.time_ns() // 1000, body)))
        if self._tracer is not None:
            self._tracer.remove()
        if not self._gradients and not self._parameters:
            self.remove()

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except RunError:  # the run is finished
            self.remove()
        except Exception as error:  # noqa: BLE001  # nothing of ours may end a training
            self.remove()
            logger.error("watching ended: %s: %s", type(error).__name__, error)


def histogram(tensor: Any, bins: int = 64) -> Histogram:
    """The distribution of a tensor's values, counted on its device. The zeros of a sparse tensor count, too."""
    with torch.no_grad():
        return _histogram(tensor.detach(), bins)


def _histogram(tensor: Any, bins: int) -> Histogram:
    if hasattr(tensor, "to_local"):
        tensor = tensor.to_local()
    zeros = 0
    if tensor.layout != torch.strided:
        sparse = (tensor if tensor.layout == torch.sparse_coo else tensor.to_sparse_coo()).coalesce()
        tensor = sparse.values()
        zeros = sparse.numel() - tensor.numel()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    values = tensor.reshape(-1)
    if not values.is_floating_point():
        values = values.double()
    elif values.dtype not in (torch.float32, torch.float64):
        values = values.float()
    finite = torch.isfinite(values)
    left_out = 0
    if not bool(finite.all()):
        values = values[finite]
        left_out = finite.numel() - values.numel()
    extremes = [float(edge) for edge in torch.aminmax(values)] if values.numel() else []
    if zeros:
        extremes.append(0.0)
    if not extremes:
        return Histogram.counted([0] * bins, 0.0, 1.0, left_out)
    low, high = widened(min(extremes), max(extremes), bins)
    counts = torch.zeros(bins, dtype=torch.int64)
    for chunk in values.split(_CHUNK):
        counts += torch.bincount(_places(chunk, low, high, bins), minlength=bins).cpu()
    freq = counts.tolist()
    if zeros:
        freq[int(_places(torch.zeros(1, dtype=torch.float64), low, high, bins))] += zeros
    return Histogram.counted(freq, low, high, left_out)


def _places(values: torch.Tensor, low: float, high: float, bins: int) -> torch.Tensor:
    """The number of the bin that each value falls into."""
    limits = torch.finfo(values.dtype)
    width = high / bins - low / bins
    if (
        width <= max(abs(low), abs(high)) * limits.eps * 4
        or width < limits.tiny * bins
        or width > limits.max / bins / 2
    ):
        values = values.cpu().double()  # not on the device: not all have float64
    if width > sys.float_info.max / bins / 2:
        values, low, width = values / 4, low / 4, width / 4
    return ((values - low) / width).long().clamp_(0, bins - 1)


def _unwrapped(module: Any) -> Any:
    """The module within what `torch.compile` and data parallelism put around it."""
    while True:
        if hasattr(module, "_orig_mod"):
            module = module._orig_mod
        elif isinstance(module, (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)):
            module = module.module
        else:
            return module


def _parameters(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    parameter: Any
    for name, parameter in module.named_parameters():
        if not torch.nn.parameter.is_lazy(parameter) and not parameter.is_meta:
            yield name, parameter
