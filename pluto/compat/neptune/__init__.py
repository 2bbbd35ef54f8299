"""The API of Neptune's client 1.x, kept by Pluto.

    import pluto.compat.neptune as neptune

    with neptune.init_run(project="me/digits") as run:
        run["params"] = {"lr": 0.1, "optimizer": "adam"}
        for loss in losses:
            run["train/loss"].append(loss)

The same calls, the same answers; no account. Runs go where `pluto.init` would send them: to the local store, or to the
server that Pluto's settings name. docs/switching-from-neptune.md tells what differs.
"""

from pluto.compat.neptune.constants import ANONYMOUS_API_TOKEN
from pluto.compat.neptune.metadata_containers import Model, ModelVersion, Project, Run
from pluto.compat.neptune.version import __version__

__all__ = [
    "ANONYMOUS_API_TOKEN",
    "Model",
    "ModelVersion",
    "Project",
    "Run",
    "__version__",
    "init_model",
    "init_model_version",
    "init_project",
    "init_run",
]

init_run = Run
init_project = Project
init_model = Model
init_model_version = ModelVersion
