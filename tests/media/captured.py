"""What the training process takes and what the uploader makes of it, with a real journal's folder between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pluto.core.journal import Journal
from pluto.core.media import File
from pluto.core.media.draft import MediaDraft
from pluto.core.media.render import Rendered, render


@dataclass
class Pipeline:
    """A journal's blob folder and an uploader's output folder."""

    journal: Journal
    folder: Path
    out: Path

    def capture(self, value: File) -> list[MediaDraft]:
        with self.journal.blobs() as blobs:
            return value.capture(blobs)

    def render(self, value: File) -> list[Rendered]:
        drafts = self.capture(value)
        return [file for draft in drafts for file in self.make(draft)]

    def make(self, draft: MediaDraft, name: str = "key") -> list[Rendered]:
        blob = self.blob(draft.blob) if draft.blob else None
        return render(draft.record(1, 1, name, 0), blob, self.out)

    def blob(self, name: str) -> Path:
        (found,) = self.folder.rglob(name)
        return found

    def blobs(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and path.parent.name.endswith(".blobs")]
