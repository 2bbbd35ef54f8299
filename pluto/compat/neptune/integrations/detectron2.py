"""The integration with Detectron2, from the package neptune-detectron2."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_detectron2.impl", "detectron2"))
