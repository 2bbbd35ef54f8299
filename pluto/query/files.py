"""Files of runs: lists, downloads that stay inside their folder, uploads."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pluto.query.connection import logger, tag, telling
from pluto.query.errors import QueryError
from pluto.query.readable import Readable
from pluto.query.runs import Runs
from pluto.query.values import microseconds, whole

STOCK_MAX: Final = 1000
"""Files that a stock server lists at once."""
_PAGE: Final = 1000
_MASK: Final = "mask"
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)


class Files(Runs):
    """Reads (and the one write) of files."""

    def get_files(self, project: str, run_id: int | str, file_name: str | None = None) -> list[dict[str, Any]]:
        """Every file: `fileName`, `fileType`, `fileSize`, `logName`, `step`, `time`, `caption`, `annotations`, `url`.

        `file_name` is the name it was logged under. A stock server lists 1,000 at most; a warning says so.
        """
        files = list(self.iter_files(project, run_id, file_name))
        if len(files) == STOCK_MAX and not self._connection.extended:
            logger.warning(
                "%s: %s lists %d files at most; name one to see the rest", tag, self._connection.where, STOCK_MAX
            )
        return files

    def iter_files(self, project: str, run_id: int | str, file_name: str | None = None) -> Iterator[dict[str, Any]]:
        """The files as `get_files` gives them, page after page."""
        number = self._id(project, run_id)
        if not self._connection.extended:
            params = {"runId": number, "projectName": project, "logName": file_name}
            for row in self._connection.get("/api/runs/files", params)["files"]:
                yield {**row, "step": whole(row["step"]), "fileSize": whole(row["fileSize"])}
            return
        cursor: str | None = None
        while True:
            page = self._connection.extension(
                f"/runs/{number}/files", {"name": file_name, "limit": _PAGE, "cursor": cursor}, fresh=cursor is None
            )
            yield from page["rows"]
            cursor = page.get("next")
            if cursor is None:
                return

    def iter_files_of(self, project: str, run: int, name: str, readable: Readable | None) -> Iterator[dict[str, Any]]:
        """The files logged under a name of a run, given by its number, masks left aside.

        As `iter_files` lists them; `at` is the exact time in microseconds, where it is known. `readable` is what
        `RunOverview` tells of the run: a stock server may have them under several names, and calls them otherwise.
        """
        for sent in [name] if readable is None else readable.sent_files(name):
            for row in self.iter_files(project, run, sent):
                found = dict(row) if readable is None else readable.unpacked(row, name)
                if found["fileType"] != _MASK:
                    if "at" not in found:
                        time = found["time"]
                        found["at"] = time if isinstance(time, int) else microseconds(time)
                    yield found

    def download_file(self, project: str, run_id: int | str, file_name: str, destination: str | Path = ".") -> Path:
        """The path of the downloaded file: `destination`, or inside it where that is a folder.

        Of several files logged under `file_name`, the first; `download_files` gives all. The server's name for the
        file never leads out of the folder. Raises `QueryError` where there is no such file or it can't be had.
        """
        row = next(self.iter_files(project, run_id, file_name), None)
        if row is None:
            raise QueryError(f"run {run_id!r} has no file {file_name!r}", 404)
        target = Path(destination)
        if target.is_dir():
            target = target / safe_name(str(row.get("fileName") or file_name))
        self.fetch_file(row, target)
        return target

    def download_files(
        self,
        project: str,
        run_id: int | str,
        destination: str | Path,
        file_name: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Path]:
        """The paths of all files of the run (or of one name), each under its log name in the folder `destination`.

        A file whose name is taken by another step's gets the step put before its name. `progress` is told how many
        there are so far.
        """
        paths: list[Path] = []
        taken: set[str] = set()
        for row in self.iter_files(project, run_id, file_name):
            target = _free_place(Path(destination), row, taken)
            taken.add(str(target).lower())
            self.fetch_file(row, target)
            paths.append(target)
            if progress is not None:
                progress(len(paths))
        return paths

    def upload_file(
        self,
        project: str,
        run_id: int | str,
        log_name: str,
        path: str | Path,
        *,
        step: int | None = None,
        caption: str | None = None,
    ) -> None:
        """Puts one file to an existing run and leaves its status and everything else as it is. Without a step: step 0.

        Raises `QueryError` where the file is missing, or the server does not take it.
        """
        source = Path(path)
        if not source.is_file():
            raise QueryError(f"there is no file {source}")
        run = self.get_run(project, run_id)
        entry: dict[str, Any] = {
            "fileName": source.name,
            "fileSize": source.stat().st_size,
            "fileType": source.suffix.removeprefix("."),
            "time": int(time.time() * 1000),
            "logName": log_name,
            "step": 0 if step is None else step,
            "sampleIndex": 0,
        }
        if caption is not None:
            entry["caption"] = caption
        kind = mimetypes.guess_type(source.name)[0] or "application/octet-stream"
        calls = self._connection.calls
        with telling(f"{source.name!r}"):
            url = calls.presign(int(run["id"]), run["projectName"], [entry]).get(source.name)
            if url is None:
                raise QueryError(f"{self._connection.where} gave no address to send {source.name!r} to")
            calls.upload(url, source, kind)

    def read_file(self, row: Mapping[str, Any]) -> bytes:
        """The content of a file, as it is listed by `iter_files`."""
        url = _address(row)

        def fetched() -> bytes:
            with self._connection.calls.download(url) as chunks:
                return b"".join(chunks)

        return self._connection.again(f"{row.get('fileName')!r}", fetched)

    def hash_file(self, row: Mapping[str, Any]) -> str:
        """The SHA-256 of a file's content as it comes from the server, in hexadecimal; nothing of it is kept.

        Raises `QueryError`, with status 404 where the content is not there.
        """
        url = _address(row)

        def fetched() -> str:
            found = hashlib.sha256()
            with self._connection.calls.download(url) as chunks:
                for chunk in chunks:
                    found.update(chunk)
            return found.hexdigest()

        return self._connection.again(f"{row.get('fileName')!r}", fetched)

    def fetch_file(self, row: Mapping[str, Any], target: Path) -> None:
        """Puts a file, as it is listed by `iter_files`, at a place. Written beside it, then moved: no half files."""
        url = _address(row)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.parent / f".{secrets.token_hex(8)}.part"
        try:
            with telling(f"{row.get('fileName')!r}"), self._connection.calls.download(url) as chunks:
                with part.open("xb") as sink:
                    for chunk in chunks:
                        sink.write(chunk)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


def _address(row: Mapping[str, Any]) -> str:
    url = row.get("downloadUrl") or row.get("url")
    if not url:
        text = f"{row.get('fileName')!r} was announced, but its content has not arrived at the server"
        raise QueryError(text, 404)
    return str(url)


def _free_place(folder: Path, row: dict[str, Any], taken: set[str]) -> Path:
    """Where a file goes: under its log name, and nowhere another one (by any case of its letters) or a folder is."""
    for part in filter(None, row["logName"].split("/")):
        folder = folder / safe_name(part)
        while str(folder).lower() in taken:
            folder = folder.with_name(folder.name + "_")
    name = safe_name(str(row["fileName"]))
    target, count = folder / name, 0
    while str(target).lower() in taken or target.is_dir():
        count += 1
        target = folder / (f"{row['step']}-{name}" if count == 1 else f"{row['step']}-{count}-{name}")
    return target


def safe_name(name: str) -> str:
    """A file name made of a name from elsewhere: no folders, no `..`, nothing hidden, no devices, at most 200 bytes."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "-", last).strip(" ").rstrip(".").lstrip(".")
    if not clean:
        return "file"
    if _DEVICES.match(clean):
        clean = f"_{clean}"
    if len(clean.encode()) > 200:
        stem, suffix = os.path.splitext(clean)
        suffix = suffix if len(suffix.encode()) <= 20 else ""
        clean = stem.encode()[: 200 - len(suffix.encode())].decode(errors="ignore") + suffix
    return clean
