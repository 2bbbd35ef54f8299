"""A run of a source as a journal of the engine: whole in a hidden folder, then there at once."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.core import process
from pluto.core.filesystem import journal_place
from pluto.core.jsonable import to_json
from pluto.core.run_folder import description, run_key
from pluto.protocol import records
from pluto.protocol.records import Kind
from pluto_migration import ledger
from pluto_migration.config import clean, merge, text_of, void
from pluto_migration.digest import row_hash
from pluto_migration.draft import Draft
from pluto_migration.gathered import Gathered
from pluto_migration.items import Items, is_moment
from pluto_migration.model import Facts
from pluto_migration.report import Counts, Noted
from pluto_migration.source import Problems, SourceRun

if TYPE_CHECKING:
    from pluto.core.settings import Settings
    from pluto_migration.known import Known

MARK: Final = "migration"
"""Key of `run.json` that says which source a journal was made of."""
_NAME_CHARS: Final = 255
"""Of a name that every server takes; a longer one is said again."""
_LONGEST_NAME: Final = 1_000
_TELL_S: Final = 0.5
_CONFIG_BYTES: Final = 256 << 10
"""Of the records that the config is cut into, where it can be: between its outermost keys."""


@dataclass(slots=True)
class Staged:
    """A run that is on its way: its journal lies complete under `sync/runs/<key>/<writer>`."""

    key: str
    writer: str
    read: Counts = field(default_factory=Counts)
    added: Counts = field(default_factory=Counts)
    problems: list[Noted] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    name: str | None = None


def stage(
    run: SourceRun,
    settings: Settings,
    *,
    source: str,
    known: Known | None = None,
    dry_run: bool = False,
    tell: Callable[[Counts], None] = lambda _: None,
) -> Staged:
    """Reads a run and puts it, whole, where the deliverer finds it.

    `settings` (of `pluto.core.settings.resolve`) say where the run goes and which root its journal lies in; `source` is
    the source's name. `known`: what the store has of the run; only what it has not is staged then. `dry_run`: counts
    alone, nothing is written; the key and the writer are empty then. `tell` is given the counts so far, now and then.

    Raises `SourceError` where nothing can be read, `OSError` and `sqlite3.Error` where the disk does not take it;
    nothing is left then.
    """
    place = journal_place(settings.root)
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="pluto-") as scratch:
            return _Staging(run, source, known, None, Path(scratch)).fill("", tell)
    draft = Draft(place.folder, process.place(place.folder))
    try:
        # Beside the journal, so that what is unpacked there can be linked into it, and goes with it.
        staged = _Staging(run, source, known, draft, draft.scratch).fill(draft.writer, tell)
        target = settings.target()
        about = description(settings, target, clean(run.project), stored_id(run.id))
        staged.key = run_key(target, clean(run.project), stored_id(run.id))
        draft.commit(staged.key, {**about, MARK: source, "mode": "online", "delivery": "process"})
    except BaseException:
        draft.discard()
        raise
    return staged


class _Staging:
    """One run on its way into a draft; without one, it is only counted."""

    def __init__(self, run: SourceRun, source: str, known: Known | None, draft: Draft | None, scratch: Path) -> None:
        self._run = run
        # As it is before it is read: what the source gets meanwhile is found by the next pass.
        self._fingerprint = run.fingerprint
        self._source = source
        self._known = known
        self._draft = draft
        self._scratch = scratch
        self._problems = Problems()
        self._facts = Gathered()
        self._created = self._moment("began", run.created)
        self._items = Items(run, draft, known, self._problems, self._created, scratch)

    def fill(self, writer: str, tell: Callable[[Counts], None]) -> Staged:
        """Reads the run to its end."""
        items = self._items
        told = time.monotonic()
        for item in self._run.read(self._scratch, self._problems):
            if isinstance(item, Facts):
                self._facts.add(item)
            else:
                items.take(item)
            if time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                tell(items.read)
        items.finish()
        items.read.values = self._facts.values
        self._facts.ended = self._moment("ended", self._facts.ended)
        known = self._known
        for kind, count in ({} if known is None else known.surplus()).items():
            self._problems.note(self._run.path, f"the store has {count} {kind} that the source has no more: they stay")
        items.added.values = self._facts.values if known is None else 0
        if self._facts.name is not None and len(self._facts.name) > _LONGEST_NAME:
            self._problems.note(self._run.path, f"of its name the first {_LONGEST_NAME} characters came over")
        tags = self._facts.own_tags()[0]
        said = {"name": self._facts.name, "notes": _mark(self._facts.notes), "tags": tags}
        config = self._facts.config(self._run.id, stored_id(self._run.id))
        parent = self._run.parent
        if parent is not None and not is_forked(self._run) and not parent.nested:
            why = "the step is not known" if parent.step is None else f"it is of project {parent.project}"
            self._problems.note(self._run.path, f"the run it was forked from, {parent.id}, is not linked to it: {why}")
        problems = [Noted(one.where, one.what, count) for one, count in self._problems]
        if self._draft is not None:
            passes = 1 if known is None else known.ledger.passes + 1
            begun = ledger.begun(self._run, stored_id(self._run.id), self._source, self._fingerprint, passes)
            self._open(begun, said, tags, config)
            tokens = items.tokens if known is None else items.tokens | known.ledger.tokens
            end = ledger.complete(
                self._facts.status,
                problems,
                self._facts.extras,
                items.read,
                tokens,
                said,
                self._created_or_now(),
            )
            self._config(self._draft.append, {ledger.KEY: {**begun, **end}}, remove=[f"{ledger.KEY}/receipt"])
            self._end()
        extras = [str(name) for name in self._facts.extras]
        return Staged("", writer, items.read, items.added, problems, extras, self._facts.name)

    def _moment(self, what: str, at: int | None) -> int | None:
        if at is None or is_moment(at):
            return at
        self._problems.note(self._run.path, f"the time it {what}, {at} microseconds, is none")
        return None

    def _created_or_now(self) -> int:
        created = self._created if self._created is not None else self._items.first
        return time.time_ns() // 1000 if created is None else created

    def _open(self, begun: dict[str, Any], said: dict[str, Any], tags: list[str], config: dict[str, Any]) -> None:
        """The records that stand first, written when all is known that they say."""
        draft, known, run = self._draft, self._known, self._run
        assert draft is not None
        now = time.time_ns() // 1000
        external_id = stored_id(run.id)
        name = self._facts.name or clean(run.name or "") or external_id
        parent = run.parent if known is None and is_forked(run) else None
        first = {ledger.KEY: begun, records.ATTRIBUTES: {"id": external_id}}
        start = records.Start(
            time=now,
            project=clean(run.project),
            name=name[:_NAME_CHARS],
            external_id=external_id,
            policy="never" if known is None else "must",
            config=to_json(first) if known is None else None,
            created=self._created_or_now(),
            fork_external_id=stored_id(parent.id) if parent is not None else None,
            fork_step=parent.step if parent is not None else None,
            inherit_config=None if parent is None else False,
            inherit_tags=None if parent is None else False,
            readable=True,
        )
        draft.head(Kind.START, records.encode(start))
        if self._facts.metadata:
            draft.head(Kind.METADATA, records.encode(records.Metadata(now, to_json(self._facts.metadata))))
        before: Mapping[str, Any] = {} if known is None else known.ledger.said
        renamed = known is not None and before.get("name") != said["name"]
        if self._facts.name and (len(name) > _NAME_CHARS or renamed):
            draft.head(Kind.NAME, records.encode(records.Name(now, name[:_LONGEST_NAME])))
        if self._facts.notes and before.get("notes") != said["notes"]:
            draft.head(Kind.NOTES, records.encode(records.Notes(now, self._facts.notes)))
        new = tags if known is None else known.new_tags(tags)
        if new:
            draft.head(Kind.TAGS, records.encode(records.Tags(now, add=new)))
        if known is not None:
            if stale := void(known.types, config[records.ATTRIBUTES].get("types", {}), config):
                config[records.ATTRIBUTES]["types"] = merge(stale, config[records.ATTRIBUTES].get("types", {}))
            # From here on the run is not whole, until the last record says so again.
            self._config(draft.head, {ledger.KEY: {"state": ledger.BEGUN}})
        self._config(draft.append if len(text_of(config)) > 4 * _CONFIG_BYTES else draft.head, config)

    def _config(self, put: Any, values: dict[str, Any], remove: list[str] | None = None) -> None:
        now = time.time_ns() // 1000
        part: dict[str, Any] = {}
        size = 0
        for key, value in values.items():
            length = len(text_of(value))
            if part and size + length > _CONFIG_BYTES:
                put(Kind.CONFIG, records.encode(records.Config(now, text_of(part))))
                part, size = {}, 0
            part[key] = value
            size += length
        put(Kind.CONFIG, records.encode(records.Config(now, text_of(part), remove=remove or [])))

    def _end(self) -> None:
        facts = self._facts
        assert self._draft is not None
        ended = next(
            (at for at in (facts.ended, self._items.last, self._created) if at is not None), time.time_ns() // 1000
        )
        end = records.End(ended, facts.final_status, facts.exit_code, facts.end_metadata)
        self._draft.append(Kind.END, records.encode(end))


def is_forked(run: SourceRun) -> bool:
    """Whether the store can show the run as a fork: of a run of the same project, from a step that is known."""
    parent = run.parent
    return parent is not None and not parent.nested and parent.step is not None and parent.project == run.project


def _mark(text: str | None) -> str | None:
    """By what a text is known again."""
    return None if text is None else row_hash(text).hex()


def stored_id(external_id: str) -> str:
    """The id that the store has of a run for the id that its source has: one that is too long is cut and hashed."""
    from pluto.compat.attributes.containers import stored_id as cut

    return cut(clean(external_id))
