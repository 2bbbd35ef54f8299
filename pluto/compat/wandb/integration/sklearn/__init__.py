"""Charts of scikit-learn models. Importing it loads nothing; scikit-learn is needed once something is plotted."""

from pluto.compat.wandb.integration.sklearn.plot import *  # noqa: F403
from pluto.compat.wandb.integration.sklearn.plot import __all__ as __all__
