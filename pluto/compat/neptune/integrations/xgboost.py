"""The integration with XGBoost, from the package neptune-xgboost."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_xgboost.impl", "xgboost"))
