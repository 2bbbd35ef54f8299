"""The integration with AWS, from the package neptune-aws."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_aws.impl", "aws"))
