"""The integration with PyTorch, from the package neptune-pytorch."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_pytorch.impl", "pytorch"))
