"""What integrations report about themselves: taken, and told to nobody."""

from __future__ import annotations

from types import TracebackType
from typing import Any


class TelemetryRecord:
    """Takes any attribute, of any depth."""

    def __getattr__(self, name: str) -> TelemetryRecord:
        if name.startswith("__"):
            raise AttributeError(name)
        inner = self.__dict__[name] = TelemetryRecord()
        return inner


class _Context:
    def __init__(self, record: TelemetryRecord) -> None:
        self._record = record

    def __enter__(self) -> TelemetryRecord:
        return self._record

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def context(run: Any = None, obj: Any = None) -> _Context:  # noqa: ARG001
    """A context whose value takes any attribute. Nothing is sent to anybody."""
    return _Context(obj if obj is not None else TelemetryRecord())


def list_telemetry_imports(only_imported: bool = False) -> set[str]:  # noqa: ARG001
    """Nothing: nobody looks at what a script imports."""
    return set()
