"""A run that keeps nothing: `mode="disabled"`, or the main script imported again by a spawned child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pluto.core.op import Op
from pluto.protocol.records import Kind


class InertOp(Op):
    """Takes every call of a run and does nothing; what only a server knows is None."""

    def log(
        self,
        data: Mapping[str, Any],  # noqa: ARG002
        step: int | float | None = None,
        commit: bool | None = None,
        timestamp: float | None = None,  # noqa: ARG002
    ) -> None:
        """Counts the step."""
        if step is not None:
            self._step = step
        elif not self._open:
            self._step += 1
        self._open = commit is False

    def alert(
        self,
        message: str | None = None,
        title: str = "pluto",
        level: str = "INFO",
        wait: float = 0,
        url: str | None = None,
        remote: bool = True,
        **kwargs: Any,
    ) -> None:
        """Nothing."""

    def _put(self, kind: Kind, body: bytes) -> None:
        """Nothing, after the end as before."""

    def watch(self, module: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Nothing: the module gets no hooks."""
        return None
