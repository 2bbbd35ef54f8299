"""What the server says to the opening of a run, and where a run stood that was there before."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_scale.exceptions import (
    NeptuneRunConflicting,
    NeptuneRunDuplicate,
    NeptuneRunForkParentNotFound,
    NeptuneRunInvalidCreationParameters,
    NeptuneRunNotFound,
    NeptuneUnauthorizedError,
)
from pluto.compat.neptune_scale.util import get_logger
from pluto.core import fork
from pluto.core.errors import RunError
from pluto.core.settings import Local, Settings

if TYPE_CHECKING:
    from pluto.core.op import Op
    from pluto.core.receipt import Refusal, RunFacts

_ANSWER_S: Final = 1.0
"""How long the first point of a run that may have been there before waits for the answer whether it was."""
_READ_S: Final = 5


@dataclass(frozen=True, slots=True)
class Before:
    """What a run had when it was joined."""

    kinds: Mapping[str, AttributeKind] = field(default_factory=dict)
    series: Mapping[AttributeKind, dict[str, tuple[float, Any]]] = field(default_factory=dict)
    """Last step and value of each series."""


class History:
    """Hears the answer on a thread, and tells what is wrong with it.

    `shared`: others may have written the run, so that its steps have to go on. `forks`: it was asked for as a fork.
    """

    def __init__(
        self, op: Op, run_id: str, tell: Callable[[BaseException], None], *, shared: bool, forks: bool
    ) -> None:
        self._op = op
        self._run_id = run_id
        self._tell = tell
        self._forks = forks
        self._asks = shared and op.online
        self._waits = self._asks
        self._facts: RunFacts | None = None
        self._heard = threading.Event()
        fork.tell(self)

    def listen(self) -> None:
        """Begins to wait for the answer."""
        if self._op.online:
            threading.Thread(target=self._listen, name="neptune-answer", daemon=True).start()

    def needed(self, step: float | None) -> Before | None:
        """What the run had before, where that matters for a point at this step. Given once."""
        if not self._asks:
            return None
        if not self._heard.wait(_ANSWER_S if self._waits else 0):
            self._waits = False
            return None
        facts = self._facts
        if facts is None or not facts.resumed or facts.last_step is None:
            self._asks = False
            return None
        if step is not None and step > facts.last_step:
            return None
        self._asks = False
        return self._read()

    def forked(self) -> None:
        """In a forked child: nobody listens, and the lock in what is waited for may be held for ever."""
        self._waits = False
        self._heard = threading.Event()
        if self._facts is not None:
            self._heard.set()

    def _listen(self) -> None:
        facts, refusal = self._op.answer()
        self._facts = facts
        self._heard.set()
        for error in self._problems(facts, refusal):
            self._tell(error)

    def _problems(self, facts: RunFacts | None, refusal: Refusal | None) -> Iterator[BaseException]:
        if refusal is not None and refusal.reason == "unauthorized":
            yield NeptuneUnauthorizedError()
        elif refusal is not None and refusal.reason == "missing":
            yield NeptuneRunNotFound()
        elif refusal is not None:
            yield NeptuneRunInvalidCreationParameters(because=f" ({refusal.message or refusal.reason})")
        if facts is None:
            return
        unforked = self._forks and facts.forked_from_run_id is None
        if facts.resumed:
            yield NeptuneRunDuplicate()
            if unforked:
                yield NeptuneRunConflicting()
        elif unforked:
            yield NeptuneRunForkParentNotFound()

    def _read(self) -> Before | None:
        from pluto.compat.attributes import AttributeReader
        from pluto.query import QueryError

        try:
            with AttributeReader(settings=self._op.settings, timeout=_READ_S) as reader:
                run = reader.find(self._op.project, external_id=self._run_id)
                if run is None:
                    return None
                series: dict[AttributeKind, dict[str, tuple[float, Any]]] = {}
                for path, kind in run.definitions.items():
                    if kind in (AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES):
                        summary = run.summary(path)
                        if summary is not None and summary.last_step is not None:
                            series.setdefault(kind, {})[path] = summary.last_step, summary.last
                kinds = {path: kind for path, kind in run.definitions.items() if not path.startswith("sys/")}
                return Before(kinds, series)
        except (QueryError, KeyError) as error:
            get_logger().debug("what the run had before could not be read: %s", error)
            return None


def address(op: Op, run_id: str) -> str:
    """Where a run can be looked at. Waits for the server's answer; without one it is the server's own address."""
    if not isinstance(op.settings.target(), Local):
        with contextlib.suppress(RunError):
            return op.url or ""
    return place(op.settings, op.project, run_id)


def place(settings: Settings, project: str, run_id: str) -> str:
    """The address of the server; of the local store, which has no pages, its folder."""
    target = settings.target()
    if not isinstance(target, Local):
        return target.app
    return f"{target.store.absolute().as_uri()}?{urlencode({'project': project, 'run': run_id})}"
