"""One run of TensorBoard: the event files of a folder, in the order they were begun."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

from pluto.core import protobuf
from pluto.core.media.names import safe_name
from pluto.core.protobuf import DamagedError
from pluto.core.tfevents import events
from pluto.core.tfevents.records import records
from pluto_migration.gather import Gather
from pluto_migration.model import Console, Facts, File, Item, Status
from pluto_migration.source import Problems, SourceRun, fingerprint_of
from pluto_migration.sources.tensorboard import plugins
from pluto_migration.sources.tensorboard.values import items_of

_STATUS: Final[Mapping[int, Status]] = {1: "finished", 2: "failed", 3: "running"}
_PLACES: Final = 100
"""Damaged places of a file that are named one by one."""
_UNPACKED: Final = 200
"""Times its size that a compressed file may unpack to: event files come to a tenth of that."""
_SPEAK_FOR_THEMSELVES: Final = {"", "scalars", "images", "audio", "histograms", "text", "hparams", "custom_scalars"}
"""Plugins whose own content says nothing that the values do not say."""
_LAYOUT: Final = "custom_scalars__config__"
_LATEST: Final = 1 << 62
_GRAPHS: Final = {events.GRAPH: "graph", events.META_GRAPH: "meta_graph"}


class TensorBoardRun(SourceRun):
    """A folder with event files, and such other files of it as were asked for."""

    def __init__(self, project: str, id: str, name: str, path: Path, files: Sequence[Path], others: Sequence[Path]):
        self.project, self.id, self.path = project, id, path
        self._name = name
        self._files = files
        self._others = others

    @property
    def name(self) -> str:
        """The path below the log root."""
        return self._name

    @property
    def created(self) -> int | None:
        """The time of the first two events, the earlier one: the first may only say when the file was made."""
        try:
            with self._files[0].open("rb") as file:
                times = [events.parse_event(record).time for record in islice(records(file), 2)]
        except (OSError, DamagedError):
            return None
        return min((moment for moment in map(_microseconds, times) if moment), default=None)

    @property
    def fingerprint(self) -> str:
        """Of the event files and the others."""
        return fingerprint_of([*self._files, *self._others])

    @property
    def size(self) -> int:
        """Of the event files and the others."""
        return sum(path.stat().st_size for path in (*self._files, *self._others))

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All files, one after the other. A damaged place costs what stands there."""
        reading = _Reading(problems)
        for number, path in enumerate(self._files):
            try:
                with path.open("rb") as raw:
                    packed = raw.read(2) == b"\x1f\x8b"
                    raw.seek(0)
                    source = _unpacked(raw, path, scratch / f"{number}.events", problems) if packed else raw
                    with source:
                        yield from reading.file(source, path)
            except OSError as error:
                problems.note(path, f"it can't be read: {error.strerror or error}")
        for path in self._others:
            name = path.relative_to(self.path).as_posix()
            yield File(f"files/{name}", "FILE", path, path.name, time=reading.last or 0)
        yield from reading.end()


class _Reading:
    """What is known of a run while its files are read."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._noted: dict[Path, int] = {}
        self._gather = Gather()
        self._tags: dict[str, events.Metadata] = {}
        self._config: dict[str, Any] = {}
        self._status: Status | None = None
        self._ended: int | None = None
        self._extras: dict[str, Any] = {}
        self._begun: int | None = None
        self.last: int | None = None
        """The latest time of the events that say something."""

    def file(self, file: BinaryIO, path: Path) -> Iterator[Item]:
        """What an event file holds."""
        gather, point = self._gather, self._gather.point
        for record in records(file, lambda at, what: self._note(path, f"at {at}: {what}")):
            try:
                event = events.parse_event(record)
            except DamagedError as error:
                self._note(path, f"an event that can't be read: {error}")
                continue
            time = self._moment(event, path)
            for value in event.values:
                if value.kind == events.SIMPLE and value.about is None:
                    point(value.tag, event.step, time, protobuf.single(value.body))
                else:
                    yield from self._value(value, event.step, time, path)
            for number, body in event.others:
                yield from self._other(number, body, event.step, time, path)
            if gather.full:
                yield from gather.drain()

    def end(self) -> Iterator[Item]:
        """What is left, and what is known of the run."""
        yield from self._gather.drain()
        said = {tag: words for tag, about in self._tags.items() if (words := _words(about))}
        extras = {**self._extras, **({"tags": said} if said else {})}
        yield Facts(
            status=self._status or "unknown",
            ended=self._ended or self.last or self._begun,
            config=self._config,
            extras={"tensorboard": extras} if extras else {},
        )

    def _note(self, path: Path, what: str) -> None:
        self._noted[path] = self._noted.get(path, 0) + 1
        self._problems.note(path, what if self._noted[path] <= _PLACES else "further damaged places")

    def _moment(self, event: events.Event, path: Path) -> int:
        moment = _microseconds(event.time)
        if moment is None:
            self._note(path, "an event whose time is none: it has that of the one before")
            return self.last or self._begun or 0
        if not event.values and all(number == events.VERSION for number, _ in event.others):
            self._begun = moment  # the clock of what wrote the file, which is not always that of the values
        elif self.last is None or moment > self.last:
            self.last = moment
        return moment

    def _value(self, value: events.Value, step: int, time: int, path: Path) -> Iterator[Item]:
        try:
            if value.about is not None:
                self._tags[value.tag] = value.metadata or events.Metadata()
            about = self._tags.get(value.tag) or events.Metadata()
            if about.plugin == "hparams" and value.tag.startswith("_hparams_/"):
                self._hparams(about.content)
            elif value.tag == _LAYOUT and isinstance(layout := value.tensor, list) and layout:
                self._extras["custom_scalars"] = plugins.decoded(layout[-1], plugins.LAYOUT)
            elif value.kind == events.SIMPLE:
                self._gather.point(value.tag, step, time, protobuf.single(value.body))
            elif value.kind:
                yield from items_of(value, about, step, time, self._gather)
            else:
                self._note(path, f"a value of {value.tag!r} of a kind that is not known")
        except (DamagedError, ValueError) as error:
            self._note(path, f"a value of {value.tag!r} at step {step} can't be kept: {error}")

    def _hparams(self, content: bytes) -> None:
        found = plugins.decoded(content, plugins.HPARAMS)
        if "experiment" in found:
            self._extras["experiment"] = found["experiment"]
        if "start" in found:
            start = found["start"]
            self._config |= {one.get("name", ""): one.get("value") for one in start.pop("hparams", ())}
            if start:
                self._extras["session"] = start
        if "end" in found:
            self._status = _STATUS.get(found["end"].get("status", 0), "unknown")
            self._ended = _microseconds(found["end"].get("ended", 0.0)) or None

    def _other(self, number: int, body: bytes, step: int, time: int, path: Path) -> Iterator[Item]:
        try:
            fields = [] if number in _GRAPHS else list(protobuf.fields(body))
        except DamagedError as error:
            if number != events.VERSION:  # a text
                self._note(path, f"what is beside values at step {step} can't be read: {error}")
            return
        texts = {one: protobuf.text(value) for one, wire, value in fields if wire == protobuf.LENGTH}
        numbers = {one: value for one, wire, value in fields if wire == protobuf.VARINT}
        if number in _GRAPHS:
            yield File(_GRAPHS[number], "FILE", bytes(body), f"{_GRAPHS[number]}_{step}.pb", step=step, time=time)
        elif number == events.RUN_METADATA:
            metadata = next((value for one, wire, value in fields if (one, wire) == (2, protobuf.LENGTH)), b"")
            name = f"run_metadata/{texts.get(1, '')}"
            yield File(name, "FILE", bytes(metadata), safe_name(f"{name}_{step}.pb"), step=step, time=time)
        elif number == events.LOG_MESSAGE:
            yield Console("stderr" if numbers.get(1, 0) >= 30 else "stdout", [time], [texts.get(2, "")])
        elif number == events.SESSION:
            word = {1: "start", 2: "stop", 3: "checkpoint"}.get(numbers.get(1, 0), "unknown")
            entry = {
                "status": word,
                "step": step,
                "time": time,
                "checkpoint_path": texts.get(2),
                "message": texts.get(3),
            }
            self._extras.setdefault("session_log", []).append({k: v for k, v in entry.items() if v is not None})


def _words(about: events.Metadata) -> dict[str, str]:
    """What is said of a tag beside its values."""
    words = {"display_name": about.display_name, "description": about.description}
    if about.content and about.plugin not in _SPEAK_FOR_THEMSELVES:
        words |= {"plugin": about.plugin, "content": base64.b64encode(about.content).decode()}
    return {name: text for name, text in words.items() if text}


def _microseconds(seconds: float) -> int | None:
    """Whole microseconds, None for a time that is none."""
    if not math.isfinite(seconds) or abs(seconds) * 1_000_000 > _LATEST:
        return None
    return round(seconds * 1_000_000)


def _unpacked(file: IO[bytes], path: Path, target: Path, problems: Problems) -> BinaryIO:
    """A compressed file's content, on disk; what can't be unpacked is left out and noted."""
    import gzip

    room = _UNPACKED * path.stat().st_size + (1 << 20)
    with gzip.open(file) as packed, target.open("wb") as unpacked:
        try:
            while piece := packed.read(1 << 20):
                room -= len(piece)
                if room < 0:
                    problems.note(path, f"it unpacks to more than {_UNPACKED} times its size: what follows is left out")
                    break
                unpacked.write(piece)
        except (OSError, EOFError, zlib.error) as error:
            problems.note(path, f"what is compressed is damaged or cut off: {error}")
    return cast(BinaryIO, target.open("rb"))
