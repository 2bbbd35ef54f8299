"""Where a run's code comes from: the script, its files, the packages, the repository."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pluto.compat.neptune.attributes.constants import (
    DIFF_HEAD_INDEX_PATH,
    SOURCE_CODE_ATTRIBUTE_SPACE,
    SOURCE_CODE_ENTRYPOINT_ATTRIBUTE_PATH,
    SOURCE_CODE_FILES_ATTRIBUTE_PATH,
    UPSTREAM_INDEX_DIFF,
)
from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.internal.entry_point import executed_script
from pluto.compat.neptune.internal.utils import (
    does_paths_share_common_drive,
    get_absolute_paths,
    get_common_root,
    is_ipython,
)
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.types.atoms.file import File

if TYPE_CHECKING:
    from pluto.compat.neptune.metadata_containers.run import Run
    from pluto.compat.neptune.types.atoms.git_ref import GitRef

__all__ = ["record_dependencies", "record_repository", "record_source_files"]

_GIT: Final = f"{SOURCE_CODE_ATTRIBUTE_SPACE}git"
_REQUIREMENTS: Final = f"{SOURCE_CODE_ATTRIBUTE_SPACE}requirements"
_PATIENCE_S: Final = 2.0
"""How long the script waits for git. What takes longer is recorded when it is there."""


def record_source_files(run: Run, source_files: Sequence[str] | None) -> None:
    """Sets the entry point's name, and uploads the files: None: the entry point alone."""
    script = None if is_ipython() else executed_script()
    if script is not None:
        if source_files is None:
            source_files = [str(script)]
            entry = script.name
        else:
            entry = _relative(script, source_files) if source_files else script.name
        run[SOURCE_CODE_ENTRYPOINT_ATTRIBUTE_PATH] = entry
    if source_files is not None:
        run[SOURCE_CODE_FILES_ATTRIBUTE_PATH].upload_files(list(source_files))


def _relative(script: Path, source_files: Sequence[str]) -> str:
    root = get_common_root(get_absolute_paths(source_files))
    if root is not None and does_paths_share_common_drive([root, str(script)]):
        return os.path.relpath(script, root).replace(os.sep, "/")
    return str(script).replace(os.sep, "/")


def record_dependencies(run: Run, dependencies: str | os.PathLike[str] | None) -> None:
    """Uploads the list of installed packages for `infer`, else the file; warns where there is none."""
    if not dependencies:
        return
    if dependencies == "infer":
        if packages := _installed():
            run[_REQUIREMENTS].upload(File.from_content("\n".join(packages)))
    elif os.path.isfile(dependencies):
        run[_REQUIREMENTS].upload(os.fspath(dependencies))
    else:
        get_logger().warning("'%s' does not exist, so that no dependencies are recorded", os.fspath(dependencies))


def _installed() -> list[str]:
    from importlib.metadata import distributions

    named = [(str(one.metadata["Name"]), one.version) for one in distributions() if one.metadata["Name"]]
    return [f"{name}=={version}" for name, version in sorted(named, key=lambda one: one[0].lower())]


def record_repository(run: Run, git_ref: GitRef, *, new: bool) -> None:
    """Sets commit and diffs of the repository, from a thread that is waited for shortly. Failures only warn."""
    place = git_ref.resolve_path()
    if place is None:
        return

    def work() -> None:
        try:
            _record_repository(run, place if place.is_dir() else place.parent, new=new)
        except Exception as error:  # noqa: BLE001  the training does not need it
            warn_once(f"the state of the repository could not be recorded: {error}", exception=NeptuneWarning)

    thread = threading.Thread(target=work, name="pluto-neptune-git", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)


def _record_repository(run: Run, folder: Path, *, new: bool) -> None:
    from pluto.compat.attributes.kinds import AttributeKind, GitCommit
    from pluto.compat.repository import describe

    repository = describe(folder, head_diff=True, upstream_diff=True, untracked=True)
    if repository is None or run._stopped():
        return
    if new:
        commit = GitCommit(
            commit=repository.commit,
            message=repository.message,
            author_name=repository.author_name,
            author_email=repository.author_email,
            date=repository.date,
            dirty=repository.dirty or bool(repository.untracked),
            branch=repository.branch or "Detached HEAD",
            remotes=tuple(repository.remotes.values()),
        )
        run._write_given(_GIT, AttributeKind.GIT_REF, commit)
    if repository.head_diff:
        run[DIFF_HEAD_INDEX_PATH].upload(File.from_content(repository.head_diff, extension="patch"))
    if repository.upstream_diff and repository.upstream_commit not in (None, repository.commit):
        run[f"{UPSTREAM_INDEX_DIFF}{repository.upstream_commit}"].upload(
            File.from_content(repository.upstream_diff, extension="patch")
        )
