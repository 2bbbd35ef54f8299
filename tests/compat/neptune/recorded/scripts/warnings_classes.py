"""13: warnings."""

warned = load(".common.warnings")
[one.__name__ for one in warned.NeptuneDeprecationWarning.__mro__[:3]]
[one.__name__ for one in warned.NeptuneWarning.__mro__[:3]]
[one.__name__ for one in warned.NeptuneUnsupportedType.__mro__[:3]]
[one.__name__ for one in warned.NeptuneUnsupportedValue.__mro__[:3]]
warned.warn_once("said once")
warned.warn_once("said once")
warned.warn_once("said of another kind", exception=warned.NeptuneWarning)
warned.warn_once("said of another kind", exception=warned.NeptuneWarning)
len(warned.warned_once)
warned.MAX_WARNED_ONCE_CAPACITY if hasattr(warned, "MAX_WARNED_ONCE_CAPACITY") else None
