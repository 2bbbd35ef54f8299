"""An artifact on its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts.exceptions import WaitTimeoutError

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.engine import RunOp
    from pluto.query import Client

_LOOK_S: Final = 1.0


@dataclass
class Pending:
    """What is known of an artifact that was handed over."""

    op: RunOp
    seq: int
    """Of its record in the run's journal."""
    token: str
    make_client: Callable[[], Client]
    whole: bool = True
    """Whether it is a version by itself, and not a part of one."""

    @property
    def client(self) -> Client:
        """What reads from where it goes to."""
        return self.make_client()

    def wait(self, timeout: float | None) -> dict[str, Any] | None:
        """The version it has become; None for a part, and where the server has no versions.

        Raises `WaitTimeoutError` and `ValueError` as `Artifact.wait`.
        """
        self._arrive(timeout)
        from pluto.query import QueryError

        if not self.whole:
            return None
        if not self.client.has_artifacts:
            termwarn(
                f"{self.client.where} is a stock server: it has the artifact's files and a manifest, and no versions",
                repeat=False,
            )
            return None
        try:
            row = self.client.get_artifact_by_token(self.token)
        except QueryError as error:
            raise WaitTimeoutError(
                f"Artifact upload wait timed out, failed to fetch Artifact response: {error}"
            ) from error
        if row is None:
            raise ValueError(self._refusal() or "the artifact was refused")
        return row

    def _arrive(self, timeout: float | None) -> None:
        """Waits for delivery: for as long as it gets on, where no time is given."""
        deadline = None if timeout is None else time.monotonic() + timeout
        stuck_since: float | None = None
        while True:
            left = _LOOK_S if deadline is None else min(_LOOK_S, max(deadline - time.monotonic(), 0))
            if self.op.delivered(self.seq, left):
                return
            now = time.monotonic()
            problem = self.op.problem
            stuck_since = None if problem is None and self.op.attended else stuck_since or now
            hopeless = stuck_since is not None and now - stuck_since > self.op.settings.init_timeout
            if (deadline is not None and now >= deadline) or (deadline is None and hopeless):
                because = f": {problem}" if problem else ""
                raise WaitTimeoutError(
                    f"Artifact upload wait timed out, failed to fetch Artifact response{because}; it is kept and"
                    " delivered later"
                )

    def _refusal(self) -> str | None:
        """Why the store did not take it."""
        for refused in self.op.poisoned():
            # Records are arrays there: the token is the second field.
            if refused.get("kind") == "ARTIFACT" and refused.get("record", [None, None])[1] == self.token:
                return str(refused.get("error"))
        return None
