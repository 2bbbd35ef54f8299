"""The errors of artifacts."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb.errors.errors import Error


class ArtifactStatusError(AttributeError):
    """An artifact is not in the state that a call needs."""

    def __init__(
        self,
        msg: str = "Artifact is in an invalid state for the requested operation.",
        name: str | None = None,
        obj: Any = None,
    ) -> None:
        super().__init__(msg, name=name, obj=obj)


class ArtifactNotLoggedError(ArtifactStatusError):
    """Something that an artifact has once it is logged."""

    def __init__(self, fullname: str, obj: Any) -> None:
        kind = type(obj).__name__
        super().__init__(
            f"{fullname!r} used prior to logging artifact or while in offline mode."
            f" Call {kind}.wait() before accessing logged artifact properties.",
            name=fullname.rpartition(".")[2],
            obj=obj,
        )


class ArtifactFinalizedError(ArtifactStatusError):
    """A change of an artifact that is logged."""

    def __init__(self, fullname: str, obj: Any) -> None:
        super().__init__(
            f"{fullname!r} used on logged artifact. Can't modify finalized artifact.",
            name=fullname.rpartition(".")[2],
            obj=obj,
        )


class WaitTimeoutError(Error):
    """An artifact was not there in time."""


class TooFewItemsError(ValueError):
    """Fewer items than there have to be."""


class TooManyItemsError(ValueError):
    """More items than there may be."""
