"""Writing files: one under a path, and sets of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pluto.compat.attributes.changes import ConfigWriter, microseconds
from pluto.compat.attributes.kinds import AttributeKind, TrackedFiles
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.core.media import File


class FileWriter(ConfigWriter):
    """The part of an `AttributeWriter` that writes files."""

    def upload(self, path: str, file: File, *, extension: str | None = None) -> None:
        """Sets a File attribute, in the place of what it was. A file that can't be read raises `OSError`.

        `extension`, without dot, is what the file is to have in the place of its own.
        """
        moment = microseconds(None)
        replacing = path in self._kinds or not self._steps.fresh
        self.declare({path: AttributeKind.FILE})
        before = records.Forget(moment, [path], replaced=True) if replacing else None
        changes = {} if extension is None else {"metadata": {"extension": extension}}
        self.op.log_file(path, file, 0, moment, before=before, **changes)

    def upload_set(self, path: str, entries: Mapping[str, str | os.PathLike[str] | bytes]) -> None:
        """Adds files to a file set, by their relative paths in it; one that is there is replaced."""
        if not entries:
            return
        from pluto.core.media import File

        moment = microseconds(None)
        replacing = path in self._kinds or not self._steps.fresh
        self.declare({path: AttributeKind.FILE_SET})
        for entry, content in entries.items():
            file = File(content, name=os.path.basename(entry)) if isinstance(content, bytes) else File(content)
            before = records.Forget(moment, [path], [entry], replaced=True) if replacing else None
            metadata = {"artifact_path": entry}
            self.op.log_file(path, file, 0, moment, before=before, type="ARTIFACT", metadata=metadata)

    def remove_from_set(self, path: str, names: Iterable[str]) -> None:
        """Removes files from a file set; a name ending with `/` stands for all below it."""
        gone = list(names)
        if gone:
            self.op.write(records.Forget(microseconds(None), [path], gone))

    def _write_manifest(self, path: str, tracked: TrackedFiles) -> None:
        from pluto.core.media import File

        rows = [[file.path, file.hash, file.kind, dict(file.metadata), file.size] for file in tracked.files]
        moment = microseconds(None)
        before = records.Forget(moment, [path], replaced=True)
        file = File(json.dumps(rows).encode(), name="files.json")
        self.op.log_file(path, file, 0, moment, before=before, type="ARTIFACT")
