"""The integration with LightGBM, from the package neptune-lightgbm."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_lightgbm.impl", "lightgbm"))
