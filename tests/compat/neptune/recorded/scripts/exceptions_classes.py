"""13: exceptions and their bases."""

names = [name for name, one in sorted(vars(load(".exceptions")).items()) if isinstance(one, type) and issubclass(one, Exception)]
{name: [one.__name__ for one in getattr(load(".exceptions"), name).__mro__[1:-2]] for name in names}
load(".exceptions").NeptuneException is load(".common.exceptions").NeptuneException
MissingFieldException("a/b").field_path if hasattr(MissingFieldException("a/b"), "field_path") else None
isinstance(MissingFieldException("a/b"), KeyError)
NeptuneException("a") == NeptuneException("a")
NeptuneException("a") == NeptuneException("b")
NeptuneException("a") == MetadataInconsistency("a")
hash(NeptuneException("a")) == hash(NeptuneException("a"))
str(NeptuneException("a"))
RunNotFound("RUN-1").container_id
ModelNotFound("MOD-1").container_id
type(ProjectNotFound("team/x"))
type(TypeDoesNotSupportAttributeException(int, "x"))
MetadataInconsistency("text")
str(MetadataInconsistency("text"))
