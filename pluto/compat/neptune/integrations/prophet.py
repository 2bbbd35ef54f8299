"""The integration with Prophet, from the package neptune-prophet."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_prophet.impl", "prophet"))
