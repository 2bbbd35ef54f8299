"""Logs the calls of another library's functions, by standing in for them."""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import pluto.compat.wandb as wandb
from pluto.compat.wandb.errors.errors import Error

K = TypeVar("K", bound=str, contravariant=True)
V = TypeVar("V")


class Response(Protocol[K, V]):
    """What a function of the library has answered: a mapping."""

    def __getitem__(self, key: K) -> V:
        """The value. Raises `KeyError`."""

    def get(self, key: K, default: V | None = None) -> V | None:
        """The value, or `default`."""


class ArgumentResponseResolver(Protocol):
    """Makes a row of a call; None where there is nothing to log."""

    def __call__(
        self, args: Sequence[Any], kwargs: dict[str, Any], response: Any, start_time: float, time_elapsed: float
    ) -> dict[str, Any] | None:
        """The row; `start_time` and `time_elapsed` in seconds."""


class PatchAPI:
    """Replaces functions of a library by ones that log."""

    def __init__(self, name: str, symbols: Sequence[str], resolver: ArgumentResponseResolver) -> None:
        """`name` is the library's, `symbols` are paths in its module, as `Pipeline.__call__`."""
        self.name = name
        self.symbols = symbols
        self.resolver = resolver
        self.original_methods: dict[str, Any] = {}
        self._api: Any = None

    @property
    def set_api(self) -> Any:
        """The library's module. Raises `wandb.Error` that says how to get it where it is missing."""
        if self._api is None:
            module = self.name.lower()
            try:
                self._api = importlib.import_module(module)
            except ImportError as error:
                raise Error(
                    f"To use the W&B {self.name} Autolog, you need to have the `{module}` python package installed."
                    f" Please install it with `pip install {module}`."
                ) from error
        return self._api

    def patch(self, run: Any) -> None:
        """Has calls logged to `run`. Symbols that this release of the library lacks are left out."""
        for symbol in self.symbols:
            owner, name = self._owner(symbol)
            if owner is None or symbol in self.original_methods:
                continue
            original = getattr(owner, name)
            self.original_methods[symbol] = original
            setattr(owner, name, self._logging(original, run))

    def unpatch(self) -> None:
        """Puts the functions back."""
        for symbol, original in self.original_methods.items():
            owner, name = self._owner(symbol)
            setattr(owner, name, original)
        self.original_methods.clear()

    def _owner(self, symbol: str) -> tuple[Any, str]:
        *path, name = symbol.split(".")
        owner: Any = self.set_api
        for part in path:
            owner = getattr(owner, part, None)
        return (owner, name) if hasattr(owner, name) else (None, name)

    def _logging(self, original: Callable[..., Any], run: Any) -> Callable[..., Any]:
        def told(args: Any, kwargs: Any, answer: Any, began: float) -> None:
            try:
                row = self.resolver(args, kwargs, answer, began, time.time() - began)
                if row is not None:
                    run.log(row)
            except Exception as error:  # noqa: BLE001  what is logged must not spoil what was called
                wandb.termwarn(f"a call of {self.name} was not logged: {error}", repeat=False)

        if inspect.iscoroutinefunction(original) or asyncio.iscoroutinefunction(original):

            @functools.wraps(original)
            async def later(*args: Any, **kwargs: Any) -> Any:
                began = time.time()
                answer = await original(*args, **kwargs)
                told(args, kwargs, answer, began)
                return answer

            return later

        @functools.wraps(original)
        def now(*args: Any, **kwargs: Any) -> Any:
            began = time.time()
            answer = original(*args, **kwargs)
            told(args, kwargs, answer, began)
            return answer

        return now


class AutologAPI:
    """Logs a library's calls from `enable()` (or a call of it) on, until `disable()`."""

    def __init__(
        self,
        name: str,
        symbols: Sequence[str],
        resolver: ArgumentResponseResolver,
        telemetry_feature: str | None = None,
    ) -> None:
        """`telemetry_feature` is there for the original's sake: nothing is counted here."""
        self._telemetry_feature = telemetry_feature
        self._patch_api = PatchAPI(name, symbols, resolver)
        self._name = name
        self._run: Any = None
        self._own_run = False

    @property
    def _is_enabled(self) -> bool:
        return self._run is not None

    def __call__(self, init: Any = None) -> None:
        """As `enable`."""
        self.enable(init=init)

    def enable(self, init: Any = None) -> None:
        """Begins. Logs to the open run; `init` is a dict of arguments for `wandb.init`, or True, for one of its own."""
        if self._is_enabled:
            wandb.termlog(f"{self._name} autologging is already enabled, disabling and re-enabling.")
            self.disable()
        _ = self._patch_api.set_api
        if init is None and wandb.run is not None:
            self._run, self._own_run = wandb.run, False
        else:
            self._run, self._own_run = wandb.init(**(init if isinstance(init, dict) else {})), True
        self._patch_api.patch(self._run)

    def disable(self) -> None:
        """Ends it; finishes the run, if it is its own."""
        if not self._is_enabled:
            return
        self._patch_api.unpatch()
        run, self._run = self._run, None
        if self._own_run:
            run.finish()
