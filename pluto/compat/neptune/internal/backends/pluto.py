"""What keeps fields for good: a run of Pluto's, in the local store or on a server.

`async` writes to the journal and tells in the log what went wrong; `sync` waits for each write and raises; `offline`
writes to a journal of its own, and can't be read.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pluto.compat.attributes.containers import owner_of
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.envs import NEPTUNE_SYNC_AFTER_STOP_TIMEOUT
from pluto.compat.neptune.exceptions import (
    NeptuneConnectionLostException,
    NeptuneException,
    NeptuneOfflineModeFetchException,
    NeptuneSynchronizationAlreadyStoppedException,
)
from pluto.compat.neptune.internal import data_directory
from pluto.compat.neptune.internal.backends.backend import Operation
from pluto.compat.neptune.internal.backends.given import fields_given
from pluto.compat.neptune.internal.backends.run_writer import RunWriter
from pluto.compat.neptune.internal.backends.stored import StoredFields
from pluto.compat.neptune.internal.backends.urls import url_of
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.disk_usage import DiskLimit
from pluto.compat.neptune.internal.init.parameters import DEFAULT_STOP_TIMEOUT
from pluto.compat.neptune.internal.utils.logger import get_disabled_logger, get_logger
from pluto.core.errors import NotDeliveredError

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader
    from pluto.compat.neptune.internal.backends.opening import Opening
    from pluto.core.op import Op

__all__ = ["OfflineBackend", "PlutoBackend", "SyncBackend"]

_TELL_S: Final = 30.0
"""How often somebody who waits is told how much is left."""


class PlutoBackend(StoredFields):
    """Keeps fields in a run of Pluto's: every write is on disk when the call returns."""

    def __init__(self, op: Op, opening: Opening, *, new: bool, key: str | None = None) -> None:
        self._op = op
        self._opening = opening
        self._key = key
        self._fields = RunWriter(op)
        self._logger = get_logger()
        self._limit = DiskLimit(op.settings.root)
        self._ended = False
        self.type = opening.type
        self.new = new
        self.project, _ = owner_of(op.project)
        self.unique_id = op.run_id or str(opening.display_id)
        self.data_path: Path | None = None
        """The folder of the data directory that stands for what is not delivered yet."""

    def begin(self, values: Mapping[str, Any]) -> None:
        """Sets what a new object has from the start, the store's own fields included."""
        self._fields.attributes.assign(values)

    def stop_watching(self) -> None:
        """What is printed from here on belongs to no run."""
        self._op.stop_watching()

    # writing

    def perform(self, operation: Operation, *, wait: bool = False) -> None:
        """Carries it out; what can't be kept is told in the log."""
        if not self._accepts():
            return
        try:
            operation(self._fields)
        except Exception as error:  # noqa: BLE001  the training goes on
            self._failed(error)
        if wait:
            self._fields.write_together()
            self.wait()

    def log_float(self, path: str, value: float, step: float | None, time: float | None) -> None:
        """One point."""
        if self._ended or self._limit:
            super().log_float(path, value, step, time)
            return
        try:
            self._fields.append_float(path, value, step, time)
        except Exception as error:  # noqa: BLE001
            self._failed(error)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Single values of the block are one record, written at its end or before anything else."""
        try:
            with self._fields.together():
                yield
        finally:
            if not self._fields.holding:
                try:
                    self._fields.write_together()
                except Exception as error:  # noqa: BLE001
                    self._failed(error)

    def _accepts(self) -> bool:
        if self._ended:
            warn_once("the object is stopped: what is written to it now is dropped", exception=NeptuneWarning)
            return False
        return not self._limit.reached()

    def _failed(self, error: Exception) -> None:
        self._logger.error("Error occurred during asynchronous operation processing: %s", error)

    # reading

    def open_reader(self) -> AttributeReader:
        """What reads the place the run goes to."""
        if self.reader is None:
            from pluto.compat.attributes import AttributeReader

            self.reader = AttributeReader.of(self._op)
        return self.reader

    def _named(self) -> Mapping[str, Any]:
        if self._op.run_id is not None:
            return {"external_id": self._op.run_id}
        return {"display_id": self._opening.display_id}

    def known_definitions(self) -> Mapping[str, AttributeKind]:
        """Those of a new object without asking the store."""
        if self.new:
            found = self._given()
        else:
            try:
                found = dict(self.definitions())
            except NeptuneException as error:
                self._logger.warning("which fields there are could not be read: %s", error)
                found = self._given()
        self._fields.kinds.update(found)
        return found

    def _given(self) -> dict[str, AttributeKind]:
        return fields_given(self.type, custom_id=self._opening.external_id is not None)

    def definitions(self) -> Mapping[str, AttributeKind]:
        """All fields; those written here, too, as long as they are on their way."""
        found = super().definitions()
        stored, written = self.progress()
        return found if stored >= written else {**found, **self._fields.kinds}

    def value(self, path: str) -> Any:
        """The value, own writes first."""
        return self._fields.values[path] if path in self._fields.values else self.atom(path)

    @property
    def sys_id(self) -> str:
        """The short id; waits for the store to tell it, and raises `NeptuneConnectionLostException` if it does not."""
        if self.type is not ContainerType.RUN:
            return self._key or self.unique_id
        try:
            own = str(self._op.display_id)
        except NotDeliveredError as error:
            raise NeptuneConnectionLostException(error) from error
        return own if self.new else self.run().sys_id

    @property
    def label(self) -> str:
        """The short id where it is known."""
        facts = self._fields.attributes.facts() if self.type is ContainerType.RUN else None
        return self._opening.display_id or (facts.display_id if facts else None) or self._key or self.unique_id

    def url(self) -> str:
        """The page on the server; the local store has none."""
        facts = self._fields.attributes.facts()
        return (facts.url if facts else None) or url_of(self._op.settings, self.project, self.label)

    # its life

    def note(self, kind: data_directory.Kind) -> None:
        """Makes a folder in the data directory, for the commands that list and deliver what is left."""
        if self.folder is not None:
            self.data_path = data_directory.note(kind, self.type, self.unique_id, self.project, self.folder)

    @property
    def folder(self) -> Path | None:
        """Where its journals lie."""
        return self._fields.attributes.folder

    def progress(self) -> tuple[int, int]:
        """How many records are in the store, and how many there are."""
        return self._fields.attributes.progress()

    def wait(self) -> None:
        """Waits until everything is in the store, as long as it gets on."""
        if self._ended:
            raise NeptuneSynchronizationAlreadyStoppedException
        if not self._fields.attributes.flush() and self._op.online:
            stored, written = self.progress()
            self._logger.warning(
                "%d operations are not synchronized yet: they are on this disk, and delivery goes on", written - stored
            )

    def ping(self) -> None:
        """Says that the object is in use."""
        self._op.beat()

    def stop(self, seconds: float | None) -> None:
        """Ends the run, and tells how delivery gets on."""
        if self._ended:
            return
        self._fields.write_together()
        if self.new and self._fields.file_bytes:
            self._fields.attributes.assign({"sys/size": float(self._fields.file_bytes)})
        self._ended = True
        stored, written = self.progress()
        first = written - stored
        if first and self._op.online:
            self._logger.info(
                "Waiting for the remaining %d operations to synchronize with Neptune. Do not kill this process.", first
            )
        began = told = time.monotonic()

        def tell(left: int) -> None:
            nonlocal told
            if time.monotonic() - told >= _TELL_S:
                told = time.monotonic()
                done = 100.0 * (first - left) / first if first else 100.0
                self._logger.info(
                    "Still waiting for the remaining %d operations (%.2f%% done). Please wait.", left, done
                )

        idle = _seconds(os.environ.get(NEPTUNE_SYNC_AFTER_STOP_TIMEOUT), DEFAULT_STOP_TIMEOUT)
        left = self._fields.attributes.stop(
            "FAILED" if self._fields.failed else "COMPLETED", seconds=seconds, idle=idle, tell=tell
        )
        self._report(first, left, time.monotonic() - began if seconds is None else seconds)
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def _report(self, first: int, left: int, seconds: float) -> None:
        if left == 0:
            self._logger.info("All %d operations synced, thanks for waiting!", first)
            if self.data_path is not None:
                data_directory.forget(self.data_path)
        else:
            self._logger.warning(
                "Failed to sync all operations in %s seconds. You have %d operations saved on disk: they are delivered"
                " in the background, at the latest by the `neptune sync` command.",
                round(seconds, 1), left,
            )  # fmt: skip

    def forked(self) -> None:
        """In a forked child: connections are the parent's; it says nothing."""
        self._logger = get_disabled_logger()
        self.reader = None
        self.data_path = None


class SyncBackend(PlutoBackend):
    """Every write is in the store when the call returns; the first thing that goes wrong is raised."""

    def perform(self, operation: Operation, *, wait: bool = False) -> None:  # noqa: ARG002
        """Carries it out, and waits."""
        if self._accepts():
            operation(self._fields)
            self._fields.write_together()
            self.wait()

    def log_float(self, path: str, value: float, step: float | None, time: float | None) -> None:
        """One point."""
        self.perform(lambda fields: fields.append_float(path, value, step, time))

    def _failed(self, error: Exception) -> None:
        if isinstance(error, NeptuneException):
            raise error
        super()._failed(error)

    def _report(self, first: int, left: int, seconds: float) -> None:
        if left:
            super()._report(first, left, seconds)


class OfflineBackend(PlutoBackend):
    """Keeps everything for `pluto sync`. Reads raise `NeptuneOfflineModeFetchException`."""

    def run(self, series: object = ()) -> NoReturn:  # noqa: ARG002
        """Raises."""
        raise NeptuneOfflineModeFetchException

    def save(self, file: object, destination: object) -> NoReturn:  # noqa: ARG002
        """Raises."""
        raise NeptuneOfflineModeFetchException

    def definitions(self) -> Mapping[str, AttributeKind]:
        """Raises."""
        raise NeptuneOfflineModeFetchException

    def wait(self) -> None:
        """Everything is where it is to be."""

    @property
    def sys_id(self) -> str:
        """There is none before the run is delivered: a text that tells it from others."""
        return self.unique_id

    @property
    def label(self) -> str:
        """What to call it."""
        return f"offline/{self.unique_id}"

    def url(self) -> str:
        """A text that tells it from others: there is no page."""
        return f"offline/{self.unique_id}"

    def _report(self, first: int, left: int, seconds: float) -> None:
        """Says nothing: nobody waited."""


def _seconds(text: str | None, otherwise: float) -> float:
    try:
        return max(0.0, float(text or otherwise))
    except ValueError:
        return otherwise
