"""Neptune's attributes on a Pluto run: typed values under paths, written and read back.

    op = open_run("me/digits", policy=shutdown.neptune())
    writer = AttributeWriter(op)
    writer.assign({"params/lr": 0.1, "params/optimizer": "adam"})
    writer.append_floats("train/loss", [0.5])

    with AttributeReader() as reader:
        run = reader.find("me/digits", external_id=op.run_id)
        run.atom("params/lr"), run.last("train/loss")

The doors of Neptune's clients (`pluto.compat.neptune`, `neptune_scale`, `neptune_query`) hold their originals' words
and rules and speak to this package. docs/architecture.md, "Attributes", says what lies where on a run.

Everything here is loaded when it is first used: the doors are imported without it.
"""

from __future__ import annotations

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from pluto.compat.attributes.containers import Container, companion, owner_of
    from pluto.compat.attributes.kinds import (
        Atom,
        AttributeKind,
        GitCommit,
        TrackedFile,
        TrackedFiles,
    )
    from pluto.compat.attributes.opening import Capture, open_run
    from pluto.compat.attributes.projects import ProjectFacts, Projects
    from pluto.compat.attributes.reading import AttributeReader
    from pluto.compat.attributes.snapshot import RunAttributes, SeriesSummary
    from pluto.compat.attributes.values import FloatPoints, HistogramPoints, HistogramValue, StoredFile, TextPoints
    from pluto.compat.attributes.writing import AttributeWriter

__all__ = [
    "Atom",
    "AttributeKind",
    "AttributeReader",
    "AttributeWriter",
    "Capture",
    "Container",
    "FloatPoints",
    "GitCommit",
    "HistogramPoints",
    "HistogramValue",
    "ProjectFacts",
    "Projects",
    "RunAttributes",
    "SeriesSummary",
    "StoredFile",
    "TextPoints",
    "TrackedFile",
    "TrackedFiles",
    "companion",
    "open_run",
    "owner_of",
]

_HOMES = {
    "pluto.compat.attributes.containers": ("Container", "companion", "owner_of"),
    "pluto.compat.attributes.kinds": ("Atom", "AttributeKind", "GitCommit", "TrackedFile", "TrackedFiles"),
    "pluto.compat.attributes.opening": ("Capture", "open_run"),
    "pluto.compat.attributes.projects": ("ProjectFacts", "Projects"),
    "pluto.compat.attributes.reading": ("AttributeReader",),
    "pluto.compat.attributes.snapshot": ("RunAttributes", "SeriesSummary"),
    "pluto.compat.attributes.values": ("FloatPoints", "HistogramPoints", "HistogramValue", "StoredFile", "TextPoints"),
    "pluto.compat.attributes.writing": ("AttributeWriter",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(_importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
