"""The records of a run: what a journal row holds and what a batch carries to a Pluto server.

A record is a kind and a body. The body is the msgpack array of the kind's struct, in field order; readers ignore
trailing fields they do not know, so fields may be appended but never reordered. Times are whole microseconds since
the epoch, UTC. Values and steps keep their IEEE bits.
"""

from __future__ import annotations

import enum
from typing import Any, Final

import msgspec

ATTRIBUTES: Final = "_attributes"
"""Key of a config under which lies what has no slot of its own."""
MIGRATION: Final = "_migration"
"""Key of a config under which lies how a run of another tracker was brought over."""
OF_DOORS: Final = frozenset({ATTRIBUTES, "_wandb", MIGRATION})
"""Keys of a config under which doors keep what is theirs alone; whoever shows a config leaves them out."""

Step = int | float | list[int]
"""A step as logged. `[n]` (n from 1) is the n-th automatic step of a writer that did not know where the run stood when
it started: the uploader resolves it against the last step the server holds. On the wire steps are always numbers."""

ResolvedStep = int | float


class Kind(enum.IntEnum):
    """What a record is. The numbers are on users' disks: never reuse one."""

    START = 1
    METRICS = 2
    TEXTS = 3
    DATA = 4
    MEDIA = 5
    CONSOLE = 6
    CONFIG = 7
    TAGS = 8
    NOTES = 9
    ALERT = 10
    MODEL_GRAPH = 11
    METADATA = 12
    NAME = 13
    END = 14
    FORGET = 15
    FILE = 20
    COLUMNS = 21
    ROW = 30
    ARTIFACT = 31
    ARTIFACT_USE = 32


class Start(msgspec.Struct, array_like=True, omit_defaults=False):
    """The first record of every writer: which run it writes, and what to create if there is none."""

    time: int
    project: str
    name: str
    external_id: str | None
    """The run's identity, made by the client. None only when `run_number` or `display_id` names an existing run."""
    run_number: int | None = None
    display_id: str | None = None
    policy: str = "create"
    """`create`: create or join. `must`: the run has to exist. `never`: it must not exist (else refused, unopened).
    `replace`: create; one that has ended gives its identity up, one that others are writing is joined."""
    config: str | None = None
    """JSON text of an object."""
    tags: list[str] = []
    notes: str | None = None
    settings: str | None = None
    """JSON text of the settings worth keeping with the run (`loggerSettings`)."""
    fork_run: int | str | None = None
    """Number or display id of the parent."""
    fork_step: ResolvedStep | None = None
    inherit_config: bool | None = None
    inherit_tags: bool | None = None
    created: int | None = None
    """Historical creation time, when it is not `time`."""
    primary: bool = True
    """Whether this writer's end decides the run's status (rank 0, or the only process)."""
    within: bool = False
    """Whether `display_id` counts within `project` alone."""
    fork_external_id: str | None = None
    """The parent by its external id, in the place of `fork_run`. Where there is none, the run begins without."""
    fork_needed: bool = False
    """The run does not begin without that parent: it is refused."""
    readable: bool = False
    """Stock server: what no route of it reads, or it has no slot for, travels besides (docs/architecture.md)."""
    first_step: int = 1
    """The first automatic step of a run that is new."""


class Metrics(msgspec.Struct, array_like=True, gc=False):
    """One `log()` call's numbers, all at one step and time."""

    time: int
    step: Step
    values: dict[str, int | float]


class Columns(msgspec.Struct, array_like=True):
    """Many points of one metric, as little-endian arrays of equal length."""

    name: str
    steps: bytes
    """float64"""
    times: bytes
    """int64 microseconds"""
    values: bytes
    """float64"""


class Texts(msgspec.Struct, array_like=True):
    """Values of string series, all at one step and time."""

    time: int
    step: Step
    values: dict[str, str]


class Data(msgspec.Struct, array_like=True):
    """One structured value: a histogram, table or graph."""

    time: int
    step: Step
    name: str
    type: str
    """`HISTOGRAM`, `TABLE`, `GRAPH`; other doors may add their own."""
    body: str
    """JSON text in the layout of the stock API (section 7.2 of its contract)."""


class Media(msgspec.Struct, array_like=True):
    """A file or media value as the training process left it. Journal only: the uploader makes `File` records of it."""

    time: int
    step: Step
    name: str
    index: int
    """Position in the list logged under this name in one call."""
    type: str
    """`IMAGE`, `AUDIO`, `VIDEO`, `TEXT`, `FILE`, `ARTIFACT`."""
    form: str
    """How the content becomes a file, a key of `pluto.core.media.render`: `file` when it is one already."""
    file_name: str
    """Name the file shall have, with extension where known."""
    blob: str | None = None
    """Name of a file in the segment's blob folder. None when the content is in `inline`."""
    inline: bytes | None = None
    """Small content."""
    parameters: dict[str, Any] = {}
    """What `form` needs (shape, dtype, rate, format), and for `file`: size, mtime_ns, linked."""
    caption: str | None = None
    annotations: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class File(msgspec.Struct, array_like=True):
    """A stored file: its bytes are in the store under `sha256` before this record is sent."""

    time: int
    step: ResolvedStep
    name: str
    index: int
    type: str
    """As `Media.type`."""
    file_name: str
    file_type: str
    """Extension without dot, or `mask`."""
    size: int
    sha256: str
    caption: str | None = None
    annotations: str | None = None
    """JSON text."""
    metadata: str | None = None
    """JSON text."""


class Console(msgspec.Struct, array_like=True):
    """Consecutive lines of one output stream."""

    time: int
    stream: str
    """`INFO` for stdout, `ERROR` for stderr (the stock API's names)."""
    first_line: int
    """Number of the first line; each stream counts from 1."""
    lines: list[str]
    source: str = ""
    """Who printed them, where the processes of a run are told apart."""


class Config(msgspec.Struct, array_like=True):
    """A change of the config."""

    time: int
    body: str
    """JSON text of an object, merged deeply into the config."""
    replace: bool = False
    """Put `body` in the place of the whole config instead."""
    remove: list[str] = []
    """What is taken away before: keys from the outermost to the innermost, joined with `/`."""


class Tags(msgspec.Struct, array_like=True):
    """A change of the tags: removed first, then added at the end, in order."""

    time: int
    add: list[str] = []
    remove: list[str] = []
    replace: bool = False
    """Remove all first."""


class Notes(msgspec.Struct, array_like=True):
    """New notes of the run, or None for none."""

    time: int
    text: str | None


class Alert(msgspec.Struct, array_like=True):
    """A message for people."""

    time: int
    level: str
    """`DEBUG`, `INFO`, `WARNING`, `ERROR`."""
    title: str
    body: str
    url: str | None = None
    email: bool = True


class ModelGraph(msgspec.Struct, array_like=True):
    """The graph of a watched model."""

    time: int
    body: str
    """JSON text of `{"format", "nodes"}` (section 6.10 of the stock API's contract)."""


class Metadata(msgspec.Struct, array_like=True):
    """Facts about host, source and packages, merged at the top level into `systemMetadata`."""

    time: int
    body: str
    """JSON text of an object."""


class Name(msgspec.Struct, array_like=True):
    """A new name of the run."""

    time: int
    text: str


class Forget(msgspec.Struct, array_like=True):
    """Takes away what was logged under names so far: points, texts and data in the lane of lines, files in the lane of
    files. The record is in both lanes, so that it keeps its place among the others in each.
    """

    time: int
    names: list[str]
    entries: list[str] = []
    """Only files of an artifact, by the `artifact_path` in their metadata; one that ends with `/` means all below."""
    replaced: bool = False
    """Files alone, since new ones follow in their place: a server that can't forget may keep the old ones beside."""


class Row(msgspec.Struct, array_like=True):
    """A part of a row: what one `log()` call of the W&B door adds to it. In a batch: a whole row, merged.

    The parts of a row follow each other in a journal. It is whole once a part has `flush`, a part of another row
    follows, or the writer has ended or is gone.
    """

    time: int
    step: Step
    """The row's number. `[n]` where the writer does not know it: rows of equal `n` are one row."""
    values: dict[str, Any]
    """By name, `.` between the names of nested dicts: numbers, booleans, texts, None, and JSON lists and objects."""
    flush: bool = True
    before: Row | None = None
    """In a batch: the row before this one, where one record has made both whole."""


class ArtifactEntry(msgspec.Struct, array_like=True):
    """A file of an artifact, or a reference to something that lies elsewhere."""

    path: str
    """Relative, with slashes."""
    digest: str
    """What the artifact's digest is made of: base64 of the content's hash, or what names the content elsewhere."""
    size: int | None = None
    ref: str | None = None
    """Address of what is only referred to."""
    extra: dict[str, Any] = {}
    sha256: str | None = None
    """Of a file: the blob of its bytes. None in a journal, where `blob` names them."""
    blob: str | None = None
    """Name of a file in the segment's blob folder. None in a batch."""
    birth: str | None = None
    """Token or number of the version that brought the file in, where it was told."""


class Artifact(msgspec.Struct, array_like=True):
    """A version of an artifact as a run logs it: the server gives it its number, or finds an equal one."""

    time: int
    token: str
    """The version's identity, made by the client: the same one sent twice is one version."""
    name: str
    """Of the collection, in the run's project."""
    type: str
    digest: str
    """Hexadecimal, as `protocol.artifacts.digest_of` makes it."""
    algorithm: str = "MD5"
    entries: list[ArtifactEntry] = []
    aliases: list[str] = []
    """Besides `latest`."""
    tags: list[str] = []
    description: str | None = None
    metadata: str | None = None
    """JSON text of an object."""
    ttl: int | None = None
    """Seconds it is kept; 0 for as long as there is room, None for whatever the store does by itself."""
    step: int | None = None
    """The row the run was at."""
    incremental: bool = False
    """Whether the entries come on top of those of the collection's latest version."""
    distributed_id: str | None = None
    """Records of one id make one version together."""
    final: bool = True
    """Whether the version is whole now; only records with a `distributed_id` may say no."""
    used: bool = False
    """Whether the run also uses the version."""
    made: bool = True
    """Whether the run logged it; False of one that it only used and that is brought over with it."""


class ArtifactUse(msgspec.Struct, array_like=True):
    """The run uses a version of an artifact."""

    time: int
    artifact: int
    """The server's number of the version."""


class End(msgspec.Struct, array_like=True):
    """The last record of a writer that ended on its own account."""

    time: int
    status: str
    """`COMPLETED`, `FAILED`, `TERMINATED` or `CANCELLED`; empty when the writer is done and leaves the status alone."""
    code: int | None = None
    metadata: str | None = None
    """JSON text kept as `statusMetadata`."""


Record = (
    Start | Metrics | Columns | Texts | Data | Media | File | Console | Config | Tags | Notes | Alert | ModelGraph
    | Metadata | Name | Forget | Row | Artifact | ArtifactUse | End
)  # fmt: skip

STRUCTS: Final[dict[Kind, type[msgspec.Struct]]] = {
    Kind.START: Start,
    Kind.METRICS: Metrics,
    Kind.TEXTS: Texts,
    Kind.DATA: Data,
    Kind.MEDIA: Media,
    Kind.CONSOLE: Console,
    Kind.CONFIG: Config,
    Kind.TAGS: Tags,
    Kind.NOTES: Notes,
    Kind.ALERT: Alert,
    Kind.MODEL_GRAPH: ModelGraph,
    Kind.METADATA: Metadata,
    Kind.NAME: Name,
    Kind.ROW: Row,
    Kind.ARTIFACT: Artifact,
    Kind.ARTIFACT_USE: ArtifactUse,
    Kind.END: End,
    Kind.FORGET: Forget,
    Kind.FILE: File,
    Kind.COLUMNS: Columns,
}

FILES_KINDS: Final = frozenset({Kind.MEDIA, Kind.ARTIFACT})
"""What the lane of files carries; all others go in the lane of lines."""

BATCH_KINDS: Final = frozenset(Kind) - {Kind.START, Kind.MEDIA, Kind.END}
"""What may travel in a batch. START and END become calls of the stock API, MEDIA becomes FILE. An ARTIFACT goes in the
lane of files, with the blobs of its entries sent before it."""

_decoders: Final = {kind: msgspec.msgpack.Decoder(struct) for kind, struct in STRUCTS.items()}
_encoder: Final = msgspec.msgpack.Encoder()


def encode(record: Record) -> bytes:
    """The body of a record, ready for the journal or a batch."""
    return _encoder.encode(record)


def decode(kind: int, body: bytes) -> Any:
    """The record in a body.

    Raises `ValueError` for an unknown kind and `msgspec.DecodeError` (a `ValueError`'s cousin: both derive from
    `Exception` only) for a body that does not fit it.
    """
    try:
        decoder = _decoders[Kind(kind)]
    except ValueError:
        raise ValueError(f"unknown record kind {kind}") from None
    return decoder.decode(body)


def blobs_of(record: object) -> list[str]:
    """Names of the files in the segment's blob folder that a record of a journal refers to."""
    if isinstance(record, Artifact):
        return [entry.blob for entry in record.entries if entry.blob is not None]
    blob: str | None = getattr(record, "blob", None)
    return [] if blob is None else [blob]


def kind_of(record: Record) -> Kind:
    """The kind of a record."""
    return _KINDS[type(record)]


_KINDS: Final = {struct: kind for kind, struct in STRUCTS.items()}
