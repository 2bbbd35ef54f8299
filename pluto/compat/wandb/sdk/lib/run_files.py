"""The files of a run: those that are saved, those that are kept with values, and the run's own."""

from __future__ import annotations

import contextlib
import fnmatch
import glob as globbing
import io
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pluto.compat.wandb.errors.term import termlog, termwarn
from pluto.compat.wandb.sdk.lib.filenames import OUTPUT_FNAME
from pluto.compat.wandb.sdk.lib.run_about import RunAbout, while_open

_POLICIES: Final = ("live", "end", "now")
_LOOK_S: Final = 10.0
"""How often files that are to be kept while they change are looked at."""


class RunFiles(RunAbout):
    """Saving and restoring files."""

    _watched: dict[str, tuple[str, tuple[int, int] | None]]
    """Files to keep again: policy, and size and time as they were kept last, by path in the run's folder."""
    _watching: threading.Event | None
    _kept: set[str]
    """Paths in the run's folder of files that were kept."""

    @while_open
    def save(
        self,
        glob_str: str | bytes | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        policy: Literal["live", "now", "end"] = "live",
        glob: bool = True,
    ) -> list[str]:
        """Keeps files with the run, and gives their paths in the run's folder.

        `glob_str` is a path or a pattern; with `glob=False` it is a path, whatever characters it has. What lies below
        `base_path` keeps its folders; without it, a relative path does, an absolute one its last. `policy`: "live"
        keeps a file again when it has changed, "now" just now, "end" when the run ends.

        Raises `ValueError` for another policy and for a pattern above `base_path`.
        """
        if isinstance(glob_str, bytes):
            glob_str = glob_str.decode()
        if isinstance(glob_str, str) and glob_str.startswith(("gs://", "s3://")):
            termlog(f"{glob_str} is a cloud storage url, can't save file to a run.")
            return []
        pattern = Path(os.path.abspath(glob_str))
        if base_path is not None:
            base = Path(os.path.abspath(base_path))
        elif not os.path.isabs(glob_str):
            base = Path.cwd()
        else:
            termwarn(
                "Saving files without folders. If you want to preserve subdirectories pass base_path to wandb.save,"
                ' i.e. wandb.save("/mnt/folder/file.h5", base_path="/mnt")',
                repeat=False,
            )
            base = pattern.parent.parent
        if policy not in _POLICIES:
            raise ValueError('Only "live", "end" and "now" policies are currently supported.')
        if pattern == base or not pattern.is_relative_to(base):
            raise ValueError(f"The glob {str(pattern)!r} must be below the base path {str(base)!r}")
        return self._save(pattern, base, policy, glob)

    def _save(self, pattern: Path, base: Path, policy: str, expand: bool) -> list[str]:
        folder = Path(self._settings.files_dir)
        relative = pattern.relative_to(base)
        if expand:
            sources = [Path(found) for found in sorted(globbing.glob(str(pattern)))]
            present = set(folder.glob(str(relative)))
        else:
            sources = [pattern] if os.path.lexists(pattern) else []
            present = {folder / relative} if os.path.lexists(folder / relative) else set()
        targets: dict[Path, str] = {}
        for source in sources:
            if source.is_dir():
                continue
            target = folder / source.relative_to(base)
            targets[target] = policy
            with contextlib.suppress(OSError):
                if target.exists() and source.samefile(target):
                    continue
            try:
                if not _put(source, target, self._settings.symlink):
                    targets[target] = "now" if policy == "live" else policy
            except OSError as error:
                termwarn(f"{source} was not saved: {error}")
                del targets[target]
        targets.update({path: policy for path in present - targets.keys() if path.is_file()})
        for target, how in targets.items():
            self._keep_saved(target, how)
        return [str(path) for path in sorted(targets)]

    def restore(
        self, name: str, run_path: str | None = None, replace: bool = False, root: str | None = None
    ) -> io.TextIOBase | None:
        """A file of this run or another one, open for reading; None where there is none. See `wandb.restore`."""
        self._refuse_if_finished("restore")
        return restored(self, name, run_path, replace, root)

    # within

    def _keep_file(
        self,
        path: str | os.PathLike[str],
        name: str,
        step: int,
        *,
        type: str = "FILE",
        file_type: str | None = None,
        index: int = 0,
        caption: str | None = None,
        annotations: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Hands a file that lies in the run's folder to the engine, as it is now: the file of a value.

        `name` is the key it was logged under, `step` the row, `index` its place in a list; `type` is one of
        `pluto.protocol.records.Media.type`, `file_type` the extension unless it is said. Never raises for the disk:
        what can't be kept is told.
        """
        found = Path(path)
        where = found.relative_to(self._settings.files_dir).as_posix() if found.is_absolute() else found.as_posix()
        self._kept.add(where)
        number: Any = [step + 1] if self._rows.relative else step
        try:
            self._op.keep_file(
                Path(self._settings.files_dir, where), name, number, type=type, file_type=file_type, where=where,
                index=index, caption=caption, annotations=annotations, metadata=metadata,
            )  # fmt: skip
        except OSError as error:
            termwarn(f"{where} was not kept: {error}")

    if TYPE_CHECKING:
        _rows: Any

    def _publish_file(self, fname: str) -> None:
        """Keeps a file of the run's folder, under its path there."""
        self._keep_saved(Path(self._settings.files_dir, fname), "now")

    def _keep_saved(self, path: Path, policy: str) -> None:
        """Keeps a saved file now, and notes it where it is to be kept again."""
        where = path.relative_to(self._settings.files_dir).as_posix()
        if any(fnmatch.fnmatch(where, pattern) for pattern in self._settings.ignore_globs):
            return
        before = self._watched.get(where, ("", None))[1]
        kept = before if policy == "end" else self._keep_changed(where, before)
        if policy != "now":
            self._watched[where] = policy, kept
            self._start_watching()

    def _keep_changed(self, where: str, before: tuple[int, int] | None) -> tuple[int, int] | None:
        """Keeps a file unless it is as it was; gives its size and time."""
        try:
            facts = os.stat(Path(self._settings.files_dir, where))
        except OSError:
            return before
        now = facts.st_size, facts.st_mtime_ns
        if now != before:
            self._keep_file(where, where, 0)
        return now

    def _keep_watched(self, *, last: bool = False) -> None:
        """Keeps what has changed of the files that are to be kept again; at the `last` time also those for the end."""
        if last and self._watching is not None:
            self._watching.set()
        for where, (policy, before) in list(self._watched.items()):
            if last or policy == "live":
                self._watched[where] = policy, self._keep_changed(where, before)

    def _keep_rest(self) -> None:
        """Keeps what lies in the run's folder and nobody has handed over: checkpoints, logs of other tools."""
        folder = Path(self._settings.files_dir)
        for path in sorted(folder.rglob("*")):
            where = path.relative_to(folder).as_posix()
            if where not in self._kept and where != OUTPUT_FNAME and path.is_file():
                self._keep_saved(path, "now")

    def _start_watching(self) -> None:
        if self._watching is not None:
            return
        over = self.__dict__["_watching"] = threading.Event()

        def look() -> None:
            while not over.wait(_LOOK_S):
                if self._is_finished:
                    return
                with contextlib.suppress(Exception):
                    self._keep_watched()

        threading.Thread(target=look, name="pluto-saved-files", daemon=True).start()


def restored(run: Any, name: str, run_path: str | None, replace: bool, root: str | None) -> io.TextIOBase | None:
    """See `wandb.restore`; `run` is the one that is open, or None."""
    if run_path is None:
        if run is None:
            raise ValueError("run_path required when calling wandb.restore before wandb.init")
        run_path = run.path
    folder = root or (run.dir if run is not None else os.getcwd())
    path = os.path.join(folder, name)
    if os.path.exists(path) and not replace:
        return open(path, encoding="utf-8")
    from pluto.compat.wandb.apis.public import Api

    for file in Api().run(run_path).files([name]):
        found: io.TextIOBase = file.download(root=folder, replace=True)
        return found
    return None


def _put(source: Path, target: Path, symlink: bool) -> bool:
    """Puts a file into the run's folder: as a link, or a copy. Whether it changes with the original."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        target.unlink()
    if symlink:
        try:
            target.symlink_to(source)
        except OSError:
            symlink = False
        else:
            return True
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        return False
    return True
