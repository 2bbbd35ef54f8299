"""What a run is, and what people attach to it: the part of a run that has nothing to do with values over time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pluto.core.answer import Answer
from pluto.core.config import Config
from pluto.core.jsonable import to_json
from pluto.core.receipt import RunFacts
from pluto.core.recorder import Opening, Recorder
from pluto.core.say import logger
from pluto.core.settings import Settings
from pluto.core.shutdown import End
from pluto.protocol import records
from pluto.protocol.records import Kind, encode

_LEVELS: Final = {
    "DEBUG": "DEBUG", "INFO": "INFO", "WARN": "WARNING", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "ERROR",
}  # fmt: skip


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


class About:
    """Properties, config, tags, notes and alerts of a run. Raises nothing for a network or disk that fails.

    Properties that only the server knows wait for its answer, `init_timeout` seconds at most: `NotDeliveredError`. Of a
    run that is not recorded they are None.
    """

    def __init__(self, opening: Opening) -> None:
        self.settings: Settings = opening.settings
        self.tags: list[str] = list(opening.tags)
        self._opening = opening
        self._project = opening.project
        self._name = opening.name
        self._notes = opening.notes
        self._config = Config(opening.config, self._config_changed)
        self._step: int | float = 0
        self._end: End | None = None
        self._recorder: Recorder | None = None
        self._answer = Answer(None, opening.settings)

    def _put(self, kind: Kind, body: bytes) -> None:
        """Writes a record."""
        raise NotImplementedError

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
            Kind.ALERT,
            encode(records.Alert(now_us(), known, str(title), body, url or self.settings.url_webhook, email)),
        )

    def add_tags(self, tags: str | Sequence[str]) -> None:
        """Adds one tag or several; those the run has already stay where they are."""
        new = [tag for tag in dict.fromkeys(as_tags(tags)) if tag not in self.tags]
        if new:
            self.tags += new
            self._put(Kind.TAGS, encode(records.Tags(now_us(), add=new)))

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Removes one tag or several, be they from this process or another one."""
        gone = list(dict.fromkeys(as_tags(tags)))
        self.tags = [tag for tag in self.tags if tag not in gone]
        if gone:
            self._put(Kind.TAGS, encode(records.Tags(now_us(), remove=gone)))

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
        self._put(Kind.NOTES, encode(records.Notes(now_us(), text)))

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
        """The run's page; None for a run in the local store, which has none. Waits as `id` does."""
        return self._answer.facts("page").url

    @property
    def resumed(self) -> bool:
        """Whether the run was there before this process joined it. Waits as `id` does, unless it must be new."""
        return False if self._opening.identity.new else self._answer.facts("history").resumed

    @property
    def brand_new(self) -> bool:
        """Whether the run is certain to have been made by this process."""
        return self._opening.identity.new

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

    # what the deliverer says

    def progress(self) -> tuple[int, int]:
        """How many records of this process are delivered, and how many there are."""
        recorder = self._recorder
        if recorder is None:
            return 0, 0
        mine = recorder.receipts.mine()
        last = recorder.journal.last_seq
        return (last if mine.done else min(mine.lines, mine.files, last)), last

    @property
    def folder(self) -> Path | None:
        """The folder in which this process's part of the run waits to be delivered; None where nothing is recorded."""
        return None if self._recorder is None else self._recorder.folder.path

    @property
    def facts(self) -> RunFacts | None:
        """What the server has answered to the opening of the run, if it has."""
        return self._answer.known

    @property
    def problem(self) -> str | None:
        """Why delivery is not getting on just now; None while it is."""
        return None if self._recorder is None else self._recorder.receipts.read().problem

    @property
    def refused(self) -> bool:
        """Whether the server takes nothing more of this process: it has no such run, or it was deleted there."""
        return self._recorder is not None and self._recorder.receipts.mine().refused is not None

    @property
    def rejected(self) -> int:
        """How many records of this process the server has refused for good."""
        return 0 if self._recorder is None else self._recorder.receipts.mine().rejected

    def __repr__(self) -> str:
        return f"<pluto run {self._answer.label or self._name} of {self._project}, {self.status}>"

    def _config_changed(self, change: dict[str, Any]) -> None:
        self._put(Kind.CONFIG, encode(records.Config(now_us(), to_json(change))))


def as_tags(tags: str | Sequence[str] | None) -> list[str]:
    """Tags as a list of texts. Raises `TypeError` for what is neither."""
    if tags is None:
        return []
    found = [tags] if isinstance(tags, str) else list(tags)
    if not all(isinstance(tag, str) for tag in found):
        raise TypeError("tags are texts")
    return found
