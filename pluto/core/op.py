"""A run as the training process sees it."""

from __future__ import annotations

import contextlib
import importlib
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final

from pluto.core import fork, live, pulse, shutdown
from pluto.core.about import About, now_us
from pluto.core.answer import Answer
from pluto.core.encode import PLAIN, Sorted, Sorter, number, pack
from pluto.core.encode import step as checked_step
from pluto.core.errors import RunError
from pluto.core.journal.blobs import BlobFolder
from pluto.core.observers import Observers
from pluto.core.receipt import Refusal, RunFacts
from pluto.core.recorder import Opening, Recorder, explain
from pluto.core.say import logger
from pluto.core.shutdown import COMPLETED, Delivery, End, ShutdownPolicy
from pluto.protocol import records
from pluto.protocol.records import Kind, encode, kind_of

_METRICS: Final = int(Kind.METRICS)
_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**63 - 1
_LATEST_US: Final = 8_640_000_000_000_000_000
"""The last moment JavaScript knows, and so the last one a chart can show."""
_NOTHING: Final[Mapping[str, Any]] = {}


class Op(About):
    """A run. `pluto.init` makes it; as a context manager it ends with the block, failed when an exception left it.

    Every call is on disk when it returns. Nothing here raises for a network or disk that fails. Safe from several
    threads; a forked child that logs writes the same run through a journal of its own.
    """

    def __init__(self, opening: Opening, policy: ShutdownPolicy) -> None:
        super().__init__(opening)
        self.policy = policy
        self._relative = False
        self._open = False
        self._sorter = Sorter()
        self._known = self._sorter.known
        self._listener: Callable[[Mapping[str, Any]], None] | None = None
        self._ends: list[End] = []
        self._child = False
        self._said: set[str] = set()
        self._lock = fork.sqlite_lock()
        self._append: Callable[[int, bytes], object] = self._drop
        self._samples = 0
        self._observers = Observers(opening.settings, opening.ranks, self._put, self._sampled, opening.door)
        if opening.settings.mode != "disabled":
            try:
                self._recorder = Recorder(opening)
                self._append = self._recorder.journal.append
            except (OSError, sqlite3.Error) as error:
                logger.error(explain(opening.settings.root, error))
        self._answer = Answer(self._recorder, self.settings)
        fork.tell(self)
        if self._recorder is not None and self.online:
            self._recorder.wake()

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
        """Ends this process's part of the run and leaves the run's status as it is; with a `code`, as `finish`.

        For a process that adds something to a run another one is still writing.
        """
        self._finish(End("", None) if code is None else shutdown.of_code(code))

    def end(self, end: End) -> Delivery | None:
        """Writes the end of the run and stops recording; what is left to deliver, or None.

        Harmless when repeated: the first end counts, and the next call completes one that was interrupted.
        """
        self._ends.append(end)  # one step, that neither a thread nor a signal handler can come between
        self._end = self._own_end(self._ends[0])
        self._observers.stop()
        with self._lock:
            self._append = self._ignore if shutdown.exiting() else self._refuse
            self._begin_anew()
            recorder = self._recorder
            if recorder is not None and not (self._child and recorder is self._inherited):
                recorder.end(self._end)
        if not shutdown.exiting():
            with contextlib.suppress(ValueError):
                live.ops.remove(self)
        pulse.remove(self)
        if recorder is None or self._child or not self.online:
            return None
        return Delivery(lambda: self._answer.label or self._name, recorder, self.policy)

    def stop_watching(self) -> None:
        """For doors: from here on neither console nor machine are recorded. Harmless when repeated."""
        self._observers.stop()

    def _own_end(self, end: End) -> End:
        """What an end means to the door the run came through."""
        return end

    def stop(
        self, end: End, seconds: float, *, idle: float = math.inf, tell: Callable[[int], None] | None = None
    ) -> Delivery | None:
        """For doors: ends the run and waits for delivery `seconds` at most, as `shutdown.wait` does.

        Gives what was to be delivered, be it done or not; None where there was nothing. Harmless when repeated.
        """
        try:
            delivery = self.end(end)
            if self._ends[0] is not end:
                return None  # whoever ended it first sees to the rest
            arrived = delivery is None or shutdown.wait(
                [delivery], seconds, progress=self.policy.progress, idle=idle, tell=tell
            )
            shutdown.closed(self, delivery, arrived=arrived)
        except KeyboardInterrupt:
            shutdown.insist(lambda: shutdown.closed(self, self.end(end), arrived=True))
            raise
        return delivery

    def _finish(self, end: End) -> None:
        try:
            delivery = self.end(end)
            if self._ends[0] is not end:
                return  # whoever ended it first sees to the rest
            arrived = delivery is None or shutdown.wait([delivery], self.policy.finish_s, progress=self.policy.progress)
            self._report(delivery)
            shutdown.closed(self, delivery, arrived=arrived)
        except KeyboardInterrupt:
            shutdown.insist(lambda: self._leave(end))
            raise

    def _leave(self, end: End) -> None:
        """What `finish` owes to whoever interrupts it, at whatever moment: all but the waiting, now and at exit."""
        delivery = self.end(end)
        shutdown.closed(self, delivery, arrived=True)
        self._report(delivery)

    def _report(self, delivery: Delivery | None) -> None:
        if "reported" in self._said:
            return
        if delivery is not None:
            self._introduce()
            if self.policy.reports:
                logger.info(delivery.report())
        elif self._recorder is not None and not self.online and not self._child and self.policy.reports:
            logger.info("run %s is kept in %s until `pluto sync`", self._name, self._recorder.root)
        self._said.add("reported")

    def __enter__(self) -> Op:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(End(COMPLETED, 0) if error is None else shutdown.of_exception(error))

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until everything logged so far is delivered. False when `timeout` seconds were not enough.

        Without a `timeout` it waits as long as `finish` would (`finish_wait`). Always False offline, and soon so of a
        run that was deleted on the server.
        """
        recorder = self._recorder
        if recorder is None:
            return self.settings.mode == "disabled"
        on_disk = recorder.journal.flush()
        if not self.online:
            return False
        seq = recorder.journal.last_seq
        limit = self.settings.finish_wait if timeout is None else timeout
        self._answer.until(lambda: recorder.receipts.delivered(seq) or self.refused, limit)
        return on_disk and recorder.receipts.delivered(seq)

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
            if (
                type(data) is dict
                and data
                and data.keys() <= self._known
                and PLAIN.issuperset(map(type, data.values()))
            ):
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
            except Exception as error:  # noqa: BLE001  a file that is gone, a full disk, a foreign object
                self._sorter.refuse(name, error)

    def _log_media(
        self,
        moment: int,
        here: records.Step,
        name: str,
        index: int,
        value: Any,
        changes: Mapping[str, Any] = _NOTHING,
        before: records.Record | None = None,
    ) -> None:
        with self.blobs() as blobs:
            drafts = value.capture(blobs) if blobs is not None else ()
            if before is not None:
                self.write(before)
            for draft in drafts:
                media = draft.record(moment, here, name, index)
                for field, content in changes.items():
                    setattr(media, field, {**(media.metadata or {}), **content} if field == "metadata" else content)
                self._append(int(Kind.MEDIA), encode(media))

    def watch(self, module: Any, **kwargs: Any) -> Any:
        """Logs gradients, parameters and graph of a torch module; `pluto.compat.torch.watch` has the options."""
        return importlib.import_module("pluto.compat.torch").watch(module, op=self, **kwargs)

    # for doors, which count steps and check names by rules of their own

    def log_at(self, values: Mapping[str, int | float], step: int | float, moment: int) -> None:
        """Logs numbers at a step, and leaves the run's own steps alone. `moment` is in microseconds since the epoch.

        Names are text and not blank, values are exactly `int` or `float`, the step is finite: nothing is looked at.
        """
        if type(values) is not dict:
            values = dict(values)
        try:
            body = pack((moment, step, values))
        except OverflowError:
            body = pack((moment, step, {name: number(value) for name, value in values.items()}))
        with self._lock:
            self._append(_METRICS, body)

    def append(self, kind: int, body: bytes) -> None:
        """Writes a record, of a kind and with a body as `pluto.protocol.records` has them."""
        with self._lock:
            self._append(kind, body)

    def write(self, record: records.Record) -> None:
        """Writes a record."""
        self.append(int(kind_of(record)), encode(record))

    @contextlib.contextmanager
    def blobs(self) -> Iterator[BlobFolder | None]:
        """Where what is too big for a record goes; write the record that names it within the block. None: nowhere."""
        recorder = self._own_recorder()
        if recorder is None:
            yield None
            return
        with recorder.journal.blobs() as blobs:
            yield blobs

    def log_file(
        self,
        name: str,
        value: Any,
        step: int | float,
        moment: int,
        *,
        before: records.Record | None = None,
        **changes: Any,
    ) -> None:
        """Logs a file or media value (`pluto.File` and the like) at a step.

        `before` is a record to write before its own, once it is certain that it can be read. `changes` are fields of
        its media records that shall be other than the value has them; metadata is added to its own. Raises `OSError`
        and `ValueError` where it can't be read.
        """
        self._log_media(moment, step, name, 0, value, changes, before)

    # within

    def listen(self, listener: Callable[[Mapping[str, Any]], None]) -> None:
        """Has the numbers of every further call told to `listener`, once they are stored."""
        self._listener = listener

    def answer(self) -> tuple[RunFacts | None, Refusal | None]:
        """What the server says to the opening of the run; waits `init_timeout` seconds at most."""
        return self._answer.wait()

    def beat(self) -> None:
        """Called every few seconds: introduces the run once it is known, and passes on that it was cancelled."""
        with self._lock:
            self._begin_anew()
            if self._recorder is None or self._recorder.journal.closed:
                return  # it has ended meanwhile, and its folder may be gone for good
            self._recorder.keep()
        self._recorder.wake()
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

    _inherited: Recorder | None = None

    def _introduce(self) -> None:
        if "banner" not in self._said and self._answer.label:
            self._said.add("banner")
            if self.policy.reports:
                logger.info("run %s %s", self._answer.label, self._answer.headline(self.run_id))

    def _begin_anew(self) -> None:
        """Where the run's folder has been deleted, goes on in a new one: what is in the old files nobody will find."""
        with self._lock:
            old = self._recorder
            if old is None or self._child or old.journal.closed or not old.gone:
                return
            try:
                self._recorder = Recorder(self._opening, anew=True)
            except (OSError, sqlite3.Error) as error:
                if "gone" not in self._said:
                    self._said.add("gone")
                    logger.error("%s is gone: %s", old.journal.folder, explain(self.settings.root, error))
                return
            if self._append == old.journal.append:
                self._append = self._recorder.journal.append
            self._answer = Answer(self._recorder, self.settings)
            old.journal.close()
        logger.error(
            "%s is gone, and what was in it and not delivered; the run goes on in a new one", old.journal.folder
        )

    def _own_recorder(self) -> Recorder | None:
        if self._child and self._recorder is self._inherited:
            try:
                self._recorder = Recorder(self._opening, child=True)
                self._append = self._recorder.journal.append
                self._recorder.wake()
            except (OSError, sqlite3.Error) as error:
                logger.error(explain(self.settings.root, error))
                self._recorder, self._append = None, self._drop
        return self._recorder

    def _append_in_child(self, kind: int, body: bytes) -> object:
        self._own_recorder()
        return self._append(kind, body)

    def _drop(self, *_: object) -> None:
        """Stands for `append` where nothing is recorded."""

    def _refuse(self, *_: object) -> None:
        raise RunError(f"run {self._name} is finished and takes nothing more")

    def _ignore(self, *_: object) -> None:
        """Stands for `append` once the process has begun to exit: daemon threads go on until it is gone."""
        if threading.current_thread() is threading.main_thread() and "late" not in self._said:
            self._said.add("late")
            logger.warning("run %s ended with the program: what is logged from now on is not recorded", self._name)

    def _put(self, kind: Kind, body: bytes) -> None:
        self._append(int(kind), body)

    def _sampled(self, values: dict[str, float]) -> None:
        with self._lock:
            here: records.Step = [max(1, int(self._step))] if self._relative else self._step
            if self._opening.door.counts_samples:
                here = self._samples
                self._samples += 1
            self._append(_METRICS, pack((now_us(), here, values)))

    def _moment(self, timestamp: Any) -> int:
        try:
            moment = int(float(timestamp) * 1_000_000)
            if 0 < moment <= _LATEST_US and not isinstance(timestamp, bool):
                return moment
        except (TypeError, ValueError, OverflowError):
            pass
        if "timestamp" not in self._said:
            self._said.add("timestamp")
            logger.warning("timestamp is in seconds since the epoch; %r is not, and now is taken instead", timestamp)
        return now_us()
