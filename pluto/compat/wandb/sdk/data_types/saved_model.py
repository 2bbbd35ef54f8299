"""Models of torch, scikit-learn and Keras as values of artifacts."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.sdk.data_types.base_types.media import staged
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue, is_run
from pluto.compat.wandb.sdk.lib.paths import LogicalPath

DEBUG_MODE = False

_Model = TypeVar("_Model")


class _SavedModel(WBValue, Generic[_Model]):
    """A model, or the path of one: it is written apart at once, and read from there when it is asked for.

    `init` finds the kind that knows the model. Raises `AssertionError` for what is none.
    """

    _path_extension: ClassVar[str] = ""
    """Empty where a model is a folder."""

    def __init__(self, obj_or_path: Any, **_: Any) -> None:
        super().__init__()
        if type(self)._serialize is _SavedModel._serialize:
            raise TypeError(
                f"Cannot instantiate abstract {type(self).__name__} class - please use SavedModel.init(...) instead."
            )
        is_path = isinstance(obj_or_path, (str, Path)) and os.path.exists(obj_or_path)
        model = self._deserialize(str(obj_or_path)) if is_path else obj_or_path
        self._check(model)
        self._path = staged(f".{self._path_extension}" if self._path_extension else "")
        self._serialize(model, self._path)
        self._model_obj: Any = model if is_path else None

    @staticmethod
    def init(obj_or_path: Any, **kwargs: Any) -> _SavedModel[Any]:
        """The value of a model. Raises `ValueError` for one of no kind that is known."""
        waiting: list[Any] = _SavedModel.__subclasses__()
        while waiting:
            kind = waiting.pop(0)
            waiting += kind.__subclasses__()
            try:
                found: _SavedModel[Any] = kind(obj_or_path, **kwargs)
            except Exception:  # noqa: BLE001,S112  it is not of this kind, whatever a library says of it
                continue
            return found
        raise ValueError(f"No suitable SavedModel subclass constructor found for obj_or_path: {obj_or_path}")

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> _SavedModel[Any]:
        """The model that an artifact has as this JSON."""
        return cls(_downloaded(source_artifact, json_obj["path"]))

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """Where the artifact has it; it is put there. Raises `TypeError` for a run."""
        if is_run(run_or_artifact):
            raise TypeError("SavedModel cannot be added to run - must use artifact")
        if os.path.isdir(self._path):
            path = _put_folder(run_or_artifact, self._path, os.path.join(".wb_data", "saved_models"))
        else:
            name = os.path.join(".wb_data", "saved_models", os.path.basename(self._path))
            known = run_or_artifact.get_added_local_path_name(self._path)
            path = known if known is not None else run_or_artifact.add_file(self._path, name, True).path
        return {"type": self._log_type, "path": path}

    def model_obj(self) -> Any:
        """The model."""
        if self._model_obj is None:
            self._model_obj = self._deserialize(self._path)
            self._check(self._model_obj)
        return self._model_obj

    def _check(self, model: Any) -> None:
        assert self._validate_obj(model), f"Invalid model object {model}"

    @staticmethod
    def _deserialize(path: str) -> Any:
        raise NotImplementedError(path)

    @staticmethod
    def _validate_obj(obj: Any) -> bool:
        raise NotImplementedError(obj)

    @staticmethod
    def _serialize(model_obj: Any, dir_or_file_path: str) -> None:
        raise NotImplementedError((model_obj, dir_or_file_path))


class _PicklingSavedModel(_SavedModel[_Model]):
    """Models that are pickles; `dep_py_files` are the files and folders of code without which they can't be read."""

    def __init__(self, obj_or_path: Any, dep_py_files: list[str] | None = None) -> None:
        super().__init__(obj_or_path)
        self._dep_py_files = dep_py_files or None
        self._dep_py_files_path: str | None = None
        if not dep_py_files:
            return
        self._dep_py_files_path = staged("")
        os.makedirs(self._dep_py_files_path)
        for path in dep_py_files:
            if os.path.isfile(path):
                shutil.copy(path, self._dep_py_files_path)
            elif os.path.isdir(path):
                shutil.copytree(path, os.path.join(self._dep_py_files_path, os.path.basename(path)))
            else:
                raise ValueError(f"Invalid dependency file: {path}")

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> _SavedModel[Any]:
        """The model, read with its own code on the path."""
        code = json_obj.get("dep_py_files_path")
        before = list(sys.path)
        if code is not None:
            sys.path.append(_downloaded(source_artifact, code))
        try:
            return super().from_json(json_obj, source_artifact)
        finally:
            sys.path[:] = before

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The same, and where its code is."""
        found = super().to_json(run_or_artifact)
        if self._dep_py_files_path is not None:
            folder = os.path.join(".wb_data", "extra_files")
            found["dep_py_files_path"] = _put_folder(run_or_artifact, self._dep_py_files_path, folder)
        return found


class _PytorchSavedModel(_PicklingSavedModel[Any]):
    """Modules of torch."""

    _log_type = "pytorch-model-file"
    _path_extension = "pt"

    @staticmethod
    def _deserialize(path: str) -> Any:
        return _library("torch").load(path, weights_only=False)

    @staticmethod
    def _validate_obj(obj: Any) -> bool:
        return isinstance(obj, _library("torch").nn.Module)

    @staticmethod
    def _serialize(model_obj: Any, dir_or_file_path: str) -> None:
        _library("torch").save(model_obj, dir_or_file_path, pickle_module=_library("cloudpickle"))


class _SklearnSavedModel(_PicklingSavedModel[Any]):
    """Estimators of scikit-learn."""

    _log_type = "sklearn-model-file"
    _path_extension = "pkl"

    @staticmethod
    def _deserialize(path: str) -> Any:
        with open(path, "rb") as file:
            return _library("cloudpickle").load(file)

    @staticmethod
    def _validate_obj(obj: Any) -> bool:
        base = _library("sklearn.base")
        try:
            return bool(base.is_classifier(obj) or base.is_outlier_detector(obj) or base.is_regressor(obj))
        except AttributeError:  # what newer releases say of anything else
            return False

    @staticmethod
    def _serialize(model_obj: Any, dir_or_file_path: str) -> None:
        with open(dir_or_file_path, "wb") as file:
            _library("cloudpickle").dump(model_obj, file)


class _TensorflowKerasSavedModel(_SavedModel[Any]):
    """Models of Keras."""

    _log_type = "tfkeras-model-file"

    @staticmethod
    def _deserialize(path: str) -> Any:
        return _library("tensorflow").keras.models.load_model(path)

    @staticmethod
    def _validate_obj(obj: Any) -> bool:
        return isinstance(obj, _library("tensorflow").keras.models.Model)

    @staticmethod
    def _serialize(model_obj: Any, dir_or_file_path: str) -> None:
        _library("tensorflow").keras.models.save_model(model_obj, dir_or_file_path, include_optimizer=True)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Error(f"ModelAdapter requires `{name.partition('.')[0]}`") from error


def _put_folder(artifact: Any, folder: str, root: str) -> str:
    """Puts a folder into an artifact, under a name that follows from its content; gives the name."""
    digest = hashlib.md5(usedforsecurity=False)
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    target = LogicalPath(os.path.join(root, digest.hexdigest()[:20]))
    artifact.add_dir(folder, target)
    return target


def _downloaded(artifact: Any, path: str) -> str:
    """A file or folder of an artifact on this machine."""
    if path in artifact.manifest.entries:
        return str(artifact.get_entry(path).download())
    found = None
    for name in artifact.manifest.entries:
        if name.startswith(path):
            found = os.path.join(artifact.get_entry(name).download()[: -len(name)], path)
    assert found is not None, f"Could not find directory {path} in artifact"
    return found
