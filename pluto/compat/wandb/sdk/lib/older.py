"""What older releases had and recent ones have not: it keeps working, and each says once what to use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.term import termwarn


def older(what: str, use: str) -> None:
    """Says once that something is of older releases, and what takes its place."""
    termwarn(f"{what} is of older releases; {use}", repeat=False)


class OlderSettings:
    """Methods of settings that were a mapping once."""

    if TYPE_CHECKING:

        def model_dump(self) -> dict[str, Any]: ...  # noqa: D102

    def to_dict(self) -> dict[str, Any]:
        """The values by name."""
        older("Settings.to_dict()", "use model_dump()")
        return self.model_dump()

    def keys(self) -> Iterator[str]:
        """The names."""
        return iter(self.model_dump())

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and values."""
        return iter(self.model_dump().items())

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def get(self, key: str, default: Any = None) -> Any:
        """A value, or `default` where there is no such setting."""
        older("Settings.get()", "settings are attributes")
        return getattr(self, key, default)

    def update(self, settings: Any = None, **values: Any) -> None:
        """Takes values over."""
        older("Settings.update()", "set attributes")
        for name, value in {**dict(settings or {}), **values}.items():
            setattr(self, name, value)


class OlderRun:
    """Members of runs that recent releases have not."""

    _settings: Any

    @property
    def mode(self) -> str:
        """Where the run is kept, in the words of old: `dryrun` where it is offline, else `run`."""
        older("run.mode", "use run.offline or run.disabled")
        return "dryrun" if self._settings._offline else "run"

    def plot_table(
        self, vega_spec_name: str, data_table: Any, fields: dict[str, Any], string_fields: dict[str, Any] | None = None
    ) -> Any:
        """A chart of a table, to be logged."""
        from pluto.compat.wandb.plot import plot_table

        older("run.plot_table()", "use wandb.plot_table()")
        return plot_table(vega_spec_name, data_table, fields, string_fields or {})

    def detach(self) -> None:
        """Does nothing: each process has a run to itself."""
        older("run.detach()", "leave it away")
