"""What a data directory points to, and how far it is delivered."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pluto.compat.neptune.constants import OFFLINE_NAME_PREFIX
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.data_directory import Note, forget, notes, strangers

if TYPE_CHECKING:
    from pluto.core.leftovers import Leftover


@dataclass(frozen=True, slots=True)
class Unsent:
    """A run (model, …) of which something may be left to deliver: its run folder, and the folders that point there."""

    folder: Path
    notes: list[Note]
    left: Leftover | None
    """What is in the run folder; None once it is gone, since all is delivered."""

    @property
    def offline(self) -> bool:
        """Whether it was opened in offline mode."""
        return self.notes[0].kind == "offline"

    @property
    def delivered(self) -> bool:
        """Whether nothing is left of it."""
        return self.left is None or not (self.left.waiting or self.left.poisoned or self.written)

    @property
    def written(self) -> bool:
        """Whether a process may still be writing it."""
        return self.left is not None and self.left.alive and not self.left.ended

    @property
    def name(self) -> str:
        """`workspace/project/ID`, or `offline/<unique id>`."""
        return f"{OFFLINE_NAME_PREFIX}{self.notes[0].id}" if self.offline else self.registered or self._expected

    @property
    def registered(self) -> str | None:
        """`workspace/project/ID` where a store has it, else None."""
        run = self.receipt.get("run") or {}
        if not run:
            return None
        sys_id = run.get("displayId") if self.notes[0].type is ContainerType.RUN else self.notes[0].id
        return f"{self.notes[0].project if not self.offline else run.get('projectName')}/{sys_id}"

    @property
    def receipt(self) -> dict[str, Any]:
        """What became of it so far."""
        from pluto.core.uploader.writer import read_json

        return read_json(self.folder.parent.parent / "receipts" / f"{self.folder.name}.json")

    @property
    def _expected(self) -> str:
        return f"{self.notes[0].project}/{self.notes[0].id}"

    def forget(self) -> None:
        """Removes the folders that point to it, and says so."""
        for note in self.notes:
            forget(note.path)
            click.echo(f"Deleted: {note.path}")

    def delete(self) -> bool:
        """Removes its journals, too. False, and nothing is done, while a process writes or delivers them."""
        from pluto.core.uploader import places

        if self.written:
            return False
        if self.folder.is_dir():
            handle = places.take(self.folder)
            if handle is None:
                return False
            with contextlib.closing(os.fdopen(handle)):
                shutil.rmtree(self.folder, ignore_errors=True)
        self.forget()
        return True


def collect(data: Path) -> Iterator[Unsent]:
    """The objects a data directory points to: those of online runs first, each by name."""
    from pluto.core.leftovers import read

    by_folder: dict[Path, list[Note]] = {}
    for note in notes(data):
        by_folder.setdefault(note.folder.resolve(), []).append(note)
    for folder, several in by_folder.items():
        left = None
        with contextlib.suppress(FileNotFoundError):
            left = read(folder.parent.parent.parent, folder.parent.parent, folder)
        yield Unsent(folder, several, left)


def mention_strangers(data: Path) -> None:
    """Says what to do with what the neptune package has left, if it has."""
    count = len(strangers(data))
    if count:
        click.echo(
            f"{count} {'object was' if count == 1 else 'objects were'} left here by the neptune package, and"
            f" {'is' if count == 1 else 'are'} not touched by this command. To bring what"
            f" {'it has' if count == 1 else 'they have'} over:"
            f"\n\n    pluto migrate neptune {shlex.quote(str(data))} --project WORKSPACE/PROJECT\n"
        )
