"""Charts of scikit-learn models, by the name under which scripts import them."""

from pluto.compat.wandb.integration.sklearn import *  # noqa: F403
from pluto.compat.wandb.integration.sklearn import __all__ as __all__
