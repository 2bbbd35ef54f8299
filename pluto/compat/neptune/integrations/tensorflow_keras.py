"""The integration with TensorFlow and Keras, from the package neptune-tensorflow-keras."""

from pluto.compat.neptune.integrations.external import names_of

globals().update(names_of("neptune_tensorflow_keras.impl", "tensorflow-keras"))
