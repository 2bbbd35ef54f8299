"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("metaflow", "metaflow")
raise instead(
    "metaflow", "call wandb.init() within the steps, and wandb.use_artifact() and wandb.log_artifact() for their data"
)
