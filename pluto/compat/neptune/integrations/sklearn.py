"""The integration with scikit-learn, from the package neptune-sklearn."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_sklearn.impl", "sklearn"))
