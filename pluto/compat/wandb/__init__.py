"""The W&B door: scripts written for `wandb` run on Pluto.

    import pluto.compat.wandb as wandb

    with wandb.init(project="digits", config={"lr": 0.1}) as run:
        run.log({"loss": 0.5})

Nothing here talks to Weights & Biases. Importing starts nothing; every name is loaded when it is first used.
"""

from __future__ import annotations

import sys
from typing import Any

from pluto.compat.wandb._lazy import attributes as _attributes
from pluto.compat.wandb.errors.errors import CommError, Error, UsageError
from pluto.compat.wandb.errors.term import termerror, termlog, termsetup, termwarn
from pluto.compat.wandb.sdk.lib.module import placeholders as _placeholders

__version__ = "0.31.0"
"""The release whose behaviour this door has. Frameworks compare it."""

patched: dict[str, list[Any]] = {"tensorboard": [], "keras": [], "gym": []}
"""Other libraries' functions that have been replaced, to be put back."""

_HOMES = {
    "apis.public": ("Api",),
    "data_types": (
        "Audio", "Classes", "EvalTable", "Graph", "Histogram", "Html", "Image", "JoinedTable", "Molecule", "Object3D",
        "Plotly", "Table", "Video", "box3d",
    ),
    "integration.sagemaker": ("sagemaker_auth",),
    "plot": ("plot_table", "visualize"),
    "sdk.artifacts.artifact": ("Artifact",),
    "sdk.artifacts.artifact_ttl": ("ArtifactTTL",),
    "sdk.lib.deprecated_api": ("api", "ensure_configured"),
    "sdk.wandb_alerts": ("AlertLevel",),
    "sdk.wandb_config": ("Config",),
    "sdk.wandb_init": ("_attach", "attach", "init"),
    "sdk.wandb_login": ("login",),
    "sdk.wandb_require": ("require",),
    "sdk.wandb_run": ("Run", "finish", "join", "restore"),
    "sdk.wandb_settings": ("Settings",),
    "sdk.wandb_setup": ("_teardown", "setup", "teardown"),
    "sdk.wandb_sweep": ("controller", "sweep"),
    "wandb_agent": ("agent",),
}  # fmt: skip
_MODULES = {
    "catboost": "integration.catboost",
    "gym": "integration.gym",
    "helper": "sdk.wandb_helper",
    "keras": "integration.keras",
    "lightgbm": "integration.lightgbm",
    "sacred": "integration.sacred",
    "tensorboard": "integration.tensorboard",
    "tensorflow": "integration.tensorflow",
    "wandb_lib": "sdk.lib",
    "wandb_sdk": "sdk",
    "xgboost": "integration.xgboost",
}
"""Modules that go by a name of their own here."""

__all__ = (
    "Api", "ArtifactTTL", "Audio", "CommError", "Error", "EvalTable", "Graph", "Histogram", "Html", "Image", "Molecule",
    "Object3D", "Plotly", "Run", "Settings", "Table", "UsageError", "Video", "__version__", "agent", "box3d", "config",
    "controller", "define_metric", "finish", "init", "join", "link_model", "log", "log_artifact", "log_model",
    "plot_table", "save", "setup", "summary", "sweep", "termerror", "termlog", "termsetup", "termwarn", "unwatch",
    "use_artifact", "use_model", "watch",
)  # fmt: skip

# What follows the run stands here as placeholders; `sdk.lib.module` binds it and puts it back.
run: Any
config: Any
summary: Any
alert: Any
define_metric: Any
link_model: Any
log: Any
log_artifact: Any
log_model: Any
mark_preempting: Any
pin_config_keys: Any
save: Any
unwatch: Any
use_artifact: Any
use_model: Any
watch: Any
globals().update(_placeholders())


def __getattr__(name: str) -> Any:
    return _attributes(__name__, globals(), _HOMES, name, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *(name for names in _HOMES.values() for name in names), *_MODULES})


if "IPython" in sys.modules:  # only then can this be a notebook
    from pluto.compat.wandb.jupyter import offer_magic

    offer_magic()
