"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("lightning", "lightning.fabric")
raise instead("lightning.fabric", "use lightning.pytorch.loggers.WandbLogger, which Fabric takes as a logger, too")
