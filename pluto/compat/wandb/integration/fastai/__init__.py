"""Not part of Pluto: importing it raises an error that says what to use."""

from pluto.compat.wandb.integration.needs import instead, need

need("fastai", "fastai")
raise instead(
    "fastai", "it follows fastai 1; of fastai 2 use fastai.callback.wandb.WandbCallback, which finds the run by itself"
)
