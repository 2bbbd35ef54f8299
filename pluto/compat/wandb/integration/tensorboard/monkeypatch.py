"""Notices where event files are written: the writers of TensorBoard, torch, tensorboardX and TensorFlow."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import socket
from typing import Any, Final

import pluto.compat.wandb as wandb

TENSORBOARD_C_MODULE: Final = "tensorflow.python.ops.gen_summary_ops"
TENSORBOARD_X_MODULE: Final = "tensorboardX.writer"
TENSORFLOW_PY_MODULE: Final = "tensorflow.python.summary.writer.writer"
TENSORBOARD_WRITER_MODULE: Final = "tensorboard.summary.writer.event_file_writer"
TENSORBOARD_PYTORCH_MODULE: Final = "torch.utils.tensorboard.writer"
_FILE_WRITERS: Final = (
    TENSORFLOW_PY_MODULE, TENSORBOARD_WRITER_MODULE, TENSORBOARD_PYTORCH_MODULE, TENSORBOARD_X_MODULE,
)  # fmt: skip


def patch(
    save: bool = True, tensorboard_x: bool | None = None, pytorch: bool | None = None, root_logdir: str = ""
) -> None:
    """From now on, what is written for TensorBoard is logged to the open run as well, with `global_step`.

    Args:
        save: Whether the event files are kept with the run, too.
        tensorboard_x: Only tensorboardX's writer.
        pytorch: Only torch's writer.
        root_logdir: Names of metrics begin with the folder below it; without it, several folders share names.

    Raises:
        ValueError: it is patched already.
        wandb.Error: none of these libraries is installed.
    """
    if wandb.patched["tensorboard"]:
        raise ValueError(
            "Tensorboard already patched. Call `wandb.tensorboard.unpatch()` first; remove `sync_tensorboard=True` from"
            " `wandb.init`; or only call `wandb.tensorboard.patch` once."
        )
    only = [TENSORBOARD_X_MODULE] * bool(tensorboard_x) + [TENSORBOARD_PYTORCH_MODULE] * bool(pytorch)
    folders: list[str] = []
    # All are imported before the first is patched: they take the writer from one another.
    modules = {name: _module(name) for name in only or (*_FILE_WRITERS, TENSORBOARD_C_MODULE)}
    for name, module in modules.items():
        method = "create_summary_file_writer" if name == TENSORBOARD_C_MODULE else "EventFileWriter"
        original = getattr(module, method, None)
        if original is None:
            continue
        noticed = _Noticed(folders, save, root_logdir)
        setattr(module, f"orig_{method}", original)
        setattr(module, method, noticed.function(original) if name == TENSORBOARD_C_MODULE else noticed.kind(original))
        wandb.patched["tensorboard"].append([name, method])
    if not wandb.patched["tensorboard"]:
        raise wandb.Error("Please install tensorboard package, or tensorboardX: pip install tensorboard")


def unpatch() -> None:
    """Puts the writers back."""
    for name, method in wandb.patched["tensorboard"]:
        module = importlib.import_module(name)
        setattr(module, method, getattr(module, f"orig_{method}"))
    wandb.patched["tensorboard"] = []


def _module(name: str) -> Any:
    """The module, where its library is installed."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        return None
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001  of another release, or itself without tensorboard
        return None


class _Noticed:
    """Tells the open run each folder that is written to."""

    def __init__(self, folders: list[str], save: bool, root: str) -> None:
        self._folders, self._save, self._root = folders, save, root

    def kind(self, original: Any) -> Any:
        """A class of writers that tells its folder."""
        tell = self._tell

        class EventFileWriter(original):  # type: ignore[misc]  # of another library
            def __init__(self, logdir: str, *args: Any, **kwargs: Any) -> None:
                tell(os.fspath(logdir))
                super().__init__(logdir, *args, **kwargs)

        return EventFileWriter

    def function(self, original: Any) -> Any:
        """TensorFlow's operation that makes a writer."""

        def create(*args: Any, **kwargs: Any) -> Any:
            folder = kwargs["logdir"]
            self._tell(folder.numpy().decode() if hasattr(folder, "numpy") else str(folder))
            return original(*args, **kwargs)

        return create

    def _tell(self, folder: str) -> None:
        self._folders.append(folder)
        root = self._root
        if len(set(self._folders)) > 1 and not root:
            wandb.termwarn(
                "When using several event log directories, please call"
                ' `wandb.tensorboard.patch(root_logdir="...")` before `wandb.init`',
                repeat=False,
            )
        made_up = re.search(rf"-\d+_{re.escape(socket.gethostname())}", folder)
        if made_up:  # the writer was given no folder: its name ends with the host's
            root = folder[: made_up.end()]
        elif not os.path.abspath(folder).startswith(os.path.abspath(root)):
            wandb.termwarn(
                "Found log directory outside of given root_logdir, dropping given root_logdir for event file in"
                f" {folder}"
            )
            root = ""
        if wandb.run is not None:
            from pluto.compat.wandb.integration.tensorboard.watching import watch

            watch(wandb.run, folder, root or os.path.commonpath([os.path.abspath(one) for one in self._folders]),
                  self._save)  # fmt: skip
