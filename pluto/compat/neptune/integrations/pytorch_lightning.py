"""The integration with Lightning, from the package pytorch-lightning."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("pytorch_lightning.loggers", "pytorch_lightning", names=["NeptuneLogger"]))
