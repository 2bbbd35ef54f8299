"""The integration with Composer, from the package mosaicml."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("composer.loggers", "mosaicml", names=["NeptuneLogger"]))
