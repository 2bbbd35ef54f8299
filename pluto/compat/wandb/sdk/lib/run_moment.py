"""A moment of a run: what `fork_from` and `resume_from` name."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlparse


@dataclass
class RunMoment:
    """A run and a step of it. Raises `ValueError` or `TypeError` for what is none."""

    run: str
    """Id of the run."""
    value: int | float
    """The step."""
    metric: str = "_step"
    """What counts the steps; nothing else than `_step`."""

    def __post_init__(self) -> None:
        if self.metric != "_step":
            raise ValueError(f"Only the metric '_step' is supported, got {self.metric!r}.")
        if not isinstance(self.value, (int, float)):
            raise TypeError(f"Only int or float values are supported, got {self.value!r}.")
        if not isinstance(self.run, str):
            raise TypeError(f"Only string run names are supported, got {self.run!r}.")

    @classmethod
    def from_uri(cls, uri: str) -> RunMoment:
        """The moment written as `<run id>?_step=<step>`. Raises `ValueError` for other texts."""
        wrong = ValueError(f"{uri!r} names no moment of a run; write '<run id>?_step=<step>', as 'ans3bsax?_step=123'")
        try:
            parsed = urlparse(f"runmoment://{uri}")
            query = parse_qs(parsed.query)
            if not parsed.netloc or parsed.path or parsed.params or parsed.fragment or list(query) != ["_step"]:
                raise wrong
            text = query["_step"][0]
            return cls(parsed.netloc, int(text) if text.isdigit() else float(text))
        except ValueError:
            raise wrong from None
