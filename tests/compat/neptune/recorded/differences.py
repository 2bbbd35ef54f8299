"""Where the door differs from the original on purpose; `docs/switching-from-neptune.md` says it to its users.

A reason, and the statements it is about: script, statement, and the modes in which the answers differ.
"""

from __future__ import annotations

from typing import Final

ALL: Final = ("debug", "offline", "async")
STORED: Final = ("offline", "async")

DELIBERATE: Final[dict[str, list[tuple[str, str, tuple[str, ...]]]]] = {
    "what is no path is said by track_files() itself": [
        ("artifacts", "run['a'].track_files(5)", ALL),
        ("artifacts", "run['a'].track_files('data', destination=5)", ALL),
        ("artifacts", "run['b'].track_files(['data'])", ALL),
    ],
    "bytes are no text: refused at the call in every mode": [
        ("series_texts", "run['t'].extend([b'x'])", ("debug", "async")),
        ("series_texts", "[run['t'].fetch_last()]", ("debug", "async")),
    ],
    "a model that is not there is a ModelNotFound in memory, too": [
        ("init_objects", "neptune.init_model('X-1', mode='debug')", ALL),
    ],
    "appending an empty dict does nothing, where the original raises StopIteration": [
        ("series_empty", "run['d'].append({})", ALL),
        ("series_empty", "run['d'].extend({})", ALL),
    ],
    "a namespace of series alone is read as an empty dict, as the service did": [
        ("reading_namespaces", "run['n'].fetch()", ("debug", "async")),
    ],
    "a run on disk has the fields of sys from the beginning": [
        ("waiting_offline", "run['sys/tags'].fetch()", ALL),
        ("paths_reprs", "run['sys/tags']", ("offline",)),
        ("series_wrong_kinds", "run['sys/tags'].append('x')", ("offline",)),
    ],
    "an offline run is never read": [
        ("paths", "sorted(run[''].fetch())", ("offline",)),
    ],
    "files that are not there are told at the call": [
        ("files_sets", "run['nothing'].upload_files('nowhere/*')", STORED),
        ("init_source", "missing = neptune.init_run(**settings, source_files=['missing.py'])", STORED),
        ("paths_reprs", "run['set'].upload_files(['nowhere'])", STORED),
    ],
    "what the service refused later is told at the call: sets outside sys, copies of another type": [
        ("assign_again_files_and_sets", "run['t'] = types.StringSet(['a'])", STORED),
        ("copying", "run['c/i'] = run['t']", STORED),
        ("copying", "run['c/i'] = run['f']", STORED),
    ],
}

KEPT: Final[dict[tuple[str, str, str], str]] = {
    ("assign_again_files_and_sets", "run", "t"): "the service dropped sets outside sys",
    ("copying", "run", "c/i"): "the service refused a copy of another type",
    ("series_not_finite", "run", "s"): "the text 'nan' makes no point either: the service refused it",
    ("series_wrong_kinds", "run", "sys/tags"): "the tags are a set",
    ("init_monitoring", "fourth", "m/pid"): "of the process",
    ("init_monitoring", "fourth", "m/tid"): "of the thread",
}
"""Fields whose stored value differs, by script, run and path, and why."""

MEMORY_ALONE: Final[dict[str, str]] = {
    "init_defaults": "the values in sys are the store's",
    "reading_structure_printed": "sys has more fields than the original in memory",
}
"""Scripts that tell something of mode="debug" alone, and why."""
NOT_STORED: Final[dict[str, str]] = {
    "assign_datetimes": "the store gives times in UTC, as the service did; kept in memory they stay as given",
}
"""Scripts whose answers in memory are not those of the store, and why."""
