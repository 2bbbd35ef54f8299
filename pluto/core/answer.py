"""What the server says about a run, waited for where a caller asks."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pluto.core.errors import NotDeliveredError, RunError, RunExistsError, RunNotFoundError
from pluto.core.receipt import Receipt, Refusal, RunFacts
from pluto.core.recorder import Recorder
from pluto.core.settings import Local, Settings

_POLL_S: Final = 0.005
_WAKE_S: Final = 1.0
_UNREACHABLE_S: Final = 5.0
"""How long a server that is known to be in trouble is waited for."""


class Answer:
    """Reads the receipt of a run."""

    def __init__(self, recorder: Recorder | None, settings: Settings) -> None:
        self._recorder = recorder
        self._settings = settings
        self._facts: RunFacts | None = None

    @property
    def known(self) -> RunFacts | None:
        """The answer, if it is there."""
        if self._facts is None and self._recorder is not None:
            self._facts = self._recorder.receipts.answer()[0]
        return self._facts

    @property
    def project(self) -> str | None:
        """The run's own project, once known."""
        return self._facts.project_name if self._facts else None

    @property
    def label(self) -> str | None:
        """What to call the run, once known."""
        return (self.known.display_id or f"#{self.known.run_id}") if self.known else None

    def headline(self, external_id: str | None) -> str:
        """Whether the run is new, and where to look at it: at its page, or how at what the local store has of it."""
        facts = self.known
        if facts is None:
            return "is on its way"
        begun = f"{'resumed' if facts.resumed else 'started'}{f' (external_id={external_id})' if external_id else ''}"
        target = self._settings.target()
        if not isinstance(target, Local):
            return f"{begun}: {facts.url}" if facts.url else begun
        home, root = Path.home(), target.store.parent
        elsewhere = [] if root == home / ".pluto" else ["--dir", str(root)]
        look = shlex.join(["pluto", "query", "run", str(facts.project_name), str(self.label), *elsewhere])
        store = Path("~") / target.store.relative_to(home) if target.store.is_relative_to(home) else target.store
        return f"{begun} in {store}; look: {look}"

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled on the server."""
        return self._receipt().cancelled

    @property
    def status(self) -> str:
        """The run's status on the server; empty while nothing is known."""
        return self._receipt().status

    def facts(self, what: str) -> RunFacts:
        """The answer; waits `init_timeout` seconds for it.

        Raises `NotDeliveredError` when it has not come, and what `error_of` makes of a refusal. Of a run that is not
        recorded nothing is ever known: empty facts.
        """
        if self._recorder is None:
            return RunFacts()
        if self.known is None:
            found, refusal = self.wait()
            if refusal is not None:
                raise error_of(refusal)
            if found is None:
                raise NotDeliveredError(self._why(what))
        assert self._facts is not None
        return self._facts

    def wait(self) -> tuple[RunFacts | None, Refusal | None]:
        """The answer or the refusal; neither when none came within `init_timeout` seconds."""
        recorder = self._recorder
        if recorder is None or self._settings.mode != "online":
            return None, None
        hopeless = time.monotonic() + _UNREACHABLE_S

        def told() -> bool:
            if recorder.receipts.answer() != (None, None):
                return True
            return time.monotonic() > hopeless and self._receipt().problem is not None

        self.until(told, self._settings.init_timeout)
        self._facts, refusal = recorder.receipts.answer()
        return self._facts, refusal

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Waits for what the deliverer does; starts it again should it be gone."""
        deadline = time.monotonic() + seconds
        waking = 0.0
        while not condition():
            now = time.monotonic()
            if now >= deadline:
                return False
            if now >= waking and self._recorder is not None:
                self._recorder.wake()
                waking = now + _WAKE_S
            time.sleep(_POLL_S)
        return True

    def _receipt(self) -> Receipt:
        return Receipt() if self._recorder is None else self._recorder.receipts.read()

    def _why(self, what: str) -> str:
        if self._settings.mode == "offline":
            return f"an offline run gets its {what} from `pluto sync`; mode='online' delivers it while it goes on"
        problem = self._receipt().problem
        because = f" ({problem})" if problem else ""
        return (
            f"the server did not tell the run's {what} within {self._settings.init_timeout:g} s{because}; logging goes"
            " on without it, `init_timeout` sets how long to wait"
        )


def error_of(refusal: Refusal) -> RunError:
    """The error a refusal becomes."""
    if refusal.reason == "exists":
        return RunExistsError(
            f"{refusal.message or 'a run of this id exists'}: pass resume=True to continue it, or another run_id"
        )
    if refusal.reason == "missing":
        return RunNotFoundError(refusal.message or "there is no such run")
    if refusal.reason == "unauthorized":
        return RunError(f"{refusal.message or 'the server does not accept the key'}: `pluto login` sets another one")
    return RunError(refusal.message or f"the server refused the run: {refusal.reason}")
