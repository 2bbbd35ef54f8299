"""Fields that hold one value."""

from pluto.compat.neptune.attributes.atoms.artifact import Artifact
from pluto.compat.neptune.attributes.atoms.boolean import Boolean
from pluto.compat.neptune.attributes.atoms.datetime import Datetime
from pluto.compat.neptune.attributes.atoms.file import File
from pluto.compat.neptune.attributes.atoms.float import Float
from pluto.compat.neptune.attributes.atoms.git_ref import GitRef
from pluto.compat.neptune.attributes.atoms.integer import Integer
from pluto.compat.neptune.attributes.atoms.notebook_ref import NotebookRef
from pluto.compat.neptune.attributes.atoms.run_state import RunState
from pluto.compat.neptune.attributes.atoms.string import String

__all__ = ["Artifact", "Boolean", "Datetime", "File", "Float", "GitRef", "Integer", "NotebookRef", "RunState", "String"]
