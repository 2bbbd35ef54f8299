"""The integration with fastai, from the package neptune-fastai."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_fastai.impl", "fastai"))
