"""The integration with Sacred, from the package neptune-sacred."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_sacred.impl", "sacred"))
