"""Neptune's logging client 3.x, kept by Pluto: change the import, and the script goes on.

    from pluto.compat.neptune_scale import Run

    with Run(project="team/digits", experiment_name="baseline") as run:
        run.log_configs({"lr": 0.1})
        for step in range(1, 4):
            run.log_metrics({"loss": 1 / step}, step=step)

With nothing configured runs are kept in the local store; `pluto.compat.neptune_query` reads them.
"""

from pluto.compat.neptune_scale.api.run import Run
from pluto.compat.neptune_scale.logging.logging_handler import NeptuneLoggingHandler

__all__ = ["NeptuneLoggingHandler", "Run"]
