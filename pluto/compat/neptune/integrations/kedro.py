"""The integration with Kedro, from the package kedro-neptune."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("kedro_neptune", "kedro"))
