"""What a cell of a frame holds where it is neither number, text, time nor set."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["File", "Histogram"]

_UNITS = ((1024, "KB"), (1024**2, "MB"), (1024**3, "GB"))


@dataclass(frozen=True)
class Histogram:
    """A histogram: `edges` are the limits of the bins, one more than `values`.

    `type` says what `values` are: `COUNTING` (how many fell into each bin) or `DENSITY`.
    """

    type: str
    edges: list[float]
    values: list[float]


@dataclass(frozen=True)
class File:
    """A stored file; `download_files` fetches its content.

    Either `experiment_name` or `run_id` says whose it is, by the functions it was found with. `step` is None for a
    file that is no point of a series. `path` is where the store keeps it.

    Raises `ValueError` unless exactly one of `experiment_name` and `run_id` is given.
    """

    project_identifier: str
    experiment_name: str | None
    run_id: str | None
    attribute_path: str
    step: float | None
    path: str
    size_bytes: int
    mime_type: str

    def __post_init__(self) -> None:
        if bool(self.experiment_name) == bool(self.run_id):
            raise ValueError("a File has an 'experiment_name' or a 'run_id', and not both")

    def __repr__(self) -> str:
        return f"File(size={_size(self.size_bytes)}, mime_type={self.mime_type})"

    @property
    def container_identifier(self) -> str:
        """The experiment's name or the run's id."""
        return self.experiment_name or self.run_id or ""


def _size(count: int) -> str:
    for unit, name in reversed(_UNITS):
        if count >= unit:
            return f"{count / unit:.2f} {name}"
    return f"{count} B"
