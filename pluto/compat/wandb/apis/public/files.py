"""Files of runs and artifacts that are read."""

from __future__ import annotations

import io
import json
import mimetypes
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.apis.paginator import SizedPaginator
from pluto.compat.wandb.errors.errors import CommError, UnsupportedError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.paths import validate_fspath

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api
    from pluto.compat.wandb.apis.run.content import RunContent

FILE_FRAGMENT = ""


class Files(SizedPaginator["File"]):
    """The files of a run, by name; of those that were replaced, the last."""

    last_response: Any = None

    def __init__(
        self,
        service_api: Any,
        run: RunContent,
        names: list[str] | None = None,
        per_page: int = 50,
        upload: bool = False,
        pattern: str | None = None,
    ) -> None:
        """`names`: only these. `pattern`: only those that fit it, where `%` is any text and `_` any character."""
        if names and pattern:
            raise ValueError(
                "Querying for files by both names and pattern is not supported."
                " Please provide either a list of names or a pattern to match."
            )
        if upload:
            raise UnsupportedError("Files are put to a run with run.upload_file(path)")
        self.run = run
        self._names = list(names or ())
        self._pattern = None if pattern is None else _like(pattern)
        super().__init__(service_api, {"fileNames": self._names, "pattern": pattern}, per_page)

    def _source(self) -> Iterator[File]:
        record = self.run._record
        found: dict[str, dict[str, Any]] = {}
        for row in record.client.iter_files(record.place, record.number):
            name = name_of(row)
            if (not self._names or name in self._names) and (self._pattern is None or self._pattern.fullmatch(name)):
                known = found.get(name)
                if known is None or (str(row["time"]), row["step"]) >= (str(known["time"]), known["step"]):
                    found[name] = row
        names = [name for name in self._names if name in found] if self._names else sorted(found)
        return (File(self._service_api, _attrs(name, found[name]), self.run) for name in names)

    def __repr__(self) -> str:
        return f"<Files {'/'.join(self.run.path)} ({len(self)})>"


class File(Attrs):
    """A file: `name`, `size`, `md5`, `mimetype`, `url`, `updated_at`."""

    def __init__(self, service_api: Any, attrs: Mapping[str, Any], run: RunContent | None = None) -> None:
        super().__init__(dict(attrs))
        self._service_api = service_api
        self.run = run

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self._attrs.get("sizeBytes") or 0)

    @property
    def path_uri(self) -> str:
        """The address of what is only referred to, else an empty text."""
        found = self._attrs.get("directUrl")
        if not found:
            termwarn("Unable to find direct_url of file")
            return ""
        return str(found)

    @normalize_exceptions
    def download(
        self, root: str = ".", replace: bool = False, exist_ok: bool = False, api: Api | None = None
    ) -> io.TextIOWrapper:
        """The file, put under its name below `root`, opened for reading.

        One that is there is left alone with `exist_ok`, and fetched over with `replace`; else it raises `CommError`.
        """
        path = validate_fspath(root, self.name)
        if os.path.exists(path) and not replace:
            if exist_ok:
                return open(path, encoding="utf-8")
            raise ValueError(
                "File already exists, pass replace=True to overwrite or exist_ok=True to leave it as is and don't"
                " error."
            )
        sha256 = self._attrs.get("_sha256")
        client = self._service_api if api is None else api._service_api
        if sha256:
            client.download_blob(sha256, Path(path))
        elif self._attrs.get("_row") is not None:
            client.fetch_file(self._attrs["_row"], Path(path))
        else:
            raise CommError(f"There is no file {self.name!r} of this run")
        return open(path, encoding="utf-8")

    @normalize_exceptions
    def delete(self) -> None:
        """Raises `UnsupportedError`: files go with their run."""
        raise UnsupportedError("A single file can't be deleted: it goes with its run, run.delete()")

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype}) {_human(self.size)}>"


def missing_file(client: Any, run: RunContent, name: str) -> File:
    """What stands for a file that is not there."""
    return File(client, {"name": name, "id": "", "sizeBytes": 0, "mimetype": "", "md5": "", "url": None}, run)


def name_of(row: Mapping[str, Any]) -> str:
    """The name of a stored file: its path in the run's folder, or what it was logged as by other doors."""
    metadata = row.get("metadata")
    if isinstance(metadata, str):
        metadata = json.loads(metadata or "null")
    if isinstance(metadata, Mapping) and isinstance(metadata.get("path"), str):
        return str(metadata["path"])
    name, file = str(row["logName"]), str(row["fileName"])
    if name == file or name.endswith(f"/{file}"):
        return name
    return f"{name}/{row['step']}-{file}" if row.get("step") else f"{name}/{file}"


def _attrs(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{row['logName']}#{row['step']}#{row.get('sampleIndex', 0)}",
        "name": name,
        "url": row.get("url"),
        "directUrl": row.get("url"),
        "sizeBytes": row["fileSize"],
        "mimetype": mimetypes.guess_type(name)[0] or "",
        "updatedAt": str(row["time"]).replace(" ", "T")[:19] + "Z",
        "md5": "",
        "_sha256": row.get("sha256"),
        "_row": dict(row),
    }


def _like(pattern: str) -> re.Pattern[str]:
    """A pattern of SQL's LIKE."""
    words = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return re.compile("".join(words.get(part, re.escape(part[-1])) for part in parts), re.DOTALL | re.IGNORECASE)


def _human(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.1f}{unit}"
        size /= 1024
    return f"{size:.1f}TiB"
