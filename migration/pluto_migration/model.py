"""What a run of any tracker consists of: `Facts`, said once or several times, and items, which come in any number.

A source yields them while it reads, so that no run has to fit into memory. Times are whole microseconds since the
epoch, UTC. Steps are floats: fractional, negative, repeated and falling ones are kept as they are, and so is the order
of items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Status = Literal["finished", "failed", "crashed", "killed", "cancelled", "running", "unknown"]
"""How a run ended, in words that every tracker's own can be put into. `crashed`: no word of its end was left;
`cancelled`: people asked for it, by a word of its own (Pluto)."""
Stream = Literal["stdout", "stderr"]
MediaType = Literal["IMAGE", "AUDIO", "VIDEO", "TEXT", "FILE", "ARTIFACT"]
"""As `pluto.protocol.records.Media.type`."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The run that a run was forked from, or is a part of."""

    project: str
    id: str
    step: float | None = None
    nested: bool = False
    """Whether it is a part of it (MLflow): nothing was inherited, so that the store has no fork of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run beside what it logged. Of several, a later one adds to the earlier ones.

    None, and an empty mapping, say nothing; mappings are merged deeply.
    """

    name: str | None = None
    notes: str | None = None
    tags: Sequence[str] | None = None
    """All of them, in order: replaces what an earlier one said."""
    status: Status | None = None
    exit_code: int | None = None
    ended: int | None = None
    """When it ended, or was last heard of."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """As the door of the source's tracker nests it. Values: what JSON has (whole numbers of any size, non-finite
    floats), `datetime` with a time zone, `frozenset` of texts."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """About machine, code and packages, under the names that `pluto.core.about` and `pluto.core.source` give them."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """What lies in the config under `_attributes` (pluto.compat.attributes.layout), but for `types` of the config's
    values and the `id`, which are made from the values above."""
    wandb: Mapping[str, Any] = field(default_factory=dict)
    """What lies in the config under `_wandb` (docs/architecture.md, "W&B door")."""
    exact: bool = False
    """Whether `config` and `attributes` are a Pluto store's own: written as they are, with nothing added to them."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """What has no place anywhere else, as JSON: kept in the config under `_migration.extras`, shown by the report."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of one metric, in the order they were logged: arrays of equal length, at most `POINTS_AT_ONCE`."""

    name: str
    steps: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


POINTS_AT_ONCE = 1 << 16
"""Most points of one `Points`, so that memory stays small whatever the series' length."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Values of one string series, in the order they were logged: lists of equal length."""

    name: str
    steps: Sequence[float]
    times: Sequence[int]
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Data:
    """One structured value at a step: `HISTOGRAM`, `TABLE`, `GRAPH`, or `JSON` for any other."""

    name: str
    type: str
    step: float
    time: int
    body: Any
    """In the layout of the stock API (section 7.2 of its contract); a histogram's edges one by one as `bins`, its
    counts as `freq`, and `density: true` where they are none."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: a media value at a step, a plain file, or a file of a set."""

    name: str
    """The name it was logged under."""
    type: MediaType
    content: Path | bytes
    """Where its bytes lie, outside of what anybody will change, or the bytes themselves."""
    file_name: str
    """The name it shall have, with extension where known."""
    step: float = 0
    time: int = 0
    """0: when the run began."""
    index: int = 0
    """Its position among several logged at once under the name."""
    caption: str | None = None
    annotations: Mapping[str, Any] | None = None
    """As `pluto.core.media.annotations` makes them."""
    mask: bool = False
    """Whether it is a mask, which the annotations of an image name."""
    metadata: Mapping[str, Any] | None = None
    """`path`: relative to the run's folder (W&B); `artifact_path`: within a set (Neptune)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an artifact, or a reference."""

    path: str
    """Relative, with slashes."""
    digest: str
    """As the source has it: base64 of the MD5 for W&B; what names the content elsewhere for a reference."""
    content: Path | bytes | None = None
    """Its bytes; None for a reference, and for content that is gone (then `ref` says where it was)."""
    size: int | None = None
    ref: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A version of an artifact that the run logged, or used."""

    name: str
    type: str
    entries: Sequence[Entry]
    aliases: Sequence[str] = ()
    """Besides `latest`."""
    tags: Sequence[str] = ()
    description: str | None = None
    metadata: Mapping[str, Any] | None = None
    time: int = 0
    """0: when the run began."""
    digest: str | None = None
    """Hexadecimal, of the manifest, where the source tells it."""
    ttl: int | None = None
    step: int | None = None
    used: bool = False
    """Whether the run used the version, and did not make it."""
    source_id: str | None = None
    """What the source calls the version, so that one that several runs used comes over once."""


@dataclass(frozen=True, slots=True)
class Console:
    """Consecutive finished lines of one output stream."""

    stream: Stream
    times: Sequence[int]
    lines: Sequence[str]
    source: str = ""
    """Who printed them, where the processes of a run are told apart (Neptune: the namespace)."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A message for people."""

    time: int
    title: str
    text: str
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """The graph of a watched model."""

    body: Mapping[str, Any]
    """`{"format", "nodes"}`, as `pluto.query.get_model_graph` gives it."""
    time: int = 0
    """0: when the run began."""


Item = Facts | Points | Texts | Data | File | Artifact | Console | Alert | ModelGraph
