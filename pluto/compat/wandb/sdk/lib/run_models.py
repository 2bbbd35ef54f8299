"""What a run does with models and code, which are artifacts of a kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pluto.compat.wandb.errors.errors import CommError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.filenames import Choice, exclude_wandb_fn, filtered_dir
from pluto.compat.wandb.sdk.lib.paths import FilePathStr, StrPath
from pluto.compat.wandb.sdk.lib.run_about import while_open
from pluto.compat.wandb.sdk.lib.run_artifacts import RunArtifacts

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

_MODEL_ONLY: Final = (
    "You can only use this method for 'model' artifacts. For an artifact to be a 'model' artifact, its type property"
    " must contain the substring 'model'."
)


def _is_code(path: str) -> bool:
    name = os.path.basename(path)
    return path.endswith(".py") or name.startswith("requirements") or "Dockerfile" in name


class RunModels(RunArtifacts):
    """The part of `Run` that logs, uses and links models, and logs code."""

    @while_open
    def log_model(self, path: StrPath, name: str | None = None, aliases: list[str] | None = None) -> None:
        """Logs what lies at a path or address as an artifact of type `model`. See `log_artifact`."""
        self._log_artifact(path, name=name, type="model", aliases=aliases)

    @while_open
    def use_model(self, name: str) -> FilePathStr:
        """Notes that the run uses a model, and gives the path of its files: of the file itself where it is one.

        Raises `RuntimeError` for an offline run, and `AssertionError` where it is no model.
        """
        if self._settings._offline:
            raise RuntimeError("`use_model` not supported in offline mode.")
        artifact = self.use_artifact(artifact_or_name=name)
        if "model" not in artifact.type.lower():
            raise AssertionError(_MODEL_ONLY)
        folder = artifact.download()
        found = os.listdir(folder)
        return os.path.join(folder, found[0]) if len(found) == 1 else folder

    @while_open
    def link_model(
        self,
        path: StrPath,
        registered_model_name: str,
        name: str | None = None,
        aliases: list[str] | None = None,
    ) -> Artifact | None:
        """Logs a model, and links it to a collection of the project `model-registry`; gives it as it is there.

        `aliases` are those it has there. Raises `AssertionError` for a path as `registered_model_name`, and where
        `name` is no model.
        """
        if "/" in registered_model_name:
            raise AssertionError(
                "Please provide only the name of the registered model. Do not append the entity or project name."
            )
        kind = "model"
        if name is not None and not self._settings._offline:
            try:
                kind = self._find_artifact(f"{name}:latest", None).type
            except (ValueError, CommError):
                kind = "model"
            if "model" not in kind.lower():
                raise AssertionError(_MODEL_ONLY)
        artifact = self._log_artifact(path, name=name, type=kind)
        target = "/".join(part for part in (self.entity, "model-registry", registered_model_name) if part)
        return self.link_artifact(artifact=artifact, target_path=target, aliases=aliases)

    @while_open
    def log_code(
        self,
        root: str | None = ".",
        name: str | None = None,
        include_fn: Choice | Callable[[str], bool] = _is_code,
        exclude_fn: Choice | Callable[[str], bool] = exclude_wandb_fn,
    ) -> Artifact | None:
        """Logs code below a folder as an artifact of type `code`, and gives it; None where there is none.

        `name` is `source-<project>-<program>` where none is given. `include_fn` and `exclude_fn` take a path, or a path
        and `root`, and say whether a file is one to log.
        """
        from pluto.compat.wandb.sdk.artifacts._internal_artifact import InternalArtifact
        from pluto.compat.wandb.util import make_artifact_name_safe

        settings = self._settings
        if name is None:
            program = settings.program_relpath
            if settings._jupyter:
                program = settings.notebook_name or settings.x_jupyter_path or settings.x_jupyter_name
            name = make_artifact_name_safe(f"source-{settings.project}-{program}")
        artifact = InternalArtifact(name, "code")
        if root is not None:
            place = os.path.abspath(root)
            for path in list(filtered_dir(place, include_fn, exclude_fn)):
                artifact.add_file(path, name=os.path.relpath(path, place))
        staged = settings._tmp_code_dir
        for folder, _, files in os.walk(staged):
            for file in files:
                path = os.path.join(folder, file)
                artifact.add_file(path, name=os.path.relpath(path, staged))
        if not artifact.manifest.entries:
            termwarn("No relevant files were detected in the specified directory. No code will be logged to your run.")
            return None
        self._log_artifact(artifact)
        self._set_config_wandb("code_path", artifact.name)
        return artifact
