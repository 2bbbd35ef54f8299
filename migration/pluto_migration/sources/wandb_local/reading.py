"""A run read from its logs, record by record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pluto.core import protobuf
from pluto_migration.gather import Gather
from pluto_migration.model import Alert, Item
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.wandb_local import artifacts, facts, log, machine, stats
from pluto_migration.sources.wandb_local.console import Screen
from pluto_migration.sources.wandb_local.files import Folder, kept
from pluto_migration.sources.wandb_local.history import History
from pluto_migration.sources.wandb_local.rows import Rows, as_float
from pluto_migration.sources.wandb_local.told import Told

if TYPE_CHECKING:
    from pathlib import Path

    from pluto_migration.sources.wandb_local.run import Directory, LocalRun

OUTPUT: Final = "output.log"
METADATA: Final = "wandb-metadata.json"
REQUIREMENTS: Final = "requirements.txt"
_HISTORY, _SUMMARY, _ITEM, _NESTED = 0x12, 0x1A, 0x0A, 0x12
_SENDER: Final = b"\xc2\x0c"
"""Begins the field of a record that says who has sent it."""
_LEVELS: Final = {"WARN": "WARNING", "WARNING": "WARNING", "ERROR": "ERROR", "DEBUG": "DEBUG"}
_OFTEN: Final = 64
"""After so many records it is seen how much is held."""
_PLACES: Final = 100
"""So many damaged places of a log are named one by one."""
_SMALL: Final = 4 << 20
"""Bytes of the biggest `wandb-metadata.json` and `requirements.txt` that are looked into."""


class Reading:
    """One pass over a run."""

    def __init__(self, run: LocalRun, problems: Problems) -> None:
        self._run = run
        self._problems = problems
        self._rows = Rows(self._file, problems, str(run.path))
        self._history = History(self._rows)
        self._samples = Gather()
        self._sample = 0
        self._told = Told(self._note)
        self._rows.labels = self._told.labels
        self._starts: dict[str, float] = {}
        self._last = 0
        """The latest time that a record had."""
        self._screens: dict[int, Screen] = {}
        self._printed = False
        self._damaged = 0
        self._log = run.directories[0].log
        self._folder = Folder(run.directories[0].path, "", problems)
        self._contents = artifacts.Contents(run.path_map, (), (), problems, "")

    def items(self) -> Iterator[Item]:
        """All of the run. Raises `SourceError` where none of its logs can be read."""
        unread = [str(error) for directory in self._run.directories for error in self._failure(directory)]
        if len(unread) == len(self._run.directories):
            raise SourceError("; ".join(unread))
        for directory in self._run.directories:
            yield from self._directory(directory)
        folders = [directory.path.name for directory in self._run.directories]
        lines = self._small(REQUIREMENTS).decode("utf-8", "backslashreplace").splitlines()
        requirements = [line.strip() for line in lines if line.strip()]
        yield self._told.facts(self._now(), self._rows, self._starts, requirements, folders)

    def _failure(self, directory: Directory) -> Iterator[Exception]:
        try:
            with directory.log.open("rb") as file:
                log.check(file)
        except (OSError, log.NoLogError) as error:
            yield SourceError(f"{directory.log}: {error}")

    def _directory(self, directory: Directory) -> Iterator[Item]:
        self._begin(directory)
        rows = self._rows
        try:
            for count, payload in enumerate(log.records(directory.log, self._lost)):
                try:
                    if not self._quickly(payload):
                        yield from self._record(payload)
                except protobuf.DamagedError as error:
                    self._note(f"a record of {len(payload)} bytes is no message: {error}")
                if rows.later:
                    yield from rows.drain_later()
                if count % _OFTEN == 0:
                    if rows.full:
                        yield from rows.flush()
                    if self._samples.full:
                        yield from self._samples.drain()
        except (OSError, log.NoLogError) as error:
            self._note(f"can't be read: {error}")
        yield from self._rows.flush()
        yield from self._samples.drain()
        yield from self._console_end()
        yield from self._rest(directory)
        said = self._told.run
        first = said.get("first_step", 0)
        if directory is self._run.directories[0] and first > 0 and "branch_point" not in said:
            self._note(f"the run went on at row {first}: what came before is in none of these folders")
        start = directory.started or self._last
        self._starts[str(start)] = self._history.offset(start, float(said.pop("runtime", 0)))

    def _begin(self, directory: Directory) -> None:
        settings = self._run.settings
        self._log = directory.log
        self._rows.where = str(directory.log)
        self._folder = Folder(directory.path, settings.get("links", ""), self._problems)
        above = directory.path.parent
        grown = self._contents.grown
        self._contents = artifacts.Contents(
            self._run.path_map,
            (directory.path, above, above.parent),
            artifacts.caches(settings.get("cache")),
            self._problems,
            str(directory.log),
            grown,
        )
        self._last = max(self._last, directory.started or 0)
        self._history.began(directory.started or self._last)
        self._screens = {0: Screen("stderr"), 1: Screen("stdout")}
        self._printed, self._damaged = False, 0
        self._told.begin()

    def _quickly(self, payload: bytes) -> bool:
        """Takes a row, or passes by what follows from one: nearly all records are such. Whether it was one."""
        at = 0
        if payload[:1] == b"\x08":
            at = 2 if payload[1] < 0x80 else protobuf.varint(payload, 1)[1]
        kind = payload[at] if at < len(payload) else 0
        if kind == _HISTORY:
            size, at = protobuf.varint(payload, at + 1)
            end = at + size
            if end > len(payload):
                raise protobuf.DamagedError("a row that is cut off")
            self._history.record(payload, at, end)
            return True
        return kind == _SUMMARY and _follows(payload, at + 1)

    def _record(self, payload: bytes) -> Iterator[Item]:
        """Any other record."""
        row, sent = self._row(), _SENDER in payload
        for number, of, value in protobuf.fields(payload):
            if of == protobuf.LENGTH and not self._told.take(number, value, row, sent):
                take = _TAKE.get(number)
                if take is not None:
                    yield from take(self, value)

    # each kind of record

    def _take_history(self, record: bytes) -> Iterator[Item]:
        self._history.record(record, 0, len(record))
        yield from ()

    def _take_stats(self, record: bytes) -> Iterator[Item]:
        time, values = self._last, list[tuple[str, bytes]]()
        for number, kind, value in protobuf.fields(record):
            if kind == protobuf.LENGTH and number == 2:
                time = facts.moment(value) or time
            elif kind == protobuf.LENGTH and number == 3:
                key, text = "", b""
                for field, of, inner in protobuf.fields(value):
                    if of == protobuf.LENGTH and field in (1, 16):
                        key, text = (protobuf.text(inner), text) if field == 1 else (key, bytes(inner))
                values.append((key, text))
        for key, text in values:
            sample = self._told.value((key,), text)
            if isinstance(sample, bool) or not isinstance(sample, (int, float)):
                self._note(f"the system metric {key!r} has a value that is no number")
                continue
            name, factor = stats.label(key)
            self._samples.point(name, float(self._sample), time, as_float(sample) * factor)
        self._sample += 1
        self._last = max(self._last, time)
        yield from ()

    def _take_output(self, record: bytes) -> Iterator[Item]:
        stream, time, text = 0, self._last, ""
        for number, kind, value in protobuf.fields(record):
            if number == 1 and kind == protobuf.VARINT:
                stream = value
            elif number == 2 and kind == protobuf.LENGTH:
                time = facts.moment(value) or time
            elif number == 3 and kind == protobuf.LENGTH:
                text = protobuf.text(value)
        self._printed = True
        self._last = max(self._last, time)
        yield from self._screens[1 if stream == 1 else 0].write(text, time)

    def _take_logger(self, record: bytes) -> Iterator[Item]:
        line = facts.texts(record).get(1, "").removesuffix("\n")
        self._printed = True
        yield from self._screens[1].write(f"{line}\n", self._now())

    def _take_artifact(self, record: bytes) -> Iterator[Item]:
        row = self._row()
        yield artifacts.artifact(record, self._now(), row, self._contents)

    def _take_alert(self, record: bytes) -> Iterator[Item]:
        said = facts.texts(record)
        level = _LEVELS.get(said.get(3, "").upper(), "INFO")
        yield Alert(self._now(), said.get(1, ""), said.get(2, ""), level)  # type: ignore[arg-type]

    # the end

    def _console_end(self) -> Iterator[Item]:
        if not self._printed:
            path = self._folder.look(OUTPUT)
            if path is not None:
                with path.open(encoding="utf-8", errors="backslashreplace", newline="") as file:
                    while piece := file.read(1 << 16):
                        yield from self._screens[1].write(piece, self._run.created or self._now())
        for screen in self._screens.values():
            yield from screen.end()

    def _rest(self, directory: Directory) -> Iterator[Item]:
        started = directory.started or 0
        said = machine.read(self._small(METADATA))
        if said:
            self._told.machine.update(said)
        elif self._told.machine:
            yield kept(METADATA, json.dumps(self._told.machine, indent=2).encode(), started)
        yield from self._folder.rest(started)

    # within

    def _file(self, relative: str) -> Path | None:
        return self._folder.find(relative)

    def _small(self, name: str) -> bytes:
        """The content of a file of the run's, if it is not too big for one of its kind."""
        path = self._folder.look(name)
        try:
            return b"" if path is None or path.stat().st_size > _SMALL else path.read_bytes()
        except OSError:
            return b""

    def _row(self) -> int:
        """The row that comes next."""
        last = self._rows.last_step
        return int(last) + 1 if abs(last) < 2**62 else 0

    def _now(self) -> int:
        return max(self._last, self._history.time)

    def _note(self, what: str) -> None:
        self._problems.note(self._log, what)

    def _lost(self, position: int, count: int, reason: str) -> None:
        self._damaged += 1
        if self._damaged <= _PLACES:
            self._problems.note(f"{self._log}: byte {position}", f"{count} bytes are lost: {reason}")
        else:
            self._problems.note(self._log, f"bytes are lost in further places: {reason}")


def _follows(payload: bytes, at: int) -> bool:
    """Whether the record is a summary that W&B made of a row: nobody named as its sender, names by nested keys."""
    size, at = protobuf.varint(payload, at)
    if at + size != len(payload) or size < 4 or payload[at] != _ITEM:
        return False
    _, start = protobuf.varint(payload, at + 1)
    return start < len(payload) and payload[start] == _NESTED


_TAKE: Final = {
    2: Reading._take_history,
    4: Reading._take_output,
    7: Reading._take_stats,
    8: Reading._take_artifact,
    10: Reading._take_alert,
    13: Reading._take_output,
    27: Reading._take_logger,
}
"""What is done with records that `Told` does not take, by the number of their field."""
