"""What stands for `log`, `config` and the others while no run is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from pluto.compat.wandb.errors.errors import Error


class PreInitObject:
    """`config` or `summary` before a run: every use raises `Error`; probes for underscored names find nothing."""

    def __init__(self, name: str, destination: Any | None = None) -> None:
        self._name = name
        if destination is not None:
            self.__doc__ = destination.__doc__

    def __getitem__(self, key: str) -> NoReturn:
        raise Error(f"You must call wandb.init() before {self._name}[{key!r}]")

    def __setitem__(self, key: str, value: Any) -> NoReturn:
        raise Error(f"You must call wandb.init() before {self._name}[{key!r}]")

    def __setattr__(self, key: str, value: Any) -> None:
        if not key.startswith("_"):
            raise Error(f"You must call wandb.init() before {self._name}.{key}")
        object.__setattr__(self, key, value)

    def __getattr__(self, key: str) -> NoReturn:
        if not key.startswith("_"):
            raise Error(f"You must call wandb.init() before {self._name}.{key}")
        raise AttributeError(key)


def PreInitCallable(name: str, destination: Any | None = None) -> Callable[..., NoReturn]:  # noqa: N802
    """A function that raises `Error`, whatever it is called with."""

    def before_init(*_: Any, **__: Any) -> NoReturn:
        raise Error(f"You must call wandb.init() before {name}()")

    before_init.__name__ = before_init.__qualname__ = name
    if destination is not None:
        before_init.__wrapped__ = destination  # type: ignore[attr-defined]
        before_init.__doc__ = destination.__doc__
    return before_init
