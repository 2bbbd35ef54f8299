"""The integration with TensorBoard, from the package neptune-tensorboard."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_tensorboard.impl", "tensorboard"))
