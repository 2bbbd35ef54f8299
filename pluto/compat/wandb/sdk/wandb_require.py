"""`wandb.require`: features that a script says it needs."""

from __future__ import annotations

from collections.abc import Iterable

from pluto.compat.wandb.errors.errors import UnsupportedError
from pluto.compat.wandb.errors.term import termwarn

_ALWAYS = frozenset({"core", "legacy-service", "require", "service"})


def require(requirement: str | Iterable[str] | None = None, experiment: str | Iterable[str] | None = None) -> None:
    """Checks that features are there: `service`, `core` and `require` are. Raises `UnsupportedError` for others."""
    asked = requirement or experiment or ()
    wrong = ""
    for feature in (asked,) if isinstance(asked, str) else tuple(asked):
        name = feature.partition("@")[0].partition(":")[0]
        if name not in _ALWAYS:
            wrong = f"require() unsupported requirement: {name}"
            termwarn(wrong)
        elif name != "require":
            termwarn(f"`wandb.require('{name}')` is a no-op as it is now the default behavior.", repeat=False)
    if wrong:
        raise UnsupportedError(wrong)
