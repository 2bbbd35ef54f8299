"""The exceptions of the API, by what they are about; `pluto.compat.neptune.exceptions` has all of them."""
