"""Values that stand alone."""

from pluto.compat.neptune.types.atoms.artifact import Artifact
from pluto.compat.neptune.types.atoms.boolean import Boolean
from pluto.compat.neptune.types.atoms.datetime import Datetime
from pluto.compat.neptune.types.atoms.file import File
from pluto.compat.neptune.types.atoms.float import Float
from pluto.compat.neptune.types.atoms.git_ref import GitRef
from pluto.compat.neptune.types.atoms.integer import Integer
from pluto.compat.neptune.types.atoms.string import String

__all__ = ["Artifact", "Boolean", "Datetime", "File", "Float", "GitRef", "Integer", "String"]
