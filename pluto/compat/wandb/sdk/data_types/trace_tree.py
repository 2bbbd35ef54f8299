"""Traces: what a chain of calls was given, and what it gave."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.media import Media


class StatusCode(str, Enum):
    """How a call ended."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"

    def __str__(self) -> str:
        return str(self.value)


class SpanKind(str, Enum):
    """What was called."""

    LLM = "LLM"
    CHAIN = "CHAIN"
    AGENT = "AGENT"
    TOOL = "TOOL"

    def __str__(self) -> str:
        return str(self.value)


@dataclass
class Result:
    """What went in, and what came out, by name."""

    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None


@dataclass
class Span:
    """A call, with the calls in it. Times are in milliseconds since 1970."""

    span_id: str | None = None
    name: str | None = None
    start_time_ms: int | None = None
    end_time_ms: int | None = None
    status_code: StatusCode | None = None
    status_message: str | None = None
    attributes: dict[str, Any] | None = None
    results: list[Result] | None = None
    child_spans: list[Span] | None = None
    span_kind: SpanKind | None = None

    def add_attribute(self, key: str, value: Any) -> None:
        """Says something more about it."""
        self.attributes = self.attributes or {}
        self.attributes[key] = value

    def add_named_result(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Adds a result."""
        self.results = self.results or []
        self.results.append(Result(inputs, outputs))

    def add_child_span(self, span: Span) -> None:
        """Adds a call in it."""
        self.child_spans = self.child_spans or []
        self.child_spans.append(span)


class WBTraceTree(Media):
    """A call and all calls in it, and where wanted what is known of the model, as a dict of any form."""

    _log_type = "wb_trace_tree"

    def __init__(self, root_span: Span, model_dict: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._root_span = root_span
        self._model_dict = model_dict

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/wb_trace_tree`: nothing lies there, a trace stands in the row itself."""
        return "media/wb_trace_tree"

    def to_json(self, run: Any) -> dict[str, Any]:  # noqa: ARG002
        """The trace as JSON text, with a hash of what is known of the model."""
        found: dict[str, Any] = {"_type": self._log_type}
        if self._model_dict is not None:
            text = _text(self._model_dict)
            found["model_hash"] = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16]
            found["model_dict_dumps"] = text
        found["root_span_dumps"] = _text(dataclasses.asdict(self._root_span))
        return found

    def is_bound(self) -> bool:
        """True: it needs no run."""
        return True

    def _hand_over_again(self, key: int | str, step: int | str) -> None:
        """Nothing: there is no file."""


class _WBTraceTreeFileType(_dtypes.Type):
    name = "wb_trace_tree"
    types: ClassVar = [WBTraceTree]


_dtypes.TypeRegistry.add(_WBTraceTreeFileType)


def _text(value: Any) -> str:
    """JSON text; what has none is named by its class."""
    from pluto.compat.wandb.sdk.data_types.cells import cell_to_json

    try:
        return json.dumps(
            cell_to_json(value, None),
            skipkeys=True,
            default=lambda item: f"<<non-serializable: {type(item).__qualname__}>>",
        )
    except Exception:  # noqa: BLE001  a trace must not end what it traces
        return "{}"


class TraceAttribute:
    """A part of a trace's own call."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Trace | None, owner: type) -> Any:
        """Its value; of the class, itself."""
        return self if instance is None else getattr(instance._span, self.name)

    def __set__(self, instance: Trace, value: Any) -> None:
        """Changes it."""
        setattr(instance._span, self.name, value)


class Trace:
    """A call, with the calls in it, and an easy way to log it.

    `kind` is llm, chain, agent or tool, `status_code` success or error; `metadata`, `inputs`, `outputs` and
    `model_dict` are dicts; times are in milliseconds since 1970. Raises `AssertionError` for anything else.
    """

    name = TraceAttribute()
    status_code = TraceAttribute()
    status_message = TraceAttribute()
    start_time_ms = TraceAttribute()
    end_time_ms = TraceAttribute()

    def __init__(
        self,
        name: str,
        kind: str | None = None,
        status_code: str | None = None,
        status_message: str | None = None,
        metadata: dict[str, Any] | None = None,
        start_time_ms: int | None = None,
        end_time_ms: int | None = None,
        inputs: dict[str, Any] | None = None,
        outputs: dict[str, Any] | None = None,
        model_dict: dict[str, Any] | None = None,
    ) -> None:
        for said, value in (
            ("Inputs", inputs), ("Outputs", outputs), ("Metadata", metadata), ("Model dict", model_dict),
        ):  # fmt: skip
            assert value is None or isinstance(value, dict), f"{said} must be a dictionary"
        self._span = Span(
            name=name,
            span_kind=None if kind is None else _kind(kind),
            status_code=None if status_code is None else _status(status_code),
            status_message=status_message,
            attributes=metadata,
            start_time_ms=start_time_ms,
            end_time_ms=end_time_ms,
            results=[Result(inputs, outputs)] if inputs or outputs else None,
        )
        self._model_dict = model_dict

    def add_child(self, child: Trace) -> Trace:
        """Adds a call in it; gives itself."""
        self._span.add_child_span(child._span)
        if self._model_dict is not None and child._model_dict is not None:
            self._model_dict.update({str(child._span.name): child._model_dict})
        return self

    def add_inputs_and_outputs(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> Trace:
        """Adds a result; gives itself."""
        self._span.add_named_result(inputs, outputs)
        return self

    def add_metadata(self, metadata: dict[str, Any]) -> Trace:
        """Says more about it; gives itself."""
        self.metadata = metadata
        return self

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What else is known of it. Setting it adds to what is there."""
        return self._span.attributes

    @metadata.setter
    def metadata(self, value: dict[str, Any]) -> None:
        if self._span.attributes is None:
            self._span.attributes = value
        else:
            self._span.attributes.update(value)

    @property
    def inputs(self) -> dict[str, Any] | None:
        """What went in last. Setting it adds a result, with what came out last."""
        return self._span.results[-1].inputs if self._span.results else None

    @inputs.setter
    def inputs(self, value: dict[str, Any]) -> None:
        self._span.add_named_result(value, {} if self._span.results is None else self.outputs or {})

    @property
    def outputs(self) -> dict[str, Any] | None:
        """What came out last. Setting it adds a result, with what went in last."""
        return self._span.results[-1].outputs if self._span.results else None

    @outputs.setter
    def outputs(self, value: dict[str, Any]) -> None:
        self._span.add_named_result({} if self._span.results is None else self.inputs or {}, value)

    @property
    def kind(self) -> str | None:
        """What was called: LLM, CHAIN, AGENT or TOOL."""
        return self._span.span_kind.value if self._span.span_kind else None

    @kind.setter
    def kind(self, value: str) -> None:
        self._span.span_kind = _kind(value)

    def log(self, name: str) -> None:
        """Logs it to the run of `wandb.init`. Raises `AssertionError` without one, and for an empty name."""
        from pluto.compat.wandb.sdk.lib import module

        run = module.current()
        assert run is not None, "You must call wandb.init() before logging a trace"
        assert len(name.strip()) > 0, "You must provide a valid name to log the trace"
        run.log({name: WBTraceTree(self._span, self._model_dict)})


def _kind(kind: str) -> SpanKind:
    assert kind.upper() in SpanKind.__members__, "Invalid span kind, can be one of 'LLM', 'AGENT', 'CHAIN', 'TOOL'"
    return SpanKind(kind.upper())


def _status(code: str) -> StatusCode:
    assert code.upper() in StatusCode.__members__, "Invalid status code, can be one of 'SUCCESS' or 'ERROR'"
    return StatusCode(code.upper())


__all__ = ["Result", "Span", "SpanKind", "StatusCode", "Trace", "TraceAttribute", "WBTraceTree"]
