"""The integration with Transformers, from the package transformers."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("transformers.integrations", "transformers", names=["NeptuneCallback"]))
