"""The integration with Optuna, from the package neptune-optuna."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_optuna.impl", "optuna"))
