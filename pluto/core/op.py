"""A run as the training process sees it."""

from __future__ import annotations

import contextlib
import importlib
import math
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

from pluto.core import fork, live, process, pulse, shutdown
from pluto.core.answer import Answer
from pluto.core.config import Config
from pluto.core.encode import PLAIN, Sorted, Sorter, pack
from pluto.core.encode import step as checked_step
from pluto.core.errors import RunError
from pluto.core.jsonable import to_json
from pluto.core.observers import Observers
from pluto.core.receipt import Refusal, RunFacts
from pluto.core.recorder import Opening, Recorder, explain
from pluto.core.say import logger
from pluto.core.settings import Settings
from pluto.core.shutdown import COMPLETED, Delivery, End, ShutdownPolicy
from pluto.protocol import records
from pluto.protocol.records import Kind, encode

_METRICS: Final = int(Kind.METRICS)
_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**63 - 1
_LEVELS: Final = {
    "DEBUG": "DEBUG", "INFO": "INFO", "WARN": "WARNING", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "ERROR",
}  # fmt: skip


def _now() -> int:
    return time.time_ns() // 1000


class Op:
    """A run. `pluto.init` makes it; as a context manager it ends with the block, failed when an exception left it.

    Every call is on disk when it returns. Nothing here raises for a network or disk that fails. Safe from several
    threads; a forked child that logs writes the same run through a journal of its own.
    """

    def __init__(self, opening: Opening, policy: ShutdownPolicy) -> None:
        self.settings: Settings = opening.settings
        self.policy = policy
        self.tags: list[str] = list(opening.tags)
        self._opening = opening
        self._project = opening.project
        self._name = opening.name
        self._notes = opening.notes
        self._config = Config(opening.config, self._config_changed)
        self._step: int | float = 0
        self._relative = False
        self._open = False
        self._sorter = Sorter()
        self._known = self._sorter.known
        self._listener: Callable[[Mapping[str, Any]], None] | None = None
        self._end: End | None = None
        self._may_end = [True]
        self._child = False
        self._said: set[str] = set()
        self._lock = fork.sqlite_lock()
        self._recorder: Recorder | None = None
        self._append: Callable[[int, bytes], object] = self._drop
        self._observers = Observers(opening.settings, opening.ranks, self._put, self._sampled)
        if opening.settings.mode != "disabled":
            try:
                self._recorder = Recorder(opening)
                self._append = self._recorder.journal.append
            except (OSError, sqlite3.Error) as error:
                logger.error(explain(opening.settings.root, error))
        self._answer = Answer(self._recorder, self.settings)
        fork.tell(self)

    # the life of a run

    def start(self) -> None:
        """Starts what is recorded beside the script's own values. `pluto.init` has done it; harmless when repeated."""
        if self in live.ops or self._end is not None:
            return
        live.ops.append(self)
        if self._recorder is not None:
            shutdown.opened(self)
            if self.online:
                pulse.add(self)
            self._observers.start()

    def resume_at(self, step: int | float | None) -> None:
        """Makes automatic steps go on behind `step`; None: wherever the run stands, which the deliverer finds out."""
        if step is None:
            self._step, self._relative = 0, True
        else:
            self._step, self._relative = math.floor(step), False

    def finish(self, code: int | None = None) -> None:
        """Ends the run, and waits for delivery as long as settings and kind of job say. Harmless when repeated.

        `code` is an exit code: 0 or None completes the run, 2, 15, 130 and 143 mark it terminated, any other failed.
        """
        self._finish(shutdown.of_code(code))

    def close(self, code: int | None = None) -> None:
        """Ends this process's part of the run and leaves the run's status as it is; with a `code`, the same as `finish`.

        For a process that adds something to a run another one is still writing.
        """
        self._finish(End("", None) if code is None else shutdown.of_code(code))

    def end(self, end: End) -> Delivery | None:
        """Writes the end of the run and stops recording; what is left to deliver, or None."""
        try:
            self._may_end.pop()  # the one step that neither a thread nor a signal handler can come between
        except IndexError:
            return None
        self._end = end
        self._observers.stop()
        with self._lock:
            self._append = self._refuse
            recorder = self._recorder
            if recorder is not None and not (self._child and recorder is self._inherited):
                recorder.end(end)
        with contextlib.suppress(ValueError):
            live.ops.remove(self)
        pulse.remove(self)
        if recorder is None or self._child or not self.online:
            return None
        process.wake(recorder.sync)
        return Delivery(
            lambda: self._answer.label or self._name,
            recorder.receipts,
            recorder.sync,
            recorder.journal.last_seq,
            recorder.root,
        )

    def _finish(self, end: End) -> None:
        delivery = self.end(end)
        if delivery is None:
            shutdown.closed(self)
            if self._recorder is not None and not self.online and not self._child and "kept" not in self._said:
                self._said.add("kept")
                logger.info("run %s is kept in %s until `pluto sync`", self._name, self._recorder.root)
            return
        arrived = False
        try:
            arrived = shutdown.wait([delivery], self.policy.finish_s, progress=self.policy.progress)
        finally:
            shutdown.closed(self, None if arrived else delivery)
        self._introduce()
        logger.info(delivery.report())

    def __enter__(self) -> Op:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(End(COMPLETED, 0) if error is None else shutdown.of_exception(error))

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until everything logged so far is delivered. False when `timeout` seconds were not enough.

        Without a `timeout` it waits as long as `finish` would (`finish_wait`). Always False offline.
        """
        recorder = self._recorder
        if recorder is None:
            return self.settings.mode == "disabled"
        on_disk = recorder.journal.flush()
        if not self.online:
            return False
        seq = recorder.journal.last_seq
        limit = self.settings.finish_wait if timeout is None else timeout
        return on_disk and self._answer.until(lambda: recorder.receipts.delivered(seq), limit)

    # what is logged

    def log(
        self,
        data: Mapping[str, Any],
        step: int | float | None = None,
        commit: bool | None = None,
        timestamp: float | None = None,
    ) -> None:
        """Logs values under names; on disk when it returns. `pluto.core.encode` has the table of what becomes what.

        Steps: any finite number, in any order. Without one a step is counted, from 1 on, one above the last step used.
        With `commit=False` the step stays open, and the next call without a step joins it. `timestamp` is in seconds
        since the epoch; now, when None or not usable.

        Raises `TypeError` when `data` is no dict or `step` no number, and `ValueError` for a step that is not finite
        and for names that are not text or blank, once all other items are kept. A value that can't be kept is an error
        in the log, not an exception.
        """
        moment = time.time_ns() // 1000 if timestamp is None else self._moment(timestamp)
        with self._lock:
            if step is None:
                if not self._open:
                    self._step += 1
                here: records.Step = self._step
                if self._relative:
                    here = [int(self._step)]
            else:
                if type(step) is not int or not _LOWEST <= step <= _HIGHEST:
                    step = checked_step(step)
                self._step = here = step
                self._relative = False
            self._open = commit is False
            if type(data) is dict and data and data.keys() <= self._known and PLAIN.issuperset(map(type, data.values())):
                try:
                    body = pack((moment, here, data))
                except OverflowError:
                    body = None
                if body is not None:
                    self._append(_METRICS, body)
                    if self._listener is not None:
                        self._listener(data)
                    return
        found = self._sorter.sort(data)
        self._log_sorted(found, moment, here)
        if self._listener is not None:
            self._listener(found.numbers)
        if found.bad_names:
            raise ValueError(f"names are text and not blank, not {found.bad_names[0]!r}; the other items were logged")

    def _log_sorted(self, found: Sorted, moment: int, here: records.Step) -> None:
        if found.numbers:
            self._append(_METRICS, encode(records.Metrics(moment, here, found.numbers)))
        if found.texts:
            self._append(int(Kind.TEXTS), encode(records.Texts(moment, here, found.texts)))
        for name, index, value in found.objects:
            try:
                if hasattr(value, "to_data"):
                    kind, body = value.to_data()
                    self._append(int(Kind.DATA), encode(records.Data(moment, here, name, kind, body)))
                else:
                    self._log_media(moment, here, name, index, value)
            except RunError:
                raise
            except Exception as error:  # a file that is gone, a disk that is full, an array of a strange shape
                self._sorter.refuse(name, error)

    def _log_media(self, moment: int, here: records.Step, name: str, index: int, value: Any) -> None:
        recorder = self._own_recorder()
        if recorder is None:
            return
        with recorder.journal.blobs() as blobs:
            for draft in value.capture(blobs):
                media = records.Media(
                    time=moment,
                    step=here,
                    name=name,
                    index=index,
                    type=draft.type,
                    form=draft.form,
                    file_name=draft.file_name,
                    blob=draft.blob,
                    inline=draft.inline,
                    parameters=draft.parameters,
                    caption=draft.caption,
                    annotations=draft.annotations,
                    metadata=draft.metadata,
                )
                self._append(int(Kind.MEDIA), encode(media))

    def watch(self, module: Any, **kwargs: Any) -> Any:
        """Logs gradients, parameters and graph of a torch module; `pluto.compat.torch.watch` has the options."""
        return importlib.import_module("pluto.compat.torch").watch(module, op=self, **kwargs)

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
        """Sends a message to people, after `wait` seconds. `email=False` spares their mailboxes.

        `level`: DEBUG, INFO, WARNING or ERROR. `url` is a link to show with it. With `remote=False` it only goes to the
        logger `pluto`. `text` and `wait_duration` are old names of `message` and `wait`.
        """
        message = kwargs.pop("text", message)
        wait = kwargs.pop("wait_duration", wait)
        email = bool(kwargs.pop("email", True))
        if kwargs:
            raise TypeError(f"alert() does not know {', '.join(sorted(kwargs))}")
        known = _LEVELS.get(str(level).upper())
        if known is None:
            raise ValueError(f"level is DEBUG, INFO, WARNING or ERROR, not {level!r}")
        if wait:
            time.sleep(wait)
        if not remote:
            logger.log({"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}[known], "%s: %s", title, message)
            return
        body = "" if message is None else str(message)
        self._put(
            Kind.ALERT, encode(records.Alert(_now(), known, str(title), body, url or self.settings.url_webhook, email))
        )

    def add_tags(self, tags: str | Sequence[str]) -> None:
        """Adds one tag or several; those the run has already stay where they are."""
        new = [tag for tag in dict.fromkeys(as_tags(tags)) if tag not in self.tags]
        if new:
            self.tags += new
            self._put(Kind.TAGS, encode(records.Tags(_now(), add=new)))

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Removes one tag or several, be they from this process or another one."""
        gone = list(dict.fromkeys(as_tags(tags)))
        self.tags = [tag for tag in self.tags if tag not in gone]
        if gone:
            self._put(Kind.TAGS, encode(records.Tags(_now(), remove=gone)))

    def update_config(self, config: Mapping[str, Any]) -> None:
        """Merges a dict deeply into the config."""
        self._config.update(config)

    @property
    def config(self) -> Config:
        """The config: a dict whose items are attributes, too. Assigning keeps what is assigned with the run."""
        return self._config

    @config.setter
    def config(self, config: Mapping[str, Any]) -> None:
        self._config.update(config)

    @property
    def notes(self) -> str | None:
        """Notes on the run; assigning replaces them."""
        return self._notes

    @notes.setter
    def notes(self, text: str | None) -> None:
        self._notes = text
        self._put(Kind.NOTES, encode(records.Notes(_now(), text)))

    # what the run is

    @property
    def name(self) -> str:
        """The name given to `init`, or made up."""
        return self._name

    @property
    def project(self) -> str:
        """The project; of a run resumed by number or display id its own, once that is known."""
        return self._answer.project or self._project

    @property
    def run_id(self) -> str | None:
        """The run's identity, made here or given to `init`. None for a run resumed by number or display id."""
        return self._opening.identity.external_id

    @property
    def step(self) -> int | float:
        """The step used last."""
        return self._step

    @property
    def online(self) -> bool:
        """Whether the run is delivered while it goes on."""
        return self.settings.mode == "online" and self._recorder is not None

    @property
    def status(self) -> str:
        """`RUNNING`, or what the run has ended as."""
        if self._end is not None and self._end.status:
            return self._end.status
        return self._answer.status or "RUNNING"

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled on the server."""
        return self._answer.cancelled

    @property
    def id(self) -> int | None:
        """The server's number of the run. Waits for it; raises `NotDeliveredError` after `init_timeout` seconds."""
        return self._answer.facts("number").run_id

    @property
    def display_id(self) -> str | None:
        """What the run is called in the project, as `DIG-1`. Waits as `id` does."""
        return self._answer.facts("display id").display_id

    @property
    def url(self) -> str | None:
        """The run's page. Waits as `id` does."""
        return self._answer.facts("page").url

    @property
    def resumed(self) -> bool:
        """Whether the run was there before this process joined it. Waits as `id` does, unless the run is new for sure."""
        return False if self._opening.identity.new else self._answer.facts("history").resumed

    @property
    def fork_run_id(self) -> int | None:
        """Number of the run this one was forked from; None if it was not. Waits as `id` does."""
        return None if self._opening.identity.fork is None else self._answer.facts("parent").forked_from_run_id

    @property
    def fork_step(self) -> int | float | None:
        """Step at which it was forked."""
        if self._opening.identity.fork is None:
            return None
        return self._answer.facts("parent").fork_step

    def __repr__(self) -> str:
        return f"<pluto run {self._answer.label or self._name} of {self._project}, {self.status}>"

    # within

    def listen(self, listener: Callable[[Mapping[str, Any]], None]) -> None:
        """Has the numbers of every further call told to `listener`, once they are stored."""
        self._listener = listener

    def answer(self) -> tuple[RunFacts | None, Refusal | None]:
        """What the server says to the opening of the run; waits `init_timeout` seconds at most."""
        return self._answer.wait()

    def beat(self) -> None:
        """Called every few seconds: introduces the run once it is known, and passes on that it was cancelled."""
        if self._recorder is not None:
            self._recorder.keep()
        self._introduce()
        if self.cancelled and "cancelled" not in self._said:
            self._said.add("cancelled")
            logger.warning("run %s was cancelled", self._answer.label or self._name)
            if self.settings.stop_on_cancel:
                import _thread

                _thread.interrupt_main()

    def forked(self) -> None:
        """In a forked child: nothing of the parent's is touched; the first record opens a writer of the child's own."""
        self._lock = fork.sqlite_lock()
        self._observers.forget()
        if self._recorder is not None and self._end is None:
            self._child = True
            self._inherited = self._recorder
            self._append = self._append_in_child

    @property
    def sync(self) -> Any:
        """The folder of journals this run's lies in."""
        assert self._recorder is not None
        return self._recorder.sync

    _inherited: Recorder | None = None

    def _introduce(self) -> None:
        if "banner" not in self._said and self._answer.label:
            self._said.add("banner")
            logger.info("run %s %s", self._answer.label, self._answer.headline)

    def _own_recorder(self) -> Recorder | None:
        if self._child and self._recorder is self._inherited:
            try:
                self._recorder = Recorder(self._opening, child=True)
                self._append = self._recorder.journal.append
                process.wake(self._recorder.sync)
            except (OSError, sqlite3.Error) as error:
                logger.error(explain(self.settings.root, error))
                self._recorder, self._append = None, self._drop
        return self._recorder

    def _append_in_child(self, kind: int, body: bytes) -> object:
        self._own_recorder()
        return self._append(kind, body)

    def _drop(self, kind: int, body: bytes) -> object:
        return None

    def _refuse(self, kind: int, body: bytes) -> object:
        raise RunError(f"run {self._name} is finished and takes nothing more")

    def _put(self, kind: Kind, body: bytes) -> None:
        self._append(int(kind), body)

    def _sampled(self, values: dict[str, float]) -> None:
        with self._lock:
            here: records.Step = [max(1, int(self._step))] if self._relative else self._step
            self._append(_METRICS, pack((_now(), here, values)))

    def _config_changed(self, change: dict[str, Any]) -> None:
        self._put(Kind.CONFIG, encode(records.Config(_now(), to_json(change))))

    def _moment(self, timestamp: Any) -> int:
        try:
            moment = int(float(timestamp) * 1_000_000)
            if moment > 0 and not isinstance(timestamp, bool):
                return moment
        except (TypeError, ValueError, OverflowError):
            pass
        if "timestamp" not in self._said:
            self._said.add("timestamp")
            logger.warning("timestamp is in seconds since the epoch; %r is not, and now is taken instead", timestamp)
        return _now()


def as_tags(tags: str | Sequence[str] | None) -> list[str]:
    """Tags as a list of texts. Raises `TypeError` for what is neither."""
    if tags is None:
        return []
    found = [tags] if isinstance(tags, str) else list(tags)
    if not all(isinstance(tag, str) for tag in found):
        raise TypeError("tags are texts")
    return found
